import { Agent, request } from 'undici';
import type { HttpSend } from '#simulator';

/** Connections of one's own. */
export interface OpenHttp {
  readonly send: HttpSend;
  /** Hangs up, so that the service need not wait for idle connections when it stops. */
  close(): Promise<void>;
}

/** What the simulated IdPs send over. */
export function openHttp(): OpenHttp {
  const agent = new Agent();
  return {
    send: async ({ method, url, headers, body }) => {
      const answer = await request(url, {
        dispatcher: agent,
        method,
        headers: { ...headers },
        body: body ?? null,
      });
      return { status: answer.statusCode, headers: answer.headers, text: await answer.body.text() };
    },
    close: () => agent.close(),
  };
}
