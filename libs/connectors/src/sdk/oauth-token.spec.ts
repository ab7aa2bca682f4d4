import { describe, expect, it } from '@jest/globals';
import { fakeTime } from '#testing';
import type { JsonAnswer, SourceHttp } from './http/source-http.js';
import { bearerTokens, requestToken, type AccessToken } from './oauth-token.js';

describe('bearer tokens', () => {
  const time = fakeTime();
  let fetched = 0;
  const fetchToken = async (): Promise<AccessToken> => ({ value: `t${++fetched}`, expiresInSeconds: 3_600 });

  it('are fetched once, renewed before they expire, and after a rejection', async () => {
    const authorize = bearerTokens(fetchToken, time.clock);
    const both = await Promise.all([authorize({ renew: false }), authorize({ renew: false })]);
    expect(both).toEqual([{ authorization: 'Bearer t1' }, { authorization: 'Bearer t1' }]);
    time.advance(3_470_000);
    expect(await authorize({ renew: false })).toEqual({ authorization: 'Bearer t1' });
    time.advance(10_001);
    expect(await authorize({ renew: false })).toEqual({ authorization: 'Bearer t2' });
    expect(await authorize({ renew: true })).toEqual({ authorization: 'Bearer t3' });
  });

  it('are asked for again after a failure', async () => {
    let works = false;
    const authorize = bearerTokens(
      async () => (works ? { value: 'x', expiresInSeconds: 60 } : Promise.reject(new Error('down'))),
      time.clock,
    );
    await expect(authorize({ renew: false })).rejects.toThrow('down');
    works = true;
    expect(await authorize({ renew: false })).toEqual({ authorization: 'Bearer x' });
  });
});

describe('token request', () => {
  const endpoint = (status: number, body: JsonAnswer['body']): SourceHttp =>
    ({ json: async () => ({ status, headers: {}, url: 'https://x.test', text: '', body }) }) as never;
  const code = (status: number, body: JsonAnswer['body']): Promise<string> =>
    requestToken(endpoint(status, body), {}).then(
      (token) => token.value,
      (error: { code: string }) => error.code,
    );

  it.each([
    [200, { access_token: 'abc', expires_in: 10 }, 'abc'],
    [200, {}, 'source_changed_shape'],
    [400, { error: 'invalid_grant' }, 'invalid_credentials'],
    [401, { error: 'invalid_client' }, 'invalid_credentials'],
    [401, null, 'invalid_credentials'],
    [400, { error: 'invalid_scope' }, 'insufficient_permissions'],
    [400, { error: 'unauthorized_client' }, 'insufficient_permissions'],
    [400, { error: 'something else' }, 'config_error'],
    [400, { error: 'constructor' }, 'config_error'],
  ])('%i %j', async (status, body, expected) => {
    expect(await code(status, body)).toBe(expected);
  });

  it('asks the vendor’s own explanation first, and never repeats the description', async () => {
    const body = { error: 'invalid_grant', error_description: 'assertion s3cret-canary is wrong' };
    await expect(requestToken(endpoint(400, body), {})).rejects.toThrow(/^(?!.*canary)/);
  });
});
