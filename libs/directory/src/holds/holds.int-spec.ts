import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { systemClock } from '#kernel';
import type { DirectoryUser, PageRequest } from '#model';
import { createTestDatabase, type TestDatabase } from '#testing';
import {
  deactivate,
  guardedDirectory,
  hire,
  makeGroup,
  members,
  update,
  type GuardedDirectory,
} from '../../test-support/guarded-directory.js';
import { DirectoryStore } from '../apply/directory-store.js';

let db: TestDatabase;
const PAGE: PageRequest = { limit: 100, order: 'asc' };

beforeAll(async () => {
  db = await createTestDatabase();
});

afterAll(() => db.drop());

/** A directory of 30 with 6 people let go at once: the limit of a small directory is 6, so 3 more are held. */
async function withHold(): Promise<{ d: GuardedDirectory; ids: string[]; holdId: string }> {
  const d = await guardedDirectory(db);
  const ids = await d.hire(30);
  for (const id of ids.slice(0, 9)) await d.store.apply(d.ref, deactivate(id));
  const { data } = await d.holds.list(d.ref, PAGE);
  return { d, ids, holdId: String(data[0]?.id) };
}

async function types(d: GuardedDirectory): Promise<unknown[]> {
  return (await d.log()).map((event) => event['event']).filter((type) => type !== 'dsync.user.created');
}

function shown(d: GuardedDirectory, id: unknown): Promise<DirectoryUser> {
  return d.lists.getUser(d.ref.environmentId, String(id));
}

describe('pushed removals', () => {
  it('take effect up to the limit, then wait, while the source sees them done', async () => {
    const { d, ids, holdId } = await withHold();
    expect(await types(d)).toEqual([
      ...Array.from({ length: 6 }, () => 'dsync.user.updated'),
      'directory.removals_held',
    ]);
    expect(await shown(d, ids[5])).toMatchObject({ active: false, pendingRemoval: false });
    const held = await shown(d, ids[6]);
    expect(held).toMatchObject({ active: true, pendingRemoval: true, raw: { active: true } });
    expect(await d.reader.findUser(d.ref, String(ids[6]))).toMatchObject({ active: false, version: 2 });
    const hold = await d.holds.get(d.ref.environmentId, holdId);
    expect(hold).toMatchObject({ state: 'open', source: 'push', pending: { users: 3 } });
    expect(hold.names.users).toHaveLength(3);
  });

  it('count over several processes and restarts', async () => {
    const d = await guardedDirectory(db);
    const ids = await d.hire(30);
    for (const id of ids.slice(0, 7)) {
      const store = new DirectoryStore({ database: db.database, clock: systemClock });
      await store.apply(d.ref, deactivate(id));
    }
    expect((await d.holds.list(d.ref, PAGE)).data).toHaveLength(1);
  });

  it('count a person once, whatever is done to it', async () => {
    const d = await guardedDirectory(db);
    const [id = '', ...others] = await d.hire(30);
    for (let round = 0; round < 10; round++) {
      await d.store.apply(d.ref, deactivate(id));
      await d.store.apply(d.ref, update(id, { active: true }));
    }
    for (const other of others.slice(0, 5)) await d.store.apply(d.ref, { kind: 'delete_user', id: other });
    expect((await d.holds.list(d.ref, PAGE)).data).toEqual([]);
    await d.store.apply(d.ref, deactivate(String(others[6])));
    expect((await d.holds.list(d.ref, PAGE)).data).toHaveLength(1);
  });

  it('hold a request that takes too many members as a whole, and let additions and updates flow', async () => {
    const d = await guardedDirectory(db, { guard: { push: { memberships: { count: 3, percent: 10 } } } });
    const ids = await d.hire(10);
    const { group } = await d.store.apply(d.ref, makeGroup('Team', ids.slice(0, 8)));
    const id = String(group?.id);
    await d.store.apply(d.ref, members(id, [{ op: 'replace', values: [] }]));
    expect((await d.reader.membersOf(d.ref, [id])).get(id)).toBeUndefined();
    const inTeam = await d.lists.listUsers(d.ref.environmentId, { ...PAGE, groupId: id });
    expect(inTeam.data).toHaveLength(8);
    const added = await d.store.apply(d.ref, members(id, [{ op: 'add', values: ids.slice(7, 9) }]));
    // The eighth was still in effect: it is taken back without an event.
    expect(added.events.map((event) => event.type)).toEqual(['dsync.group.user_added']);
    const [hold] = (await d.holds.list(d.ref, PAGE)).data;
    const details = await d.holds.get(d.ref.environmentId, String(hold?.id));
    expect(details.pending.memberships).toBe(7);
  });

  it('keep identities that change for too many, and are found by what is in effect', async () => {
    const d = await guardedDirectory(db);
    const ids = await d.hire(10);
    for (const [index, id] of ids.entries())
      await d.store.apply(
        d.ref,
        update(id, { userName: `moved${index}`, email: `moved${index}@example.org` }),
      );
    const held = await shown(d, ids[9]);
    expect(held).toMatchObject({ userName: 'person9@example.com', pendingRemoval: true });
    const find = async (email: string): Promise<number> =>
      (await d.lists.listUsers(d.ref.environmentId, { ...PAGE, directoryId: d.ref.directoryId, email })).data
        .length;
    expect([await find('person9@example.com'), await find('moved9@example.org')]).toEqual([1, 0]);
    expect([await find('person0@example.com'), await find('moved0@example.org')]).toEqual([0, 1]);
  });

  it('pass with an alert, once, where the policy says so', async () => {
    const d = await guardedDirectory(db, { guard: { action: 'alert_only' } });
    const ids = await d.hire(30);
    for (const id of ids) await d.store.apply(d.ref, deactivate(id));
    const seen = await types(d);
    expect(seen.filter((type) => type === 'directory.removals_alert')).toHaveLength(1);
    expect(seen.filter((type) => type === 'dsync.user.updated')).toHaveLength(30);
  });
});

