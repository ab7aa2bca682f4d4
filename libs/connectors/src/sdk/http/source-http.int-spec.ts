import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createAddressPolicy, NameResolutionError } from '#outbound';
import { fakeTime, LOOPBACK_CERTIFICATE, type FakeTime } from '#testing';
import { SourceError } from '../source-error.js';
import { createSourceHttp, type SourceHttpPorts } from './create-source-http.js';
import type { SourceHttp, SourceHttpOptions } from './source-http.js';

const LIMITS = { requestsPerSecond: 100, burst: 10, concurrency: 2, pageSize: 10 };
const NAMES: Record<string, string> = { 'api.vendor.test': '127.0.0.1', 'internal.vendor.test': '10.0.0.1' };

type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void;

describe('source HTTP client', () => {
  let server: Server;
  let answers: Answer[];
  let requests: IncomingMessage[];
  let time: FakeTime;
  let ending: AbortController;
  let logged: unknown[];

  beforeEach(async () => {
    [answers, requests, logged] = [[], [], []];
    time = fakeTime();
    ending = new AbortController();
    await listen(createServer(serve));
  });

  afterEach(async () => {
    ending.abort(new Error('the run ended'));
    await new Promise((resolve) => server.close(resolve));
  });

  const serve: RequestListener = (request, response) => {
    requests.push(request);
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    // The last answer stays for all that follow.
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    request.on('end', () => answer?.(request, response, body));
  };

  async function listen(created: Server): Promise<void> {
    server = created;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  }

  const port = (): number => (server.address() as AddressInfo).port;

  function client(
    options: Partial<SourceHttpOptions> = {},
    ports: Partial<SourceHttpPorts> = {},
    allow = '127.0.0.0/8',
  ): SourceHttp {
    const log = (facts: unknown, message: string): void => void logged.push({ facts, message });
    return createSourceHttp(
      { baseUrl: `http://api.vendor.test:${port()}/v1`, limits: LIMITS, ...options },
      {
        clock: time.clock,
        sleep: time.sleep,
        random: () => 0.5,
        signal: ending.signal,
        log: { debug: log, info: log, warn: log },
        guard: {
          policy: createAddressPolicy(allow),
          resolver: {
            resolve: async (name) => {
              const address = NAMES[name];
              if (address === undefined) throw new NameResolutionError(name, { isTimeout: false });
              return [address];
            },
          },
        },
        ...ports,
      },
    );
  }

  const json =
    (body: unknown, head: Record<string, string> = {}, status = 200): Answer =>
    (_request, response) => {
      response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...head });
      response.end(JSON.stringify(body));
    };
  const status = (code: number, head: Record<string, string> = {}): Answer =>
    json({ error: code }, head, code);

  const failure = async (work: Promise<unknown>): Promise<SourceError> => {
    const error = await work.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(SourceError);
    return error as SourceError;
  };

  it('asks below the base URL and reads the answer', async () => {
    answers = [json({ ok: true })];
    const answer = await client().json({ path: '/users', query: { limit: 5, cursor: undefined } });
    expect(requests[0]?.url).toBe('/v1/users?limit=5');
    expect(requests[0]?.headers).toMatchObject({ accept: 'application/json', 'user-agent': 'Rollcall' });
    expect(answer).toMatchObject({ status: 200, body: { ok: true } });
  });

  it('sends forms, JSON and text', async () => {
    answers = [(_request, response, body) => json({ body })(_request, response, body)];
    const send = async (request: object): Promise<unknown> =>
      ((await client().json({ method: 'POST', path: '/x', ...request })).body as { body: string }).body;
    expect(await send({ form: { a: 'b c' } })).toBe('a=b+c');
    expect(await send({ json: { a: 1 } })).toBe('{"a":1}');
    expect(await send({ text: '<a/>', headers: { 'content-type': 'text/xml' } })).toBe('<a/>');
    expect(await send({})).toBe('');
  });

  it.each([408, 425, 429, 500, 502, 503, 504, 598])('tries again after %i', async (code) => {
    answers = [status(code), json({ ok: true })];
    await client().json({ path: '/users' });
    expect(requests).toHaveLength(2);
    expect(time.slept).toEqual([500]);
  });

  it('gives up after eight tries, backing off ever longer', async () => {
    answers = [status(503)];
    expect(await failure(client().json({ path: '/users' }))).toMatchObject({
      code: 'source_unavailable',
      facts: { status: 503 },
    });
    expect(requests).toHaveLength(8);
    expect(time.slept).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000]);
  });

  it.each([
    ['seconds', '7', 7_000],
    ['a date', 'Mon, 02 Mar 2026 08:00:42 GMT', 42_000],
  ])('waits as long as Retry-After says in %s, with all its requests', async (_kind, header, ms) => {
    answers = [status(429, { 'retry-after': header }), json({ ok: true })];
    const http = client();
    await http.json({ path: '/users' });
    expect(time.slept).toEqual([ms]);
  });

  it('does not wait longer than a quarter of an hour', async () => {
    answers = [status(429, { 'retry-after': '901' })];
    expect(await failure(client().json({ path: '/users' }))).toMatchObject({
      code: 'rate_limited',
      facts: { status: 429, retry_after_ms: 901_000 },
    });
    expect(requests).toHaveLength(1);
  });

  it('paces requests by the bucket', async () => {
    answers = [json({})];
    const http = client({ limits: { ...LIMITS, requestsPerSecond: 2, burst: 1, concurrency: 1 } });
    await Promise.all([1, 2, 3].map(() => http.json({ path: '/users' })));
    expect(time.slept).toEqual([500, 500]);
  });

  it('has no more requests under way than allowed', async () => {
    let most = 0;
    let waiting: (() => void)[] = [];
    answers = [
      (request, response, body) => {
        waiting.push(() => json({})(request, response, body));
        most = Math.max(most, waiting.length);
        if (waiting.length < 2 && requests.length < 9) return;
        // Time for one too many to show itself.
        setTimeout(() => {
          const all = waiting;
          waiting = [];
          all.forEach((send) => send());
        }, 10);
      },
    ];
    const http = client();
    await Promise.all(Array.from({ length: 9 }, () => http.json({ path: '/users' })));
    expect({ most, asked: requests.length }).toEqual({ most: 2, asked: 9 });
  });

  it('pauses when the vendor’s own judgement says so', async () => {
    answers = [json({})];
    const http = client({ judge: () => ({ kind: 'ok', pauseMs: 3_000 }) });
    await http.json({ path: '/users' });
    expect(time.slept).toEqual([]);
    await http.json({ path: '/users' });
    expect(time.slept).toEqual([3_000]);
  });

  it('takes the vendor’s judgement before the usual one', async () => {
    answers = [status(403), json({ ok: 1 })];
    const http = client({
      judge: (answer) => (answer.status === 403 ? { kind: 'retry', afterMs: 1_000 } : undefined),
    });
    expect(await http.json({ path: '/users' })).toMatchObject({ status: 200 });
  });

  it('renews a rejected credential once for all requests that were rejected with it', async () => {
    let token = 'old';
    let renewals = 0;
    answers = [
      (request, response, body) =>
        (request.headers.authorization === 'Bearer new' ? json({}) : status(401))(request, response, body),
    ];
    const http = client({
      authorize: async ({ renew }) => {
        if (renew) {
          renewals++;
          token = 'new';
        }
        return { authorization: `Bearer ${token}` };
      },
    });
    await Promise.all([http.json({ path: '/a' }), http.json({ path: '/b' }), http.json({ path: '/c' })]);
    expect(renewals).toBe(1);
  });

  it('says that the credentials are wrong when a renewed one is rejected as well', async () => {
    answers = [status(401)];
    const http = client({ authorize: async () => ({ authorization: 'Bearer s3cret-canary' }) });
    const error = await failure(http.json({ path: '/users' }));
    expect(error.code).toBe('invalid_credentials');
    expect(requests).toHaveLength(2);
    expect(JSON.stringify([error, error.message, error.cause, logged])).not.toContain('s3cret-canary');
  });

  it.each([
    [403, 'insufficient_permissions'],
    [404, 'not_found_tenant'],
    [400, 'config_error'],
    [302, 'wrong_host'],
  ])('takes %i at once for %s', async (code, expected) => {
    answers = [status(code, { location: 'http://api.vendor.test/elsewhere' })];
    expect((await failure(client().json({ path: '/users' }))).code).toBe(expected);
    expect(requests).toHaveLength(1);
  });

  it('hands accepted statuses over', async () => {
    answers = [status(404)];
    expect(await client().json({ path: '/users/1', accept: [404] })).toMatchObject({
      status: 404,
      body: { error: 404 },
    });
  });

  it('follows links of its own origin only, and sends no credential elsewhere', async () => {
    answers = [json({})];
    const http = client({
      alsoAllowed: [`http://127.0.0.1:${port()}`],
      authorize: async () => ({ authorization: 'x' }),
    });
    await http.json({ url: `http://api.vendor.test:${port()}/v1/users?after=2` });
    await http.json({ url: `http://127.0.0.1:${port()}/token` });
    for (const url of ['http://evil.test/v1/users', `http://u:p@api.vendor.test:${port()}/v1`, '/relative'])
      expect((await failure(http.json({ url }))).code).toBe('source_changed_shape');
    expect(requests).toHaveLength(2);
  });

  it('asks the place that the operator names instead of the vendor, and follows links of both', async () => {
    answers = [json({})];
    const origins = new Map([['https://api.vendor.test', `http://127.0.0.1:${port()}`]]);
    const http = client({ baseUrl: 'https://api.vendor.test/v1' }, { origins });
    await http.json({ path: '/users', query: { limit: 2 } });
    await http.json({ url: 'https://api.vendor.test/v1/users?after=2' });
    await http.json({ url: `http://127.0.0.1:${port()}/v1/users?after=4` });
    expect(requests.map(({ url }) => url)).toEqual([
      '/v1/users?limit=2',
      '/v1/users?after=2',
      '/v1/users?after=4',
    ]);
    expect((await failure(http.json({ url: 'https://evil.test/v1' }))).code).toBe('source_changed_shape');
  });

  it('lets no id lead out of its place', async () => {
    expect((await failure(client().json({ path: '/groups/../users' }))).code).toBe('source_changed_shape');
    expect(requests).toHaveLength(0);
  });

  describe('an answer that is not what it should be', () => {
    const send =
      (head: Record<string, string>, body: string | Buffer): Answer =>
      (_request, response) => {
        response.writeHead(200, head);
        response.end(body);
      };

    const JSON_TYPE = { 'content-type': 'application/json' };

    it.each([
      ['a web page', send({ 'content-type': 'text/html' }, '<html></html>'), 'web page'],
      ['nothing', send(JSON_TYPE, ''), 'empty'],
      ['half a document', send(JSON_TYPE, '{"a":'), 'cut off'],
      ['a text without a type', send({}, 'Welcome'), 'no JSON'],
      ['bytes that are no text', send(JSON_TYPE, Buffer.from([0x22, 0xff, 0x22])), 'utf-8'],
    ])('%s is no empty listing', async (_kind, answer, words) => {
      answers = [answer];
      const error = await failure(client().json({ path: '/users' }));
      expect(error.code).toBe('source_changed_shape');
      expect(error.message).toContain(words);
      expect(requests).toHaveLength(1);
    });

    it('is read when it names no type and is JSON', async () => {
      answers = [send({}, '{"ok":true}')];
      expect(await client().json({ path: '/users' })).toMatchObject({ body: { ok: true } });
    });

    it('a body that was cut is asked for again, and is a failure in the end', async () => {
      const cut: Answer = (_request, response) => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' });
        response.write('{"users":[');
        setImmediate(() => response.destroy());
      };
      answers = [cut, json({ ok: true })];
      expect(await client().json({ path: '/users' })).toMatchObject({ body: { ok: true } });
      answers = [cut];
      expect((await failure(client({}, { tries: 2 }).json({ path: '/users' }))).code).toBe(
        'source_unavailable',
      );
    });

    it('more than the cap, counted after decompression, is not read', async () => {
      const bomb = gzipSync(Buffer.from(JSON.stringify('a'.repeat(5_000_000))));
      answers = [send({ 'content-type': 'application/json', 'content-encoding': 'gzip' }, bomb)];
      const error = await failure(client({}, { maxBytes: 1_000_000 }).json({ path: '/users' }));
      expect(error).toMatchObject({ code: 'source_changed_shape' });
      expect(error.message).toContain('more than 1 MB');
      expect((await client().json({ path: '/users' })).body).toHaveLength(5_000_000);
    });

    it('silence inside a body ends it', async () => {
      answers = [(_request, response) => void response.writeHead(200).write('{')];
      const error = await failure(client({}, { idleMs: 20, tries: 1 }).json({ path: '/users' }));
      expect(error).toMatchObject({ code: 'source_unavailable', facts: { error: 'ROLLCALL_IDLE' } });
    });

    it('a byte now and then is a silence, too, and enough of them is none', async () => {
      const dripping = (text: string, last: string): Answer => {
        return (_request, response) => {
          response.writeHead(200, { 'content-type': 'application/json' }).write('"');
          let sent = 0;
          const drip = setInterval(() => {
            response.write(text);
            if (++sent === 60) response.end(last);
          }, 10);
          response.on('close', () => clearInterval(drip));
        };
      };
      answers = [dripping('x', '"')];
      const error = await failure(client({}, { idleMs: 300, tries: 1 }).json({ path: '/users' }));
      expect(error).toMatchObject({ code: 'source_unavailable', facts: { error: 'ROLLCALL_IDLE' } });
      answers = [dripping('x'.repeat(1_024), '"')];
      const whole = await client({}, { idleMs: 300, tries: 1 }).json({ path: '/users' });
      expect(whole.body).toHaveLength(61_440);
    });

    it('silence before the first byte ends it', async () => {
      answers = [() => undefined];
      const error = await failure(client({ firstByteMs: 20 }, { tries: 1 }).json({ path: '/users' }));
      expect(error).toMatchObject({ code: 'source_unavailable', facts: { error: 'ETIMEDOUT' } });
    });
  });

  it('keeps integers that no number can hold', async () => {
    answers = [
      (_request, response) =>
        void response
          .writeHead(200, { 'content-type': 'application/json' })
          .end('{"id":12345678901234567890,"n":5}'),
    ];
    expect((await client().json({ path: '/x', bigNumbers: true })).body).toEqual({
      id: '12345678901234567890',
      n: 5,
    });
  });

  it('streams a body, and a cut one fails the reader', async () => {
    answers = [(_request, response) => void response.writeHead(200).end('abc')];
    const { answer, body } = await client().stream({ path: '/report' });
    const text = await body.reduce((all: string, chunk: Buffer) => all + chunk.toString(), '');
    expect({ status: answer.status, text }).toEqual({ status: 200, text: 'abc' });
    answers = [
      (_request, response) => {
        response.writeHead(200, { 'content-length': '10' }).write('abc');
        setImmediate(() => response.destroy());
      },
    ];
    const cut = await client().stream({ path: '/report' });
    expect((await failure(cut.body.toArray())).code).toBe('source_unavailable');
  });

  describe('where it connects', () => {
    it.each([
      ['no such host', 'http://nowhere.vendor.test/v1', 'wrong_host'],
      ['a name that leads inside', 'https://internal.vendor.test/v1', 'wrong_host'],
      ['a literal address inside', 'https://169.254.169.254/v1', 'wrong_host'],
      ['a literal IPv6 address inside', 'https://[::ffff:10.0.0.1]/v1', 'wrong_host'],
      ['nobody there', 'http://127.0.0.1:1/v1', 'source_unavailable'],
      ['no address', 'vendor', 'config_error'],
    ])('%s', async (_case, baseUrl, code) => {
      expect((await failure(client({ baseUrl }, { tries: 1 }).json({ path: '/users' }))).code).toBe(code);
    });

    it('nowhere unless the address is allowed', async () => {
      answers = [json({})];
      expect((await failure(client({}, {}, '').json({ path: '/users' }))).code).toBe('wrong_host');
      expect(requests).toHaveLength(0);
    });

    it('nowhere when the peer turns out to be another than the name said', async () => {
      let asked = 0;
      const policy = { isAllowed: () => asked++ === 0 };
      const resolver = { resolve: async () => ['127.0.0.1'] };
      answers = [json({})];
      const http = client({}, { guard: { policy, resolver } });
      expect((await failure(http.json({ path: '/users' }))).code).toBe('wrong_host');
      expect(requests).toHaveLength(0);
    });

    it('trusts a certificate of the given authority only', async () => {
      await new Promise((resolve) => server.close(resolve));
      await listen(createTlsServer(LOOPBACK_CERTIFICATE, serve));
      answers = [json({ ok: true })];
      const baseUrl = `https://127.0.0.1:${port()}`;
      expect((await failure(client({ baseUrl }).json({ path: '/users' }))).code).toBe('tls_failed');
      expect(requests).toHaveLength(0);
      const trusting = client({ baseUrl, ca: LOOPBACK_CERTIFICATE.cert });
      expect(await trusting.json({ path: '/users' })).toMatchObject({ body: { ok: true } });
    });
  });

  it('ends with the run', async () => {
    answers = [() => ending.abort(new Error('the run ended'))];
    await expect(client().json({ path: '/users' })).rejects.toThrow('the run ended');
    await expect(client().json({ path: '/users' })).rejects.toThrow('the run ended');
  });
});
