import { beforeEach, describe, expect, it } from '@jest/globals';
import { AuthenticationError, FailedLogins, RetryableError } from '#kernel';
import { TokenEndpoint, type TokenResponse } from './token-endpoint.js';
import type { TokenRequest } from './token-request.js';

const FORM = 'application/x-www-form-urlencoded';
const BASIC = `Basic ${Buffer.from('client-1:s%2Be%26c+ret').toString('base64')}`;

describe('TokenEndpoint', () => {
  let asked: unknown[];
  let results: string[];
  let failure: Error | undefined;
  const endpoint = new TokenEndpoint(
    {
      issueAccessToken: async (...args) => {
        asked.push(args);
        if (failure) throw failure;
        return { token: 'a.b.c', expiresInSeconds: 3_600 };
      },
    },
    { onAnswer: (result) => results.push(result) },
  );

  beforeEach(() => {
    asked = [];
    results = [];
    failure = undefined;
  });

  function ask(form: string, headers: TokenRequest['headers'] = {}, method = 'POST'): Promise<TokenResponse> {
    return endpoint.handle({
      externalKey: 'acme',
      method,
      headers: { 'content-type': `${FORM}; charset=utf-8`, ...headers },
      body: Buffer.from(form),
      requestId: 'request-1',
    });
  }

  it('gives a token to a client that authenticates by Basic, decoding both halves', async () => {
    const response = await ask('grant_type=client_credentials', { authorization: BASIC });
    expect(response).toEqual({
      status: 200,
      headers: { 'cache-control': 'no-store', pragma: 'no-cache', 'content-type': 'application/json' },
      body: { access_token: 'a.b.c', token_type: 'Bearer', expires_in: 3_600 },
    });
    expect(asked).toEqual([['acme', { id: 'client-1', secret: 's+e&c ret' }]]);
    expect(results).toEqual(['issued']);
  });

  it('lets nobody guess secrets for ever', async () => {
    const limited = new TokenEndpoint(
      { issueAccessToken: () => Promise.reject(new AuthenticationError('wrong')) },
      { failedLogins: new FailedLogins(3), onAnswer: (result) => results.push(result) },
    );
    const guess = (): Promise<TokenResponse> =>
      limited.handle({
        externalKey: 'acme',
        method: 'POST',
        headers: { 'content-type': FORM, authorization: BASIC },
        body: Buffer.from('grant_type=client_credentials'),
        peer: '203.0.113.7',
        requestId: 'request-1',
      });
    for (let tried = 0; tried < 3; tried += 1) expect((await guess()).status).toBe(401);
    expect(await guess()).toMatchObject({
      status: 429,
      headers: { 'retry-after': '20', 'cache-control': 'no-store' },
      body: { error: 'temporarily_unavailable' },
    });
    expect(results.at(-1)).toBe('temporarily_unavailable');
  });

  it('gives a token to a client that authenticates in the form, whatever else is asked for', async () => {
    const form = 'grant_type=client_credentials&client_id=client-1&client_secret=s%2B&scope=scim&resource=x';
    expect((await ask(form)).status).toBe(200);
    expect(asked).toEqual([['acme', { id: 'client-1', secret: 's+' }]]);
  });

  it.each([
    ['no grant type', 'client_id=a&client_secret=b', {}, 400, 'invalid_request'],
    ['an empty grant type', 'grant_type=&client_id=a&client_secret=b', {}, 400, 'invalid_request'],
    ['another grant', 'grant_type=password&client_id=a&client_secret=b', {}, 400, 'unsupported_grant_type'],
    [
      'a parameter twice',
      'grant_type=a&grant_type=client_credentials',
      { authorization: BASIC },
      400,
      'invalid_request',
    ],
    [
      'two ways at once',
      'grant_type=client_credentials&client_id=a&client_secret=b',
      { authorization: BASIC },
      400,
      'invalid_request',
    ],
    ['no client', 'grant_type=client_credentials', {}, 401, 'invalid_client'],
    ['no secret', 'grant_type=client_credentials&client_id=a', {}, 401, 'invalid_client'],
    ['another scheme', 'grant_type=client_credentials', { authorization: 'Bearer x' }, 401, 'invalid_client'],
    ['broken Basic', 'grant_type=client_credentials', { authorization: 'Basic !!!' }, 401, 'invalid_client'],
    [
      'a long secret',
      `grant_type=client_credentials&client_id=a&client_secret=${'x'.repeat(600)}`,
      {},
      401,
      'invalid_client',
    ],
    [
      'JSON',
      '{"grant_type":"client_credentials"}',
      { 'content-type': 'application/json' },
      400,
      'invalid_request',
    ],
    ['a huge form', `a=${'x'.repeat(9_000)}`, {}, 413, 'invalid_request'],
  ])('refuses %s and says what to send', async (...[, form, headers, status, error]) => {
    const response = await ask(form, headers);
    expect(response).toMatchObject({
      status,
      headers: { 'cache-control': 'no-store' },
      body: { error, error_description: expect.stringMatching(/\.$/) },
    });
    expect(asked).toEqual([]);
    expect(results).toEqual([error]);
  });

  it('takes POST only', async () => {
    const response = await ask('', {}, 'GET');
    expect(response).toMatchObject({
      status: 405,
      headers: { allow: 'POST' },
      body: { error: 'invalid_request' },
    });
  });

  it('names the scheme to a client that is not known', async () => {
    failure = new AuthenticationError('The client is not known.');
    const response = await ask('grant_type=client_credentials', { authorization: BASIC });
    expect(response).toMatchObject({
      status: 401,
      headers: { 'www-authenticate': 'Basic realm="scim"' },
      body: { error: 'invalid_client' },
    });
  });

  it.each([
    [new RetryableError('Away.', { retryAfterSeconds: 1.5 }), 503, 'temporarily_unavailable'],
    [new Error('secret detail'), 500, 'server_error'],
  ])('tells %s from a refusal, and nothing internal', async (error, status, code) => {
    failure = error;
    const response = await ask('grant_type=client_credentials', { authorization: BASIC });
    expect(response).toMatchObject({ status, body: { error: code } });
    expect(JSON.stringify(response)).not.toContain('secret detail');
    if (status === 503) expect(response.headers['retry-after']).toBe('2');
    expect(results).toEqual([code]);
  });
});
