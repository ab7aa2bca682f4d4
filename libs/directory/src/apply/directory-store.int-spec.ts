import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ConflictError, foldKey, newId, NotFoundError, systemClock, type JsonObject } from '#kernel';
import type { Change, GroupInput, UserInput } from '#model';
import { createTestDatabase, type TestDatabase } from '#testing';
import { DirectoryReader } from '../query/directory-reader.js';
import { DirectoryStore } from './directory-store.js';
import type { DirectoryRef } from './head.js';

let db: TestDatabase;
let ref: DirectoryRef;
let store: DirectoryStore;
let reader: DirectoryReader;

beforeAll(async () => {
  db = await createTestDatabase();
});

afterAll(() => db.drop());

beforeEach(async () => {
  ref = await seedDirectory();
  store = new DirectoryStore({ database: db.database, clock: systemClock });
  reader = new DirectoryReader(db.database);
});

describe('users', () => {
  it('commits the person and its event together', async () => {
    const { user, events } = await store.apply(ref, hire('ada@example.com'));
    expect(events).toMatchObject([{ type: 'dsync.user.created', sequence: 1 }]);
    expect(await reader.findUser(ref, String(user?.id))).toEqual(user);
    expect((await log())[0]).toMatchObject({ event: 'dsync.user.created', sequence: 1 });
  });

  it('refuses a user name that differs only in case', async () => {
    await store.apply(ref, hire('Ada@example.com'));
    const again = store.apply(ref, hire('aDA@EXAMPLE.com'));
    await expect(again).rejects.toThrow(ConflictError);
    await expect(again).rejects.toMatchObject({ reason: 'uniqueness', code: 'user_name_taken' });
    expect(await log()).toHaveLength(1);
  });

  it('announces exactly what an update changed, and nothing when nothing changed', async () => {
    const { user } = await store.apply(ref, hire('ada@example.com'));
    const change = update(String(user?.id), (input) => ({ ...input, jobTitle: 'Lead' }));
    const first = await store.apply(ref, change);
    const second = await store.apply(ref, change);
    expect(first.events).toHaveLength(1);
    expect(second.events).toHaveLength(0);
    expect(second.user?.version).toBe(2);
    expect((await log())[1]?.['data']).toMatchObject({
      job_title: 'Lead',
      previous_attributes: { job_title: null },
    });
  });

  it('leaves nothing behind when the update function refuses', async () => {
    const { user } = await store.apply(ref, hire('ada@example.com'));
    const refusal = new Error('not like this');
    const change = update(String(user?.id), () => {
      throw refusal;
    });
    await expect(store.apply(ref, change)).rejects.toBe(refusal);
    expect(await log()).toHaveLength(1);
  });

  it('checks the version that the caller names', async () => {
    const { user } = await store.apply(ref, hire('ada@example.com'));
    const change = { ...update(String(user?.id), (input) => ({ ...input, name: 'A' })), ifMatch: [7] };
    await expect(store.apply(ref, change as Change)).rejects.toMatchObject({ reason: 'version' });
  });

  it('brings a removed person back with the old id', async () => {
    const { user } = await store.apply(ref, hire('ada@example.com', { externalId: 'x1' }));
    await store.apply(ref, { kind: 'delete_user', id: String(user?.id) });
    expect(await reader.findUser(ref, String(user?.id))).toBeUndefined();
    const back = await store.apply(ref, hire('ada.new@example.com', { externalId: 'x1' }));
    expect(back).toMatchObject({ restored: true, user: { id: user?.id, userName: 'ada.new@example.com' } });
    expect(back.events).toMatchObject([{ type: 'dsync.user.created' }]);
  });

  it('takes the same name with another external id for somebody else', async () => {
    const { user } = await store.apply(ref, hire('ada@example.com', { externalId: 'x1' }));
    await store.apply(ref, { kind: 'delete_user', id: String(user?.id) });
    const other = await store.apply(ref, hire('ada@example.com', { externalId: 'x2' }));
    expect(other.restored).toBeUndefined();
    expect(other.user?.id).not.toBe(user?.id);
  });

  it('swaps two user names step by step without losing either', async () => {
    const a = await store.apply(ref, hire('a@example.com'));
    const b = await store.apply(ref, hire('b@example.com'));
    const rename = (id: unknown, userName: string): Promise<unknown> =>
      store.apply(
        ref,
        update(String(id), (input) => ({ ...input, userName })),
      );
    await Promise.all([
      rename(a.user?.id, 'tmp@example.com'),
      rename(b.user?.id, 'a@example.com'),
      rename(a.user?.id, 'b@example.com'),
    ]);
    expect((await reader.findUser(ref, String(a.user?.id)))?.userName).toBe('b@example.com');
    expect((await reader.findUser(ref, String(b.user?.id)))?.userName).toBe('a@example.com');
  });

  it('answers an unknown directory and an unknown user alike with not found', async () => {
    await expect(
      store.apply({ ...ref, directoryId: newId('directory') }, hire('x@example.com')),
    ).rejects.toThrow(NotFoundError);
    await expect(store.apply(ref, { kind: 'delete_user', id: newId('directory_user') })).rejects.toThrow(
      NotFoundError,
    );
  });

  it('refuses a name that no index can hold and names the attribute', async () => {
    await expect(store.apply(ref, hire('x'.repeat(5_000)))).rejects.toMatchObject({
      problems: [{ field: 'userName' }],
    });
  });
});

