import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { JsonObject, JsonValue } from '#kernel';

/** An answer of a fake, before or after it was bent. `body` is what was JSON; other text stays as it is. */
export interface ToldAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: JsonValue;
}

/** What a liar makes of an answer; the same object leaves it as it is. Batches come as a whole. */
export type Lie = (url: URL, answer: ToldAnswer) => ToldAnswer;

export interface Liar {
  readonly url: string;
  /** How many answers were bent. */
  readonly told: () => number;
  /** From now on it tells this; nothing unless told. */
  tell(lie: Lie): void;
  close(): Promise<void>;
}

/** A lie at one path only. */
export function lieAt(path: RegExp, bend: (answer: ToldAnswer) => ToldAnswer): Lie {
  return (url, answer) => (path.test(url.pathname) ? bend(answer) : answer);
}

/** Another body with the same head. */
export function withBody(bend: (body: JsonObject) => JsonValue): (answer: ToldAnswer) => ToldAnswer {
  return (answer) => ({ ...answer, body: bend(answer.body as JsonObject) });
}

/** Stands between a connector and a fake, and bends answers. Links of the fake lead to it. */
export async function startLiar(truth: string): Promise<Liar> {
  let current: Lie = (_url, answer) => answer;
  let told = 0;
  const bend: Lie = (url, answer) => {
    const bent = current(url, answer);
    if (bent !== answer) told++;
    return bent;
  };
  const server = createServer((request, response) => {
    pass({ truth, bend }, request, response).catch((error: unknown) => {
      response.writeHead(599, { 'content-type': 'text/plain' }).end(String(error));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    told: () => told,
    tell: (next) => void (current = next),
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

async function pass(
  { truth, bend }: { readonly truth: string; readonly bend: Lie },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const host = request.headers.host ?? '';
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const { authorization, 'content-type': contentType } = request.headers;
  const answer = await fetch(new URL(request.url ?? '/', truth), {
    method: request.method ?? 'GET',
    headers: { ...(authorization && { authorization }), ...(contentType && { 'content-type': contentType }) },
    ...(chunks.length > 0 && { body: Buffer.concat(chunks) }),
  });
  const text = (await answer.text()).replaceAll(truth, `http://${host}`);
  const headers = [...answer.headers].map(([name, value]) => [
    name,
    value.replaceAll(truth, `http://${host}`),
  ]);
  const {
    'content-length': _length,
    connection: _connection,
    ...kept
  } = Object.fromEntries(headers) as Record<string, string>;
  const bent = bend(new URL(request.url ?? '/', `http://${host}`), {
    status: answer.status,
    headers: kept,
    body: JSON.parse(text) as JsonValue,
  });
  response.writeHead(bent.status, bent.headers).end(JSON.stringify(bent.body));
}