describe('what the source takes back', () => {
  it('vanishes without an event, and the hold ends with the last of it', async () => {
    const { d, ids, holdId } = await withHold();
    const before = (await d.log()).length;
    for (const id of ids.slice(6, 9)) await d.store.apply(d.ref, update(id, { active: true }));
    expect((await d.log()).slice(before).map((event) => event['event'])).toEqual([
      'directory.hold_withdrawn',
    ]);
    expect(await d.holds.get(d.ref.environmentId, holdId)).toMatchObject({ state: 'withdrawn' });
    await expect(d.holds.approve(d.ref.environmentId, holdId, 'key')).rejects.toMatchObject({
      reason: 'state',
    });
  });

  it('keeps the id of somebody deleted and created again, and other updates are told', async () => {
    const { d, ids } = await withHold();
    const id = String(ids[6]);
    await d.store.apply(d.ref, { kind: 'delete_user', id });
    const back = await d.store.apply(d.ref, hire('person6@example.com', { jobTitle: 'Lead' }));
    expect(back).toMatchObject({ user: { id }, restored: true });
    expect(back.events.map((event) => event.type)).toEqual(['dsync.user.updated']);
    expect(await shown(d, id)).toMatchObject({ jobTitle: 'Lead', pendingRemoval: false, active: true });
  });
});

describe('an approval', () => {
  it('applies what is listed and still asserted, once', async () => {
    const { d, ids, holdId } = await withHold();
    await d.store.apply(d.ref, update(String(ids[6]), { active: true }));
    await d.holds.approve(d.ref.environmentId, holdId, 'key');
    const length = (await d.log()).length;
    const again = await d.holds.approve(d.ref.environmentId, holdId, 'other');
    expect(again).toMatchObject({ state: 'approved', decidedBy: 'key', pending: { users: 0 } });
    expect(await d.log()).toHaveLength(length);
    expect((await types(d)).slice(-3)).toEqual([
      'directory.hold_approved',
      'dsync.user.updated',
      'dsync.user.updated',
    ]);
    expect(await shown(d, ids[6])).toMatchObject({ active: true, pendingRemoval: false });
    expect(await shown(d, ids[7])).toMatchObject({ active: false, pendingRemoval: false });
    const { data } = await d.holds.items(d.ref.environmentId, holdId, PAGE);
    expect(data.map((item) => item.state)).toEqual(['applied', 'applied']);
  });

  it('does not cover what comes later', async () => {
    const { d, ids, holdId } = await withHold();
    await d.holds.approve(d.ref.environmentId, holdId, 'key');
    await d.store.apply(d.ref, deactivate(String(ids[20])));
    expect(await shown(d, ids[20])).toMatchObject({ active: true, pendingRemoval: true });
    const { data } = await d.holds.list(d.ref, PAGE);
    expect(data.map((hold) => hold.state)).toEqual(['approved', 'open']);
  });

  it('goes on where it was interrupted, without a second event', async () => {
    const { d, holdId } = await withHold();
    // What a process leaves behind that dies after its decision was committed.
    await db.database.query({
      text: `UPDATE hold_items SET state = 'approved' WHERE hold_id = $1`,
      values: [holdId],
    });
    await db.database.query({ text: `UPDATE holds SET state = 'approving' WHERE id = $1`, values: [holdId] });
    await d.holds.settle();
    await d.holds.settle();
    const seen = (await types(d)).filter((type) => type === 'dsync.user.updated');
    expect(seen).toHaveLength(9);
    expect(await d.holds.get(d.ref.environmentId, holdId)).toMatchObject({ state: 'approved' });
  });
});