describe('groups', () => {
  it('announces members once each and the net difference only', async () => {
    const users = await hireMany(3);
    const { group } = await store.apply(ref, makeGroup('Team', users.slice(0, 2)));
    const result = await store.apply(
      ref,
      members(String(group?.id), [
        { op: 'add', values: [users[1] as string, users[2] as string, users[2] as string] },
        { op: 'remove', values: [users[0] as string] },
        { op: 'add', values: [users[0] as string] },
      ]),
    );
    expect(result.events.map((event) => event.type)).toEqual(['dsync.group.user_added']);
    expect(await memberIds(String(group?.id))).toEqual(users.toSorted());
  });

  it('replaces the whole set by difference', async () => {
    const users = await hireMany(4);
    const { group } = await store.apply(ref, makeGroup('Team', users.slice(0, 3)));
    const result = await store.apply(
      ref,
      members(String(group?.id), [{ op: 'replace', values: users.slice(2) }]),
    );
    expect(result.events.map((event) => event.type)).toEqual([
      'dsync.group.user_removed',
      'dsync.group.user_removed',
      'dsync.group.user_added',
    ]);
    expect(await memberIds(String(group?.id))).toEqual(users.slice(2).toSorted());
  });

  it('keeps a member that nobody is known by and attaches the person on arrival', async () => {
    const { user } = await store.apply(ref, hire('ada@example.com', { externalId: 'x1' }));
    await store.apply(ref, { kind: 'delete_user', id: String(user?.id) });
    const { group } = await store.apply(ref, makeGroup('Team', [String(user?.id), 'nobody']));
    const pending = await reader.membersOf(ref, [String(group?.id)]);
    expect(pending.get(String(group?.id))).toHaveLength(2);
    const back = await store.apply(ref, hire('ada@example.com', { externalId: 'x1' }));
    expect(back.events.map((event) => event.type)).toEqual(['dsync.user.created', 'dsync.group.user_added']);
    expect(await memberIds(String(group?.id))).toEqual([user?.id]);
  });

  it('takes people out of their groups before they go', async () => {
    const [id] = await hireMany(1);
    await store.apply(ref, makeGroup('Team', [id as string]));
    const { events } = await store.apply(ref, { kind: 'delete_user', id: id as string });
    expect(events.map((event) => event.type)).toEqual(['dsync.group.user_removed', 'dsync.user.deleted']);
  });

  it('announces only the group when a group goes', async () => {
    const users = await hireMany(2);
    const { group } = await store.apply(ref, makeGroup('Team', users));
    const { events } = await store.apply(ref, { kind: 'delete_group', id: String(group?.id) });
    expect(events.map((event) => event.type)).toEqual(['dsync.group.deleted']);
    const back = await store.apply(ref, makeGroup('team', []));
    expect(back.group?.id).toBe(group?.id);
    expect(await memberIds(String(group?.id))).toEqual([]);
  });

  it('refuses a second live group of the same name', async () => {
    await store.apply(ref, makeGroup('Team', []));
    await expect(store.apply(ref, makeGroup('TEAM', []))).rejects.toMatchObject({ code: 'group_name_taken' });
  });
});

