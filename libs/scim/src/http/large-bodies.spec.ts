import { expect, it } from '@jest/globals';
import { IN_MEMORY_TOKEN, InMemoryDirectory } from '#testing';
import type { ScimResponse } from './messages.js';
import { ScimServer } from './scim-server.js';

it('works on the large bodies of a directory one by one, lets few wait, and small ones pass', async () => {
  const store = new InMemoryDirectory();
  const apply = store.apply.bind(store);
  let release = (): void => undefined;
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  let large = 0;
  store.apply = async (ref, change) => {
    if (change.kind === 'create_group') {
      large += 1;
      await gate;
    }
    return apply(ref, change);
  };
  const server = new ScimServer(store, { publicUrl: 'https://rollcall.example.com' });
  const pad = Array<string>(20).fill('x'.repeat(60_000));
  const send = (path: string, json: object): Promise<ScimResponse> =>
    server.handle({
      version: '2.0',
      externalKey: 'acme',
      method: 'POST',
      path,
      query: '',
      headers: { authorization: `Bearer ${IN_MEMORY_TOKEN}` },
      body: Buffer.from(JSON.stringify(json)),
      requestId: 'request-1',
    });
  const answers = Array.from({ length: 12 }, (_, index) =>
    send('/Groups', { displayName: `g${index}`, pad }),
  );
  const refused = await (answers[11] as Promise<ScimResponse>);
  expect(refused).toMatchObject({ status: 503, headers: { 'retry-after': '5' } });
  expect(refused.body).toContain('waiting already');
  expect((await send('/Users', { userName: 'ada' })).status).toBe(201);
  expect(large).toBe(1);
  release();
  const statuses = (await Promise.all(answers)).map(({ status }) => status);
  expect(statuses).toEqual([...Array<number>(11).fill(201), 503]);
});
