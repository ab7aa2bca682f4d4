import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { systemClock, type Database, type Queryable } from '#kernel';
import { createTestDatabase, type TestDatabase } from '#testing';
import {
  deactivate,
  guardedDirectory,
  hire,
  makeGroup,
  members,
  update,
} from '../../test-support/guarded-directory.js';
import { DirectoryStore } from './directory-store.js';

const ALLOWED = { removals: { kind: 'guarded' } } as const;

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

it('loads the members that group changes name together with the groups, however many changes there are', async () => {
  const d = await guardedDirectory(db);
  const people = await d.hire(6);
  const groups = await d.store.applyAll(d.ref, [makeGroup('red', []), makeGroup('blue', [])], ALLOWED);
  const seen: string[] = [];
  const recorded = new DirectoryStore({ database: recording(db.database, seen), clock: systemClock });
  const changes = groups.map((outcome, index) => {
    const named = people.slice(index * 3, index * 3 + 3);
    const id = 'result' in outcome ? (outcome.result.group?.id ?? '') : '';
    return members(id, [{ op: 'add', values: named }], named);
  });

  const outcomes = await recorded.applyAll(d.ref, changes, ALLOWED);
  expect(outcomes).toMatchObject([
    { result: { events: { length: 3 } } },
    { result: { events: { length: 3 } } },
  ]);
  expect(seen.filter((name) => /_by_|_any/.test(name)).toSorted()).toEqual([
    'directory_groups_by_id',
    'directory_users_by_id_versioned',
    'memberships_by_pairs',
  ]);
});

it('does not read again who was told about before', async () => {
  const d = await guardedDirectory(db);
  const [person = ''] = await d.hire(1);
  const [red = '', blue = ''] = await Promise.all(
    ['red', 'blue'].map(async (name) => (await d.store.apply(d.ref, makeGroup(name, []))).group?.id),
  );
  const seen: string[] = [];
  const store = new DirectoryStore({ database: recording(db.database, seen), clock: systemClock });
  const fill = (id: string) => store.apply(d.ref, members(id, [{ op: 'add', values: [person] }], [person]));
  const loaded = async (id: string): Promise<string[]> => {
    seen.length = 0;
    expect((await fill(id)).events).toHaveLength(1);
    return seen.filter((name) => name.startsWith('directory_users'));
  };

  expect(await loaded(red)).toEqual(['directory_users_by_id_versioned']);
  expect(await loaded(blue)).toEqual(['directory_users_unchanged']);
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
