import { describe, expect, it } from '@jest/globals';
import { IN_MEMORY_TOKEN, InMemoryDirectory } from '#testing';
import type { ScimExchange, ScimResponse } from './messages.js';
import { ScimServer } from './scim-server.js';

const pause = { at: '2026-11-24T10:00:00.000Z', by: 'Ops of Acme', reason: 'Migration of the HR system' };

describe('a paused directory', () => {
  const exchanges: ScimExchange[] = [];
  const store = new InMemoryDirectory({ pause, state: 'unlinked' });
  let connected = false;
  store.markConnected = async () => {
    connected = true;
  };
  const server = new ScimServer(store, {
    publicUrl: 'https://rollcall.example.com',
    onExchange: (exchange) => exchanges.push(exchange),
  });

  function send(
    method: string,
    path: string,
    { token = IN_MEMORY_TOKEN, version = '2.0' }: { token?: string; version?: '1.1' | '2.0' } = {},
  ): Promise<ScimResponse> {
    return server.handle({
      version,
      externalKey: 'acme',
      method,
      path,
      query: '',
      headers: { authorization: `Bearer ${token}` },
      body: method === 'POST' ? Buffer.from('{"userName":"ada"}') : undefined,
      requestId: 'request-1',
    });
  }

  it.each([
    ['GET', '/Users'],
    ['POST', '/Users'],
    ['DELETE', '/Users/x'],
    ['GET', '/ServiceProviderConfig'],
    ['GET', '/nowhere'],
    ['POST', '/Bulk'],
  ])('answers %s %s with 503, when to come again, who paused it and what to do', async (method, path) => {
    const response = await send(method, path);
    expect(response.status).toBe(503);
    expect(response.headers['retry-after']).toMatch(/^[1-9]\d*$/);
    const body = JSON.parse(response.body ?? '') as { detail: string };
    expect(body).toMatchObject({ schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'], status: '503' });
    expect(body.detail).toContain('paused by "Ops of Acme" at 2026-11-24T10:00:00.000Z');
    expect(body.detail).toContain('Migration of the HR system');
    expect(body.detail).toContain('Send it again');
  });

  it('changes nothing, is not linked by it, and tells the metrics why', () => {
    expect([store.users.size, store.reads, connected]).toEqual([0, [], false]);
    expect(new Set(exchanges.map(({ reason }) => reason))).toEqual(new Set(['paused']));
    expect(exchanges.every(({ failure }) => failure === undefined)).toBe(true);
  });

  it('speaks SCIM 1.1 to those who do', async () => {
    const response = await send('GET', '/Users', { version: '1.1' });
    expect(JSON.parse(response.body ?? '')).toMatchObject({ Errors: [{ code: '503' }] });
  });

  it('tells nobody without its token', async () => {
    const response = await send('GET', '/Users', { token: 'wrong' });
    expect(response.status).toBe(401);
    expect(response.body).not.toContain('paused');
  });
});
