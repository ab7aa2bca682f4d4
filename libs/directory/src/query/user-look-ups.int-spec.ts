import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Database, type Statement } from '#kernel';
import { createTestDatabase, type TestDatabase } from '#testing';
import { guardedDirectory, hire } from '../../test-support/guarded-directory.js';
import { UserLookUps } from './user-look-ups.js';

let db: TestDatabase;
let asked: number[] = [];

beforeAll(async () => {
  db = await createTestDatabase();
});

afterAll(() => db.drop());

beforeEach(() => {
  asked = [];
});

/** The database, noting how many names each statement asks for; `refuse` makes it refuse a statement. */
function noting(refuse: (names: readonly string[]) => boolean = () => false): Database {
  const query = (statement: Statement): Promise<unknown> => {
    const names = textsIn(statement.values?.[2] as Buffer);
    asked.push(names.length);
    return refuse(names) ? Promise.reject(new Error('refused')) : db.database.query(statement);
  };
  return { query } as unknown as Database;
}

/** The elements of a `textArray`. */
function textsIn(array: Buffer): string[] {
  const texts: string[] = [];
  let at = 20;
  while (at < array.length) {
    const end = at + 4 + array.readInt32BE(at);
    texts.push(array.toString('utf8', at + 4, end));
    at = end;
  }
  return texts;
}

describe('UserLookUps', () => {
  it('answers everybody who asks at once in two statements, each about their own directory', async () => {
    const [one, two] = [await guardedDirectory(db), await guardedDirectory(db)];
    const inOne = await one.store.apply(one.ref, hire('ann@example.com'));
    const inTwo = await two.store.apply(two.ref, hire('ann@example.com'));
    await two.store.apply(two.ref, hire('bob@example.com'));
    const lookUps = new UserLookUps(noting());

    const found = await Promise.all([
      lookUps.byUserName(one.ref, 'bob@example.com'),
      lookUps.byUserName(two.ref, 'ann@example.com'),
      lookUps.byUserName(one.ref, 'ann@example.com'),
      lookUps.byUserName(one.ref, 'ann@example.com'),
    ]);

    expect(found.map((user) => user?.id)).toEqual([
      undefined,
      inTwo.user?.id,
      inOne.user?.id,
      inOne.user?.id,
    ]);
    expect(asked).toEqual([1, 3]);
  });

  it('takes environment and directory of the one who asks, never one of each', async () => {
    const [one, two] = [await guardedDirectory(db), await guardedDirectory(db)];
    await two.store.apply(two.ref, hire('ann@example.com'));
    const stranger = { environmentId: 'environment_other', directoryId: two.ref.directoryId };
    const lookUps = new UserLookUps(db.database);
    const found = await Promise.all([
      lookUps.byUserName(stranger, 'ann@example.com'),
      lookUps.byUserName(one.ref, 'ann@example.com'),
    ]);
    expect(found).toEqual([undefined, undefined]);
  });

  it('tells directories of one environment apart', async () => {
    const one = await guardedDirectory(db);
    const two = await guardedDirectory(db, { environmentId: one.ref.environmentId });
    const created = await two.store.apply(two.ref, hire('ann@example.com'));
    const lookUps = new UserLookUps(db.database);
    const found = await Promise.all([
      lookUps.byUserName(one.ref, 'ann@example.com'),
      lookUps.byUserName(one.ref, 'ann@example.com'),
      lookUps.byUserName(two.ref, 'ann@example.com'),
    ]);
    expect(found.map((user) => user?.id)).toEqual([undefined, undefined, created.user?.id]);
  });

  it('answers nothing but the first page of a search', async () => {
    const d = await guardedDirectory(db);
    const created = await d.store.apply(d.ref, hire('ann@example.com'));
    const userNameKey = 'ann@example.com';
    const where = { text: 'u.user_name_key = $3::text', values: [userNameKey], userNameKey };
    const pageOf = async (offset: number, limit: number): Promise<unknown> => {
      const { total, items } = await d.reader.searchUsers(d.ref, { where, offset, limit });
      return { total, ids: items.map((user) => user.id) };
    };
    expect(await pageOf(0, 10)).toEqual({ total: 1, ids: [created.user?.id] });
    expect(await pageOf(1, 10)).toEqual({ total: 1, ids: [] });
    expect(await pageOf(0, 0)).toEqual({ total: 1, ids: [] });
  });

  it('finds nobody whom the source has removed', async () => {
    const d = await guardedDirectory(db);
    const created = await d.store.apply(d.ref, hire('ann@example.com'));
    await d.store.apply(d.ref, { kind: 'delete_user', id: created.user?.id ?? '' });
    expect(await new UserLookUps(db.database).byUserName(d.ref, 'ann@example.com')).toBeUndefined();
  });

  it('does not let a refused look-up fail its neighbours', async () => {
    const d = await guardedDirectory(db);
    const created = await d.store.apply(d.ref, hire('ann@example.com'));
    const lookUps = new UserLookUps(noting((names) => names.includes('bad')));

    const outcomes = await Promise.allSettled([
      lookUps.byUserName(d.ref, 'nobody@example.com'),
      lookUps.byUserName(d.ref, 'bad'),
      lookUps.byUserName(d.ref, 'ann@example.com'),
    ]);

    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(outcomes[2]).toMatchObject({ value: { id: created.user?.id } });
  });
});
