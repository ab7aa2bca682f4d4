import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { JsonValue } from '#kernel';
import type { FakeList } from './fake-tenant.js';
import { FaultPlan, type SourceFault, type FakeCall, type FaultKind } from './fault.js';

/** What a vendor answers; the body is sent as JSON, unless there is a text, whose type the headers say. */
export interface FakeAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: JsonValue;
  readonly text?: string;
}

/** One page out of a list. */
export interface TakenPage<T> {
  readonly items: readonly T[];
  /** Token of the following page; null on the last one. */
  readonly next: string | null;
  readonly total: number;
}

export interface FakeRequest {
  readonly url: URL;
  readonly params: Readonly<Record<string, string>>;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  /** Where absolute links lead: to this server. */
  readonly origin: string;
  /** Cuts a page out of a list, starting at a token that `take` made. Undefined for a token that nobody made. */
  take<T>(list: FakeList<T>, page: { token: string | null; size: number }): TakenPage<T> | undefined;
  /** Answers a GET that came inside a batch, with the faults of that call; a broken connection becomes a 503. */
  dispatch(path: string): Promise<FakeAnswer>;
}

export interface FakeRoute {
  readonly method: 'GET' | 'POST';
  /** `/groups/:id/users` */
  readonly path: string;
  /** The logical name that faults and the call log use; may depend on the request. */
  readonly call: string | ((url: URL, body: string) => string);
  /** Which page is asked for. */
  readonly token?: (url: URL, body: string) => string | null;
  /** Which object the call is about. */
  readonly of?: (params: Readonly<Record<string, string>>) => string;
  readonly answer: (request: FakeRequest) => FakeAnswer | Promise<FakeAnswer>;
}

export interface FakeApi {
  readonly routes: readonly FakeRoute[];
  /** A refusal in the vendor's own words and headers. */
  readonly refuse: (
    status: number,
    details: { readonly retryAfter?: string; readonly reason?: string },
  ) => FakeAnswer;
  /** Headers of every answer. */
  readonly headers?: () => Readonly<Record<string, string>>;
}

/** A vendor on a loopback port. */
export interface FakeServer {
  readonly url: string;
  readonly calls: readonly FakeCall[];
  fail(fault: SourceFault): { readonly fired: () => number };
  /** Forgets faults and calls. */
  calm(): void;
  close(): Promise<void>;
}

export const STALE_TOKEN = 'stale';

