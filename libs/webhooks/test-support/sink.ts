import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** One request as a receiver sees it. */
export interface Received {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  readonly id: string;
  readonly at: number;
}

/** Answers a request; a number is a status with an empty body, anything else has answered by itself. */
export type Answer = (received: Received, response: ServerResponse, socket: Socket) => unknown;

/** A receiver on loopback that keeps what it got and answers as told. */
export interface Sink {
  readonly url: string;
  readonly received: Received[];
  answer: Answer;
  /** Event ids that were answered with 2xx, in order. */
  readonly accepted: string[];
  inFlight: number;
  mostInFlight: number;
  close(): Promise<void>;
}

export async function openSink(answer: Answer = () => 200): Promise<Sink> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const sink: Sink = {
    url: `http://127.0.0.1:${port}`,
    received: [],
    accepted: [],
    answer,
    inFlight: 0,
    mostInFlight: 0,
    close: () => close(server),
  };
  server.on('request', (request, response) => void handle(sink, request, response));
  return sink;
}

async function handle(sink: Sink, request: IncomingMessage, response: ServerResponse): Promise<void> {
  sink.inFlight++;
  sink.mostInFlight = Math.max(sink.mostInFlight, sink.inFlight);
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const received: Received = {
    path: request.url ?? '',
    headers: request.headers,
    body: Buffer.concat(chunks).toString('utf8'),
    id: String(request.headers['webhook-id']),
    at: performance.now(),
  };
  sink.received.push(received);
  const status = await sink.answer(received, response, request.socket);
  sink.inFlight--;
  if (typeof status !== 'number') return;
  if (status >= 200 && status < 300) sink.accepted.push(received.id);
  response.writeHead(status).end();
}

function close(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}
