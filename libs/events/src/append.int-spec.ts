import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { newId } from '#kernel';
import { createTestDatabase, type TestDatabase } from '#testing';
import { appendEvents, createStream } from './append.js';

let test: TestDatabase;

beforeAll(async () => {
  test = await createTestDatabase();
  await test.asOwner(
    `INSERT INTO log_epochs (epoch, cluster_identity) VALUES (1, 'one') ON CONFLICT DO NOTHING`,
  );
});
afterAll(() => test.drop());

it.each(['no stream at all', 'a stream of the same name in another environment'])(
  'appends nothing where there is %s',
  async (what) => {
    const [environmentId, other] = [newId('environment'), newId('environment')];
    for (const id of [environmentId, other])
      await test.pool.query('INSERT INTO environments (id, name) VALUES ($1, $1)', [id]);
    const stream = {
      environmentId,
      streamId: 'directory_1',
      directoryId: 'directory_1',
      organizationId: null,
    };
    if (what !== 'no stream at all') await createStream(test.database, { ...stream, environmentId: other });
    const events = [{ type: 'dsync.user.created', data: {} } as const];
    await expect(
      test.database.transaction((tx) => appendEvents(tx, stream, { head: 0, events })),
    ).rejects.toThrow('violates not-null constraint');
    const { rows } = await test.pool.query('SELECT FROM events WHERE environment_id = ANY($1)', [
      [environmentId, other],
    ]);
    expect(rows).toEqual([]);
  },
);
