import { request } from 'undici';

export interface HttpRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface HttpAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** How the simulator reaches a server; specs pass one that keeps everything in memory. */
export type HttpSend = (request: HttpRequest) => Promise<HttpAnswer>;

const TIMEOUT_MS = 60_000;

/** Sends over the network. IdPs give up after a minute, so this does, too. */
export const sendOverHttp: HttpSend = async ({ method, url, headers, body }) => {
  const answer = await request(url, {
    method,
    headers: { ...headers },
    body: body ?? null,
    headersTimeout: TIMEOUT_MS,
    bodyTimeout: TIMEOUT_MS,
  });
  return { status: answer.statusCode, headers: answer.headers, text: await answer.body.text() };
};
