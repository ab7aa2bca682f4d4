import { beforeEach, describe, expect, it } from '@jest/globals';
import type { JsonObject } from '#kernel';
import { IN_MEMORY_TOKEN, InMemoryDirectory } from '#testing';
import type { ScimResponse } from './messages.js';
import { ScimServer } from './scim-server.js';

const MEBIBYTE = 1_048_576;

let server: ScimServer;

beforeEach(() => {
  server = new ScimServer(new InMemoryDirectory(), { publicUrl: 'https://rollcall.example.com' });
});

function send(method: string, address: string, json?: JsonObject): Promise<ScimResponse> {
  const [path = '', query = ''] = address.split('?');
  return server.handle({
    version: '2.0',
    externalKey: 'acme',
    method,
    path,
    query,
    headers: { authorization: `Bearer ${IN_MEMORY_TOKEN}` },
    body: json === undefined ? undefined : Buffer.from(JSON.stringify(json)),
    requestId: 'request-1',
  });
}

const nested = (depth: number): JsonObject => (depth === 1 ? {} : { a: nested(depth - 1) });
const wide = (keys: number): JsonObject =>
  Object.fromEntries(Array.from({ length: keys }, (_, index) => [`k${index}`, 1]));
/** A body of so many bytes, in strings that are short enough. */
function sized(bytes: number, fields: JsonObject): JsonObject {
  const frame = JSON.stringify({ ...fields, pad: [''] }).length;
  const full = Math.floor((bytes - frame) / 60_003);
  const rest = bytes - frame - full * 60_003;
  return { ...fields, pad: [...Array<string>(full).fill('x'.repeat(60_000)), 'x'.repeat(rest)] };
}

/** docs/limits.md, line by line: what is just allowed, and what is just too much. */
describe('limits of a SCIM request', () => {
  it.each<[string, JsonObject, JsonObject, number]>([
    ['bytes of a user', sized(MEBIBYTE, { userName: 'ada' }), sized(MEBIBYTE + 1, { userName: 'eve' }), 413],
    ['nesting', { userName: 'ada', x: nested(31) }, { userName: 'eve', x: nested(32) }, 400],
    [
      'attributes of an object',
      { userName: 'ada', x: wide(1_000) },
      { userName: 'eve', x: wide(1_001) },
      400,
    ],
    [
      'characters of a string',
      { userName: 'ada', x: 'x'.repeat(65_536) },
      { userName: 'eve', x: 'x'.repeat(65_537) },
      400,
    ],
  ])('%s', async (...[, most, tooMuch, status]) => {
    expect((await send('POST', '/Users', most)).status).toBe(201);
    const refused = await send('POST', '/Users', tooMuch);
    expect(refused.status).toBe(status);
    expect((JSON.parse(refused.body ?? '') as { detail: string }).detail).toMatch(/\d/);
  });

  it('bytes of a group', async () => {
    expect((await send('POST', '/Groups', sized(20 * MEBIBYTE, { displayName: 'a' }))).status).toBe(201);
    expect((await send('POST', '/Groups', sized(20 * MEBIBYTE + 1, { displayName: 'b' }))).status).toBe(413);
  });

  it('operations of a PATCH', async () => {
    const created = JSON.parse((await send('POST', '/Users', { userName: 'ada' })).body ?? '') as {
      id: string;
    };
    const patch = (count: number): JsonObject => ({
      Operations: Array.from({ length: count }, () => ({ op: 'replace', path: 'title', value: 'x' })),
    });
    expect((await send('PATCH', `/Users/${created.id}`, patch(1_000))).status).toBe(200);
    const refused = await send('PATCH', `/Users/${created.id}`, patch(1_001));
    expect([refused.status, JSON.parse(refused.body ?? '')]).toMatchObject([400, { scimType: 'tooMany' }]);
  });

  it('filter terms', async () => {
    const filter = (terms: number): string =>
      encodeURIComponent(Array.from({ length: terms }, () => 'userName pr').join(' or '));
    expect((await send('GET', `/Users?filter=${filter(100)}`)).status).toBe(200);
    const refused = await send('GET', `/Users?filter=${filter(101)}`);
    expect([refused.status, JSON.parse(refused.body ?? '')]).toMatchObject([
      400,
      { scimType: 'invalidFilter' },
    ]);
  });

  it('page size: capped to what ServiceProviderConfig says', async () => {
    for (let index = 0; index < 1_001; index += 1) await send('POST', '/Users', { userName: `user${index}` });
    const page = JSON.parse((await send('GET', '/Users?count=5000')).body ?? '') as JsonObject;
    expect(page).toMatchObject({ totalResults: 1_001, itemsPerPage: 1_000 });
    const config = JSON.parse((await send('GET', '/ServiceProviderConfig')).body ?? '') as JsonObject;
    expect(config).toMatchObject({
      filter: { maxResults: 1_000 },
      pagination: { maxPageSize: 1_000 },
      bulk: { maxOperations: 1_000, maxPayloadSize: 20 * MEBIBYTE },
    });
  });
});