export async function startFakeServer(api: FakeApi): Promise<FakeServer> {
  const plan = new FaultPlan();
  const server = createServer((request, response) => {
    serve({ api, plan }, request, response).catch((error: unknown) => {
      response.writeHead(599, { 'content-type': 'text/plain' }).end(String(error));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls: plan.calls,
    fail: (fault) => plan.add(fault),
    calm: () => plan.clear(),
    close: () => close(server),
  };
}

function close(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}

interface Serving {
  readonly api: FakeApi;
  readonly plan: FaultPlan;
}

async function serve(serving: Serving, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { api } = serving;
  const incoming = {
    method: request.method ?? 'GET',
    url: new URL(request.url ?? '/', `http://${request.headers.host ?? ''}`),
    headers: request.headers,
    body: await readBody(request),
  };
  const { fault, answer } = await answerTo(serving, incoming);
  if (fault !== undefined && sendBroken(response, fault)) return;
  send(response, { api, answer, isCut: fault?.kind === 'cut_body' });
}

interface Incoming extends Pick<FakeRequest, 'url' | 'headers' | 'body'> {
  readonly method: string;
}

async function answerTo(
  serving: Serving,
  incoming: Incoming,
): Promise<{ fault?: FaultKind; answer: FakeAnswer }> {
  const { api, plan } = serving;
  const { url, headers, body } = incoming;
  const found = findRoute(api, incoming.method, url.pathname);
  if (found === undefined) return { answer: api.refuse(404, {}) };
  const { route, params } = found;
  const fault = plan.meet({
    call: typeof route.call === 'string' ? route.call : route.call(url, body),
    of: route.of?.(params) ?? null,
    token: route.token?.(url, body) ?? null,
  });
  if (fault?.kind === 'status') return { answer: api.refuse(fault.status, fault) };
  const answer = await route.answer({
    url,
    params,
    headers,
    body,
    origin: url.origin,
    take: (list, page) => takePage(list, page, fault),
    dispatch: (path) => dispatch(serving, { ...incoming, method: 'GET', url: new URL(path, url) }),
  });
  return { fault, answer };
}

async function dispatch(serving: Serving, incoming: Incoming): Promise<FakeAnswer> {
  const { fault, answer } = await answerTo(serving, incoming);
  if (fault?.kind === 'nothing' || fault?.kind === 'no_list') return { body: {} };
  if (fault?.kind === 'html_404') return { status: 404, body: 'No such page' };
  const isBroken = fault !== undefined && ['cut_body', 'hang_up', 'html'].includes(fault.kind);
  return isBroken ? serving.api.refuse(503, {}) : answer;
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

function findRoute(
  api: FakeApi,
  method: string,
  path: string,
): { route: FakeRoute; params: Record<string, string> } | undefined {
  for (const route of api.routes) {
    if (route.method !== method) continue;
    const pattern = route.path.replaceAll('$', '\\$').replaceAll(/:(\w+)/g, '(?<$1>[^/]+)');
    const match = new RegExp(`^${pattern}$`).exec(path);
    if (match === null) continue;
    const entries = Object.entries(match.groups ?? {});
    return {
      route,
      params: Object.fromEntries(entries.map(([key, value]) => [key, decodeURIComponent(value)])),
    };
  }
  return undefined;
}

/** @returns whether the answer was replaced as a whole */
function sendBroken(response: ServerResponse, { kind }: FaultKind): boolean {
  const json = { 'content-type': 'application/json' };
  if (kind === 'nothing') response.writeHead(200, json).end();
  else if (kind === 'no_list') response.writeHead(200, json).end('{}');
  else if (kind === 'html')
    response.writeHead(200, { 'content-type': 'text/html' }).end('<html><body>Sign in</body></html>');
  else if (kind === 'html_404')
    response.writeHead(404, { 'content-type': 'text/html' }).end('<html><body>No such page</body></html>');
  else if (kind === 'hang_up') response.destroy();
  else return false;
  return true;
}

function send(
  response: ServerResponse,
  { api, answer, isCut }: { api: FakeApi; answer: FakeAnswer; isCut?: boolean },
): void {
  const text = answer.text ?? JSON.stringify(answer.body);
  response.writeHead(answer.status ?? 200, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': String(Buffer.byteLength(text)),
    ...api.headers?.(),
    ...answer.headers,
  });
  if (isCut !== true) return void response.end(text);
  response.write(text.slice(0, text.length / 2), () => response.destroy());
}

/** Tokens are positions, so that what changes elsewhere in the list moves nothing. */
export function takePage<T>(
  list: FakeList<T>,
  { token, size }: { token: string | null; size: number },
  fault: FaultKind | undefined,
): TakenPage<T> | undefined {
  const start = positionOf(token);
  if (start === undefined) return undefined;
  const { items, end } = collect(list, start, fault?.kind === 'short_page' ? 1 : size);
  const next = hasMore(list, end) ? `p${end}` : null;
  const total = list.end + (fault?.kind === 'wrong_total' ? 1_000 : 0);
  return { items, next: misledBy(fault, token) ?? next, total };
}

function collect<T>(list: FakeList<T>, start: number, count: number): { items: T[]; end: number } {
  const items: T[] = [];
  let end = start;
  for (; end < list.end && items.length < count; end++) {
    const item = list.at(end);
    if (item !== undefined) items.push(item);
  }
  return { items, end };
}

function positionOf(token: string | null): number | undefined {
  if (token === null) return 0;
  return /^p\d+$/.test(token) ? Number(token.slice(1)) : undefined;
}

/** Where a faulty page leads instead. */
function misledBy(fault: FaultKind | undefined, token: string | null): string | undefined {
  if (fault?.kind === 'repeat_token') return token ?? 'p0';
  return fault?.kind === 'stale_token' ? STALE_TOKEN : undefined;
}

function hasMore<T>(list: FakeList<T>, from: number): boolean {
  for (let position = from; position < list.end; position++) if (list.at(position) !== undefined) return true;
  return false;
}
