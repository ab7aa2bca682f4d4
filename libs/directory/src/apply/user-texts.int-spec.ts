import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { systemClock, type JsonObject } from '#kernel';
import { createTestDatabase, type TestDatabase } from '#testing';
import {
  guardedDirectory,
  hire,
  makeGroup,
  members,
  update,
  type GuardedDirectory,
} from '../../test-support/guarded-directory.js';
import { DirectoryStore } from './directory-store.js';
import { UserTexts } from './user-texts.js';

let db: TestDatabase;
let d: GuardedDirectory;
let person: string;
let red: string;
let blue: string;

beforeAll(async () => {
  db = await createTestDatabase();
});

afterAll(() => db.drop());

/** Somebody who was told about once, so that the store remembers how. */
beforeEach(async () => {
  d = await guardedDirectory(db);
  [person = ''] = await d.hire(1);
  const made = await Promise.all(['red', 'blue'].map((name) => d.store.apply(d.ref, makeGroup(name, []))));
  [red = '', blue = ''] = made.map(({ group }) => group?.id);
  await fill(red);
});

const fill = (group: string) =>
  d.store.apply(d.ref, members(group, [{ op: 'add', values: [person] }], [person]));

/** What the log says last about who came into which group. */
async function lastAdded(): Promise<{ readonly user: JsonObject; readonly group: JsonObject } | undefined> {
  const added = (await d.log()).filter(({ event }) => event === 'dsync.group.user_added');
  return added.at(-1)?.['data'] as never;
}

describe('somebody who was put into words before', () => {
  it('is told of in the same words', async () => {
    const before = await lastAdded();
    await fill(blue);
    const after = await lastAdded();
    expect(after?.group['name']).toBe('blue');
    expect(after?.user).toEqual(before?.user);
  });

  it.each([
    ['this store', () => d.store.apply(d.ref, update(person, { jobTitle: 'Lead' }))],
    ['another process', () => otherStore().apply(d.ref, update(person, { jobTitle: 'Lead' }))],
    ['whoever writes the table', () => write(`UPDATE directory_users SET job_title = 'Lead' WHERE id = $1`)],
  ])('is told of anew after a change by %s', async (_, change) => {
    await change();
    await fill(blue);
    expect((await lastAdded())?.user).toMatchObject({ id: person, job_title: 'Lead' });
  });

  it.each([
    ['this store', () => d.store],
    ['another process', () => otherStore()],
  ])('is nobody after a removal by %s', async (_, store) => {
    await store().apply(d.ref, { kind: 'delete_user', id: person });
    await fill(blue);
    expect((await lastAdded())?.group['name']).toBe('red');
    const { data } = await d.lists.listUsers(d.ref.environmentId, {
      groupId: blue,
      limit: 10,
      order: 'desc',
    });
    expect(data).toEqual([]);
  });

  it('is what the changes before in the same transaction have made', async () => {
    const changes = [
      hire('somebody@example.com'),
      members(red, [{ op: 'remove', values: [person] }], [person]),
      { kind: 'delete_user' as const, id: person },
      members(blue, [{ op: 'add', values: [person] }], [person]),
    ];
    await Promise.all(changes.map((change) => d.store.apply(d.ref, change)));
    expect((await d.log()).slice(-3).map(({ event }) => event)).toEqual([
      'dsync.user.created',
      'dsync.group.user_removed',
      'dsync.user.deleted',
    ]);
  });
});

it('forgets who was longest not asked for when there are too many', async () => {
  const texts = new UserTexts(100);
  const text = 'x'.repeat(40);
  const nobody = { query: () => Promise.resolve([]) };
  for (const id of ['a', 'b']) texts.set(id, { rowVersion: '1', text });
  await texts.recall(nobody, d.ref, ['a']);
  texts.set('c', { rowVersion: '1', text });
  expect(['a', 'b', 'c'].filter((id) => texts.has(id))).toEqual(['a', 'c']);
});

function otherStore(): DirectoryStore {
  return new DirectoryStore({ database: db.database, clock: systemClock });
}

function write(text: string): Promise<unknown> {
  return db.database.query({ text, values: [person] });
}
