import { expect, it } from '@jest/globals';
import { IN_MEMORY_TOKEN, InMemoryDirectory } from '#testing';
import { ScimServer } from './scim-server.js';

it.each([
  ['added', [{ op: 'add', path: 'members', value: [{ value: 'a' }, { value: 'b' }] }], ['a', 'b']],
  ['chosen and removed', [{ op: 'remove', path: 'members[value eq "a"]' }], ['a']],
  [
    'of several operations',
    [add('a'), { op: 'replace', value: { displayName: 'Red' } }, add('b')],
    ['a', 'b'],
  ],
  // A list that is replaced is read whole anyway.
  ['replaced', [{ op: 'replace', path: 'members', value: [{ value: 'a' }] }], []],
])('tells the store beforehand which members a PATCH names: %s', async (_, Operations, expected) => {
  const store = new InMemoryDirectory();
  const server = new ScimServer(store, { publicUrl: 'https://rollcall.example.com' });
  const send = (method: string, path: string, json: object) =>
    server.handle({
      version: '2.0',
      externalKey: 'acme',
      method,
      path,
      query: '',
      headers: { authorization: `Bearer ${IN_MEMORY_TOKEN}` },
      body: Buffer.from(JSON.stringify(json)),
      requestId: 'request-1',
    });
  const { id } = JSON.parse((await send('POST', '/Groups', { displayName: 'Red' })).body ?? '') as {
    id: string;
  };
  const named: unknown[] = [];
  const apply = store.apply.bind(store);
  store.apply = (ref, change) => {
    if (change.kind === 'update_group') named.push(change.named);
    return apply(ref, change);
  };

  expect((await send('PATCH', `/Groups/${id}`, { Operations })).status).toBe(200);
  expect(named).toEqual([expected]);
});

function add(value: string): object {
  return { op: 'add', path: 'members', value: [{ value }] };
}