describe('concurrency', () => {
  it('lets exactly one of many equal creates win, round after round', async () => {
    for (let round = 0; round < 20; round++) {
      const tries = await Promise.allSettled(
        Array.from({ length: 8 }, () => store.apply(ref, hire(`u${round}@example.com`))),
      );
      expect(tries.filter((result) => result.status === 'fulfilled')).toHaveLength(1);
    }
    expect((await log()).map((event) => event['sequence'])).toEqual(
      Array.from({ length: 20 }, (_, i) => i + 1),
    );
  });

  it('keeps every change when two stores write one directory at once', async () => {
    const other = new DirectoryStore({ database: db.database, clock: systemClock });
    const users = await hireMany(40);
    const { group } = await store.apply(ref, makeGroup('Team', []));
    await Promise.all(
      users.map((id, index) =>
        (index % 2 === 0 ? store : other).apply(
          ref,
          members(String(group?.id), [{ op: 'add', values: [id] }]),
        ),
      ),
    );
    expect(await memberIds(String(group?.id))).toEqual(users.toSorted());
    const rows = await db.database.query<{ sequence: number }>({
      text: 'SELECT sequence FROM events WHERE stream_id = $1 ORDER BY epoch, xid, sequence',
      values: [ref.directoryId],
    });
    expect(rows.map((row) => row.sequence)).toEqual(rows.map((_, index) => index + 1));
    const added = (await log()).filter((event) => event['event'] === 'dsync.group.user_added');
    expect(added).toHaveLength(40);
  });

  it('does not let one impossible change fail its neighbours', async () => {
    const poison = hire('poison@example.com', { raw: { note: 'a\u0000b' } });
    const results = await Promise.allSettled([
      store.apply(ref, hire('one@example.com')),
      store.apply(ref, hire('two@example.com')),
      store.apply(ref, poison),
      store.apply(ref, hire('three@example.com')),
    ]);
    expect(results.map((result) => result.status)).toEqual([
      'fulfilled',
      'fulfilled',
      'rejected',
      'fulfilled',
    ]);
    expect((await log()).map((event) => event['sequence'])).toEqual([1, 2, 3]);
  });
});

function hire(userName: string, more: Partial<UserInput> = {}): Change {
  return { kind: 'create_user', user: aUser(userName, more) };
}

function aUser(userName: string, more: Partial<UserInput> = {}): UserInput {
  return {
    externalId: null,
    userName,
    email: userName,
    emails: [{ primary: true, value: userName }],
    firstName: null,
    lastName: null,
    name: null,
    jobTitle: null,
    active: true,
    stateReason: null,
    raw: { userName },
    customAttributes: {},
    folded: { userName: foldKey(userName) },
    ...more,
  };
}

function update(id: string, change: (input: UserInput) => UserInput): Change {
  return { kind: 'update_user', id, update: (current) => change({ ...current, folded: {} }) };
}

function aGroup(name: string): GroupInput {
  return { externalId: null, name, raw: { displayName: name }, folded: { displayName: foldKey(name) } };
}

function makeGroup(name: string, memberValues: readonly string[]): Change {
  return { kind: 'create_group', group: aGroup(name), members: memberValues };
}

function members(
  id: string,
  operations: Extract<ReturnType<Extract<Change, { kind: 'update_group' }>['update']>, unknown>['members'],
): Change {
  return {
    kind: 'update_group',
    id,
    update: (current) => ({ group: { ...current, folded: {} }, members: operations }),
  };
}

async function hireMany(count: number): Promise<string[]> {
  const results = await Promise.all(
    Array.from({ length: count }, (_, index) => store.apply(ref, hire(`person${index}@example.com`))),
  );
  return results.map((result) => String(result.user?.id));
}

async function memberIds(groupId: string): Promise<string[]> {
  const found = await reader.membersOf(ref, [groupId]);
  return (found.get(groupId) ?? []).filter((member) => !member.pending).map((member) => member.value);
}

async function log(): Promise<JsonObject[]> {
  const rows = await db.database.query<{ body: string }>({
    text: 'SELECT body FROM events WHERE environment_id = $1 AND stream_id = $2 ORDER BY sequence',
    values: [ref.environmentId, ref.directoryId],
  });
  return rows.map((row) => JSON.parse(row.body) as JsonObject);
}

async function seedDirectory(): Promise<DirectoryRef> {
  const environmentId = newId('environment');
  const directoryId = newId('directory');
  await db.database.query({
    text: 'INSERT INTO environments (id, name) VALUES ($1, $1)',
    values: [environmentId],
  });
  await db.database.query({
    text: 'INSERT INTO streams (environment_id, stream_id) VALUES ($1, $2)',
    values: [environmentId, directoryId],
  });
  await db.database.query({
    text: `INSERT INTO directories (environment_id, id, organization_id, name, type, dialect, external_key, state,
        created_at, updated_at) VALUES ($1, $2, 'org_x', 'D', 'generic scim v2.0', 'generic', $2, 'linked', now(), now())`,
    values: [environmentId, directoryId],
  });
  return { environmentId, directoryId };
}
