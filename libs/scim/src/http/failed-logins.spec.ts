import { describe, expect, it } from '@jest/globals';
import { FailedLogins } from '#kernel';
import { IN_MEMORY_TOKEN, InMemoryDirectory } from '#testing';
import type { ScimRequest } from './messages.js';
import { ScimServer } from './scim-server.js';

describe('ScimServer', () => {
  it('answers 429 in SCIM to whoever goes on with wrong tokens', async () => {
    let now = 5_000;
    const logins = new FailedLogins(60, () => now);
    const options = { publicUrl: 'https://rollcall.example.com', failedLogins: logins };
    const server = new ScimServer(new InMemoryDirectory(), options);
    const request = (token: string): ScimRequest => ({
      version: '2.0',
      externalKey: 'acme',
      method: 'GET',
      path: '/Users',
      query: '',
      headers: { authorization: `Bearer ${token}` },
      body: undefined,
      peer: '203.0.113.7',
      requestId: 'request-1',
    });
    for (let tried = 0; tried < 60; tried += 1)
      expect(await server.handle(request(`guess-${tried}`))).toMatchObject({ status: 401 });
    const refused = await server.handle(request(IN_MEMORY_TOKEN));
    expect(refused).toMatchObject({ status: 429, headers: { 'retry-after': '1' } });
    expect(JSON.parse(refused.body ?? '')).toMatchObject({
      schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
      status: '429',
      detail: expect.stringContaining('wrong token'),
    });
    expect(await server.admits(request('guess'))).toBe(false);
    now += 1_000;
    expect(await server.handle(request(IN_MEMORY_TOKEN))).toMatchObject({ status: 200 });
  });
});
