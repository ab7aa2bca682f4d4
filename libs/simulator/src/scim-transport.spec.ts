import { describe, expect, it } from '@jest/globals';
import type { HttpAnswer, HttpRequest } from './http-send.js';
import { IdpRequestError, ScimTransport } from './scim-transport.js';

function transport(answers: readonly (HttpAnswer | Error)[]): {
  transport: ScimTransport;
  requests: HttpRequest[];
  waits: number[];
} {
  const left = [...answers];
  const requests: HttpRequest[] = [];
  const waits: number[] = [];
  const subject = new ScimTransport({
    endpoint: 'http://rollcall.test/scim/key/',
    token: 'secret',
    headers: { accept: 'application/scim+json' },
    send: async (request) => {
      requests.push(request);
      const next = left.shift();
      if (next instanceof Error || next === undefined) throw next ?? new Error('no more answers');
      return Promise.resolve(next);
    },
    wait: async (ms) => {
      waits.push(ms);
      return Promise.resolve();
    },
  });
  return { transport: subject, requests, waits };
}

const ok: HttpAnswer = { status: 200, headers: {}, text: '{"id":"1"}' };
const call = { method: 'POST', path: '/Users', body: { userName: 'a' } } as const;

describe('ScimTransport', () => {
  it('sends the token and the headers of the IdP', async () => {
    const { transport: subject, requests } = transport([ok]);
    expect(await subject.call(call)).toEqual({ id: '1' });
    expect(requests).toEqual([
      {
        method: 'POST',
        url: 'http://rollcall.test/scim/key/Users',
        headers: { accept: 'application/scim+json', authorization: 'Bearer secret' },
        body: '{"userName":"a"}',
      },
    ]);
  });

  it('waits as long as a 429 says and sends the same again', async () => {
    const busy = (retryAfter: string): HttpAnswer => ({
      status: 429,
      headers: { 'retry-after': retryAfter },
      text: '',
    });
    const {
      transport: subject,
      requests,
      waits,
    } = transport([
      busy('2'),
      busy(new Date(Date.now() - 5_000).toUTCString()),
      busy('soon'),
      busy('86400'),
      ok,
    ]);
    await subject.call(call);
    expect(waits).toEqual([2_000, 0, 1_000, 60_000]);
    expect(new Set(requests.map(({ body }) => body))).toEqual(new Set(['{"userName":"a"}']));
  });

  it('gives up on a server that only says 429', async () => {
    const busy: HttpAnswer = { status: 429, headers: {}, text: '' };
    const { transport: subject, requests } = transport(Array.from({ length: 20 }, () => busy));
    await expect(subject.call(call)).rejects.toMatchObject({ status: 429 });
    expect(requests).toHaveLength(10);
  });

  it('throws a refusal with everything that helps to understand it', async () => {
    const { transport: subject } = transport([
      { status: 409, headers: {}, text: '{"scimType":"uniqueness"}' },
    ]);
    const error: unknown = await subject.call(call).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(IdpRequestError);
    expect(error).toMatchObject({
      method: 'POST',
      path: '/Users',
      status: 409,
      body: '{"scimType":"uniqueness"}',
      message: 'POST /Users was answered with 409: {"scimType":"uniqueness"}',
    });
  });

  it('says so when there was no answer, or one that is no SCIM', async () => {
    const { transport: subject } = transport([
      new Error('connect ECONNREFUSED'),
      { status: 200, headers: {}, text: '<html>' },
    ]);
    await expect(subject.call(call)).rejects.toThrow('POST /Users got no answer: connect ECONNREFUSED');
    await expect(subject.call(call)).rejects.toThrow('POST /Users was answered with 200: <html>');
  });
});
