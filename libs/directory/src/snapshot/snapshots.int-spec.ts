import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { SnapshotFinding, SnapshotRecord, SnapshotUser } from '#model';
import { createTestDatabase, type TestDatabase } from '#testing';
import { FoldedLog } from '../../test-support/fold-log.js';
import { MortalDatabase } from '../../test-support/mortal-database.js';
import {
  allowed,
  people,
  person,
  snapshotWorld,
  team,
  type SnapshotWorld,
} from '../../test-support/snapshot-world.js';
import type { SnapshotItem } from './snapshot.js';

describe('Snapshots', () => {
  let db: TestDatabase;
  let world: SnapshotWorld;

  beforeAll(async () => {
    db = await createTestDatabase();
  });
  afterAll(() => db.drop());

  async function fresh(): Promise<SnapshotWorld> {
    world = await snapshotWorld(db);
    return world;
  }

  async function eventCount(): Promise<number> {
    return (await world.log()).length;
  }

  it('brings people, groups and members, and nothing the second time', async () => {
    await fresh();
    const source = [...people(3), ...team('red', 'p000', 'p001'), ...team('blue')];
    const report = await world.run(source);
    expect(report.counts).toMatchObject({ users: { create: 3 }, groups: { create: 2 } });
    expect(await world.active()).toEqual(['p000', 'p001', 'p002']);
    expect(await world.teams()).toEqual(['blue: ', 'red: p000, p001']);
    const before = await eventCount();
    const again = await world.run(source.toReversed());
    expect(again.counts).toMatchObject({ users: { create: 0, update: 0, delete: 0 } });
    expect(await eventCount()).toBe(before);
    expect(new FoldedLog(await world.log()).contradictions).toEqual([]);
  });

  it('removes nobody because of one complete listing, and somebody after the second', async () => {
    await fresh();
    await world.run([...people(12), ...team('red', 'p000', 'p011')]);
    const short = [...people(11), ...team('red', 'p000')];
    const first = await world.run(short);
    expect(first.awaitingConfirmation).toBe(2);
    expect(await world.active()).toHaveLength(12);
    const second = await world.run(short);
    expect(deletions(second.items)).toEqual([['p011', expect.stringContaining('2 complete runs in a row')]]);
    expect(await world.active()).toHaveLength(11);
    expect(await world.teams()).toEqual(['red: p000']);
  });

  it('leaves the members of a group alone that was not shown itself', async () => {
    await fresh();
    await world.run([...people(3), ...team('red', 'p000', 'p001'), ...team('blue', 'p002')]);
    const cut = [...people(3), ...team('blue')];
    for (let i = 0; i < 3; i++) await world.run(cut, { complete: ['users', 'memberships'] });
    expect(await world.teams()).toEqual(['blue: ', 'red: p000, p001']);
  });

  it('forgets an absence when the person is back', async () => {
    await fresh();
    await world.run(people(12));
    await world.run(people(11));
    await world.run(people(12));
    await world.run(people(11));
    expect(await world.active()).toHaveLength(12);
  });

  it('removes at once what a look-up proves to be gone, and nobody whom it finds', async () => {
    await fresh();
    await world.run(people(12));
    const lookUp = (_: string, ids: readonly string[]): Promise<Map<string, SnapshotFinding>> =>
      Promise.resolve(new Map(ids.map((id) => [id, id === 'p010' ? 'gone' : 'present'])));
    for (let i = 0; i < 3; i++) await world.run(people(11).slice(0, 10).concat(), { lookUp });
    expect(await world.active()).toEqual(expect.arrayContaining(['p011']));
    expect(await world.active()).not.toContain('p010');
  });

  it('keeps whom the source refuses to say anything of, until it does', async () => {
    await fresh();
    await world.run(people(12));
    let answer: SnapshotFinding = 'unanswered';
    const lookUp = (_: string, ids: readonly string[]): Promise<Map<string, SnapshotFinding>> =>
      Promise.resolve(new Map(ids.map((id) => [id, answer])));
    for (let i = 0; i < 4; i++) await world.run(people(11), { lookUp });
    expect(await world.active()).toHaveLength(12);
    answer = 'gone';
    await world.run(people(11), { lookUp });
    expect(await world.active()).toHaveLength(11);
  });

  it('keeps the state of those whose state the source does not show, and gives newcomers what it says', async () => {
    await fresh();
    await world.run([...people(3), person('idle', { active: false, stateReason: 'suspended' })]);
    const untold = { active: true, stateReason: null, isStateUntold: true } as const;
    const again = [...people(3), person('idle', { ...untold, jobTitle: 'Lead' }), person('new', untold)];
    await world.run(again);
    expect(await world.active()).toEqual(['new', 'p000', 'p001', 'p002']);
    await world.run([...people(3), person('idle'), person('new')]);
    expect(await world.active()).toContain('idle');
  });

  it('removes nobody by absence when a stream was not read to its end', async () => {
    await fresh();
    await world.run(people(12));
    for (let i = 0; i < 3; i++) await world.run(people(11), { complete: [] });
    expect(await world.active()).toHaveLength(12);
  });

  it('does not believe a listing that is shorter than the source says, or that has collapsed', async () => {
    await fresh();
    await world.run(people(30));
    for (let i = 0; i < 3; i++) await world.run(people(26), { totals: { user: 30 } });
    expect(await world.active()).toHaveLength(30);
    const collapsed = await world.run(people(20));
    expect(collapsed.counts).toMatchObject({ warnings: [expect.stringContaining('20 users after 26')] });
    expect(await world.active()).toHaveLength(30);
  });

  it('keeps the last good state of a record that cannot be read, and everybody when not even its id can', async () => {
    await fresh();
    await world.run(people(12));
    const broken = { kind: 'invalid', of: 'user', id: 'p011', problem: 'no' } as const;
    for (let i = 0; i < 3; i++) await world.run([...people(11), broken]);
    expect(await world.active()).toHaveLength(12);
    for (let i = 0; i < 3; i++) await world.run([...people(11), { ...broken, id: null }]);
    expect(await world.active()).toHaveLength(12);
  });

  it('takes the word of a source that says somebody is gone or inactive', async () => {
    await fresh();
    await world.run([...people(12), ...team('red', 'p000', 'p001')]);
    const { items } = await world.run(
      [
        { kind: 'removed', of: 'user', id: 'p000', reason: 'deleted' },
        person('p001', { active: false, stateReason: 'suspended' }),
        { kind: 'removed_member', groupId: 'red', member: { id: 'p001', kind: 'user' } },
      ],
      { mode: 'incremental' },
    );
    expect(deletions(items)).toEqual([['p000', 'The source says that it is gone.']]);
    expect(await world.active()).toEqual(
      people(10, 2).map((record) => (record.kind === 'user' ? record.user.sourceId : '')),
    );
    expect(await world.teams()).toEqual(['red: ']);
  });

  it('holds a mass removal, lets everything else through, and applies it when approved', async () => {
    await fresh();
    await world.run(people(40));
    const left = people(24, 16);
    // Not believed, then missing for the first time, then for the second.
    for (let i = 0; i < 2; i++) await world.run([...left, person('new1')]);
    const held = await world.run([...left, person('new1'), person('new2')]);
    expect(held.holdId).toEqual(expect.any(String));
    const waiting = held.items.filter(({ action }) => action === 'held');
    expect(waiting[0]?.detail).toMatch(/^Waits for approval\. The source lists it no more/);
    expect(await world.active()).toHaveLength(42);
    await world.holds.approve(world.ref.environmentId, String(held.holdId), 'api_key_x');
    expect(await world.active()).toHaveLength(26);
    expect(new FoldedLog(await world.log()).contradictions).toEqual([]);
  });

  it('expands groups in groups once, whatever circles they run in', async () => {
    await fresh();
    await world.run([
      ...people(4),
      ...team('all', '@red', '@blue', 'p003'),
      ...team('red', 'p000', '@blue'),
      ...team('blue', 'p001', '@all'),
    ]);
    const everybody = 'p000, p001, p003';
    expect(await world.teams()).toEqual([`all: ${everybody}`, `blue: ${everybody}`, `red: ${everybody}`]);
    await world.run(
      [{ kind: 'members', groupId: 'blue', replaces: true, members: [{ id: 'p002', kind: 'user' }] }],
      { mode: 'incremental' },
    );
    expect(await world.teams()).toEqual(['all: p000, p002, p003', 'blue: p002', 'red: p000, p002']);
  });

  it('lets members wait for people who come later', async () => {
    await fresh();
    await world.run([...people(1), ...team('red', 'p000', 'late')]);
    expect(await world.teams()).toEqual(['red: p000']);
    await world.run([person('late')], { mode: 'incremental' });
    expect(await world.teams()).toEqual(['red: late, p000']);
  });

  it('lets two people pass a name on, and somebody else in without the one that is kept', async () => {
    await fresh();
    await world.run([person('a', { userName: 'one' }), person('b', { userName: 'two' })]);
    const report = await world.run([
      person('a', { userName: 'two' }),
      person('b', { userName: 'three' }),
      person('c', { userName: 'Three' }),
    ]);
    expect(await world.active()).toEqual(['c', 'three', 'two']);
    expect(report.counts).toMatchObject({ users: { refused: 0 } });
    expect(report.items.filter((item) => item.action === 'warning')).toMatchObject([{ sourceId: 'c' }]);
  });

  it('keeps an attribute that a fifth of all people would lose', async () => {
    await fresh();
    await world.run(Array.from({ length: 20 }, (_, i) => person(`p${i}`, { jobTitle: 'Engineer' })));
    const report = await world.run(Array.from({ length: 20 }, (_, i) => person(`p${i}`)));
    expect(report.counts).toMatchObject({ warnings: [expect.stringContaining('jobTitle')] });
    const titles = await db.database.query({
      text: 'SELECT DISTINCT job_title FROM directory_users WHERE directory_id = $1',
      values: [world.ref.directoryId],
    });
    expect(titles).toEqual([{ job_title: 'Engineer' }]);
  });

  it('lets addresses that are hidden of everybody hold nothing back, and keeps the names made of them', async () => {
    await fresh();
    const all = (fields: Partial<SnapshotUser>): SnapshotRecord[] =>
      Array.from({ length: 20 }, (_, i) => person(`p${i}`, { userName: null, ...fields }));
    await world.run(all({}));
    const hidden = all({ email: null, emails: [] }).slice(1);
    const report = await world.run([...hidden, { kind: 'removed', of: 'user', id: 'p0', reason: 'deleted' }]);
    expect(report).toMatchObject({ holdId: null, counts: { users: { delete: 1, held: 0 } } });
    const rows = await db.database.query<{ user_name: string; email: string; emails: unknown[] }>({
      text: `SELECT user_name, email, emails FROM directory_users
        WHERE directory_id = $1 AND deleted_at IS NULL ORDER BY id`,
      values: [world.ref.directoryId],
    });
    expect(rows).toHaveLength(19);
    expect(rows.every((row) => row.user_name === row.email && row.emails.length === 1)).toBe(true);
  });

  it('applies a dated state when its time has come', async () => {
    await fresh();
    const upcoming = { at: '2020-01-01T00:00:00.000Z', active: false, stateReason: 'terminated' as const };
    await world.run([person('a', { upcoming }), person('b')]);
    expect(await world.snapshots.applyDueTransitions(10)).toBe(1);
    expect(await world.active()).toEqual(['b']);
    expect(await world.snapshots.applyDueTransitions(10)).toBe(0);
  });

  it('plans what it would do and does nothing', async () => {
    await fresh();
    await world.run(people(12));
    await world.run(people(11));
    const before = await eventCount();
    const run = world.newRun();
    await world.snapshots.stage(run, [...people(11), person('new')], allowed);
    const plan = await world.snapshots.plan(run, { complete: ['users'] });
    expect(plan.counts).toMatchObject({ users: { create: 1, delete: 1 } });
    expect(plan.items.map((item) => `${item.action} ${item.label}`)).toEqual(['create new', 'delete p011']);
    expect(deletions(plan.items)).toEqual([['p011', expect.stringContaining('lists it no more')]]);
    expect(await eventCount()).toBe(before);
    expect(await world.active()).toHaveLength(12);
  });

  it('writes nothing for somebody who has lost the lease', async () => {
    await fresh();
    const lost = (): Promise<void> => Promise.reject(new Error('lease lost'));
    await expect(world.snapshots.stage(world.newRun(), people(1), lost)).rejects.toThrow('lease lost');
    const run = world.newRun();
    await world.snapshots.stage(run, people(1), allowed);
    await expect(world.snapshots.apply(run, { complete: ['users'] }, lost)).rejects.toThrow('lease lost');
    expect(await world.active()).toEqual([]);
  });

  it('goes on after it was killed at any statement, with the same events', async () => {
    const expected = await scenario();
    for (let at = 1; at < 400; at += 3) {
      const killed = await scenario(at);
      expect(killed.state).toEqual(expected.state);
      expect(killed.contradictions).toEqual([]);
      expect(killed.events).toBe(expected.events);
      if (!killed.wasKilled) return;
    }
    throw new Error('The run never came to its end without being killed');
  });

  /** Two runs; the second is killed at a statement of its application, and goes on with the same run. */
  async function scenario(
    killAt = Infinity,
  ): Promise<{ state: unknown; contradictions: string[]; events: number; wasKilled: boolean }> {
    const database = new MortalDatabase(db.pool);
    world = await snapshotWorld(db, { database });
    const alone = (...members: string[]): SnapshotRecord[] => team('alone', ...members);
    const nested = (...members: string[]): SnapshotRecord[] => [
      ...team('red', ...members),
      ...team('blue', '@red'),
    ];
    await world.run([...people(12), ...nested('p000', 'p001', 'p011'), ...alone('p002', 'p003')]);
    await world.run([...people(11), ...nested('p000', 'p001'), ...alone('p002')]);
    const run = world.newRun();
    const source = [...people(11), person('new'), person('p005', { jobTitle: 'Lead' })];
    await world.snapshots.stage(
      run,
      [person('p005', { jobTitle: 'Lead' }), ...source, ...nested('p000', 'new'), ...alone('p002', 'p004')],
      allowed,
    );
    const facts = { complete: ['users', 'groups', 'memberships'] as const };
    database.statementsLeft = killAt;
    const wasKilled = await world.snapshots.apply(run, facts, allowed).then(
      () => false,
      () => true,
    );
    database.statementsLeft = Infinity;
    if (wasKilled) await world.snapshots.apply(run, facts, allowed);
    const folded = new FoldedLog(await world.log());
    const state = [await world.active(), await world.teams()];
    return { state, contradictions: folded.contradictions, events: await eventCount(), wasKilled };
  }
});

/** Who was removed, and by what proof. */
function deletions(items: readonly SnapshotItem[]): unknown[] {
  return items.filter(({ action }) => action === 'delete').map(({ label, detail }) => [label, detail]);
}