describe('a rejection', () => {
  it('keeps people in effect and marked, and can be approved after all', async () => {
    const { d, ids, holdId } = await withHold();
    const waiting = await d.holds.countPending();
    const rejected = await d.holds.reject(d.ref.environmentId, holdId, 'key');
    expect(rejected).toMatchObject({ state: 'rejected', pending: { users: 3 } });
    expect(waiting - (await d.holds.countPending())).toBe(3);
    expect(await shown(d, ids[6])).toMatchObject({ active: true, pendingRemoval: true });
    await d.store.apply(d.ref, deactivate(String(ids[6])));
    expect((await d.holds.list(d.ref, PAGE)).data).toHaveLength(1);
    await d.holds.approve(d.ref.environmentId, holdId, 'key');
    expect(await shown(d, ids[6])).toMatchObject({ active: false });
  });
});

describe('a run of a pulled source', () => {
  it('makes its removals items of its hold, opened once', async () => {
    const d = await guardedDirectory(db);
    const ids = await d.hire(4);
    const run = {
      runId: 'run_1',
      reasons: ['Too many.'],
      counts: { users: 4, groups: 0, memberships: 0, identities: 0 },
    };
    const { id: holdId } = await d.holds.openForRun(d.ref, run);
    expect(await d.holds.openForRun(d.ref, run)).toEqual({ id: holdId });
    const outcomes = await d.store.applyAll(
      d.ref,
      [...ids.map((id) => ({ kind: 'delete_user', id }) as const), { kind: 'delete_user', id: 'nobody' }],
      { removals: { kind: 'judged', holdId }, runId: 'run_1' },
    );
    expect(outcomes.map((outcome) => 'error' in outcome)).toEqual([false, false, false, false, true]);
    expect(await types(d)).toEqual(['directory.removals_held']);
    await d.holds.approve(d.ref.environmentId, holdId, 'key');
    expect((await types(d)).filter((type) => type === 'dsync.user.deleted')).toHaveLength(4);
  });
});

describe('a restore', () => {
  it('brings everything of a run back, with ids and memberships', async () => {
    const d = await guardedDirectory(db);
    const ids = await d.hire(3);
    const { group } = await d.store.apply(d.ref, makeGroup('Team', ids));
    await d.store.applyAll(
      d.ref,
      [
        { kind: 'delete_user', id: String(ids[0]) },
        { kind: 'delete_group', id: String(group?.id) },
        { kind: 'delete_user', id: String(ids[1]) },
      ],
      { removals: { kind: 'judged', holdId: null }, runId: 'run_1' },
    );
    const restored = await d.restores.restore(d.ref, { runId: 'run_1' }, 'key');
    expect(restored).toMatchObject({ users: 2, groups: 1, memberships: 3 });
    const inTeam = await d.lists.listUsers(d.ref.environmentId, { ...PAGE, groupId: String(group?.id) });
    expect(inTeam.data.map((user) => user.id)).toEqual(ids);
    expect(await shown(d, ids[0])).toMatchObject({ pendingRemoval: true });
    await expect(d.restores.restore(d.ref, { runId: 'run_1' }, 'key')).rejects.toThrow('nothing to restore');
    // The source takes it back: the mark goes, the id stays.
    await d.store.apply(d.ref, hire('person0@example.com'));
    expect(await shown(d, ids[0])).toMatchObject({ id: ids[0], pendingRemoval: false });
  });
});
