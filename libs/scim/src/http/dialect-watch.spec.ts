import { beforeEach, describe, expect, it } from '@jest/globals';
import { IN_MEMORY_TOKEN, InMemoryDirectory } from '#testing';
import { listDialects } from '../dialects/installed.js';
import { DialectWatch } from './dialect-watch.js';
import { ScimServer } from './scim-server.js';

const OKTA = { headers: { 'user-agent': 'Okta SCIM Client 1.0.0' }, query: '', body: undefined };
const UNKNOWN = { ...OKTA, headers: {} };

describe('DialectWatch', () => {
  let store: InMemoryDirectory;
  let watch: DialectWatch;
  let now = 0;

  beforeEach(() => {
    store = new InMemoryDirectory({ dialect: 'generic' });
    watch = new DialectWatch(listDialects(), store, () => now);
  });

  it('notes what it recognizes, and is silent when that is known or nothing is recognized', () => {
    watch.look(store.directory, UNKNOWN);
    watch.look({ ...store.directory, detectedDialect: 'okta' }, OKTA);
    expect(store.detectedDialects).toEqual([]);
    watch.look(store.directory, OKTA);
    expect(store.detectedDialects).toEqual(['okta']);
  });

  it('looks at twenty requests of a directory in a minute', () => {
    const other = new InMemoryDirectory().directory;
    for (let count = 0; count < 20; count += 1) watch.look(store.directory, UNKNOWN);
    watch.look(store.directory, OKTA);
    expect(store.detectedDialects).toEqual([]);
    watch.look(other, OKTA);
    now += 60_000;
    watch.look(store.directory, OKTA);
    expect(store.detectedDialects).toEqual(['okta', 'okta']);
  });

  it('is told of authenticated requests only', async () => {
    const server = new ScimServer(store, { publicUrl: 'https://rollcall.example.com' });
    const request = {
      version: '2.0',
      externalKey: 'acme',
      method: 'GET',
      path: '/Users',
      query: '',
      body: undefined,
      requestId: 'request-1',
    } as const;
    const send = async (token: string): Promise<number> =>
      (await server.handle({ ...request, headers: { ...OKTA.headers, authorization: token } })).status;
    expect(await send('Bearer wrong')).toBe(401);
    expect(store.detectedDialects).toEqual([]);
    expect(await send(`Bearer ${IN_MEMORY_TOKEN}`)).toBe(200);
    expect(store.detectedDialects).toEqual(['okta']);
  });

  it('lets nobody in with a token that has no scheme, unless the dialect knows it', async () => {
    const authorization = IN_MEMORY_TOKEN;
    const ask = async (dialect: string): Promise<number> => {
      const server = new ScimServer(new InMemoryDirectory({ dialect }), { publicUrl: 'https://x.test' });
      const address = { version: '2.0', externalKey: 'acme', path: '/Users', query: '' } as const;
      return (
        await server.handle({
          ...address,
          method: 'GET',
          headers: { authorization },
          body: undefined,
          requestId: 'request-1',
        })
      ).status;
    };
    expect([await ask('okta'), await ask('generic')]).toEqual([200, 401]);
  });
});
