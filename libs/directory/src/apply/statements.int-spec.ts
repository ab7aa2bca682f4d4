import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { systemClock, type Database, type Queryable } from '#kernel';
import { createTestDatabase, type TestDatabase } from '#testing';
import { deactivate, guardedDirectory, hire, update } from '../../test-support/guarded-directory.js';
import { DirectoryStore } from './directory-store.js';

let db: TestDatabase;

beforeAll(async () => {
  db = await createTestDatabase();
});

afterAll(() => db.drop());

it('asks the guard nothing when nothing is removed, and writes one statement more when something is', async () => {
  const d = await guardedDirectory(db);
  const [id = '', other = ''] = await d.hire(2);
  const seen: string[] = [];
  const store = new DirectoryStore({ database: recording(db.database, seen), clock: systemClock });

  await store.apply(d.ref, hire('new@example.com'));
  await store.apply(d.ref, update(id, { jobTitle: 'Lead' }));
  expect(seen.filter((name) => name.startsWith('directory_guard'))).toEqual([]);
  seen.length = 0;

  await store.apply(d.ref, update(id, { jobTitle: 'Head' }));
  const plain = seen.splice(0);
  await store.apply(d.ref, deactivate(other));
  expect(seen.toSorted()).toEqual([...plain, 'directory_guard_write'].toSorted());
});

/** The database, with the names of the statements that transactions run. */
function recording(database: Database, seen: string[]): Database {
  const recorded = (tx: Queryable): Queryable => ({
    query: (statement) => {
      seen.push(statement.name ?? statement.text);
      return tx.query(statement);
    },
  });
  const pipelined: Database['pipelined'] = (work, begin) =>
    database.pipelined((tx) => work(recorded(tx)), begin);
  return { pipelined } as unknown as Database;
}
