import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { STALE_TOKEN } from '../fake-source/fake-server.js';
import type { ReadResult } from '../read-source.js';
import { hasGroups, openWorld, type ConformanceFake, type Subject, type World } from './conformance-world.js';

/** What an incremental run has to show after a full one; the tenant has seven people and seven groups of four. */
export function conformsIncrementally(subject: Subject): void {
  const { fake } = subject;
  let w: World;
  let full: ReadResult;
  beforeEach(async () => {
    w = await openWorld(subject);
    full = await w.read();
    w.time.advance(3_600_000);
    w.server.calm();
  });
  afterEach(() => w.server.close());

  const incremental = (cursors = full.cursors): Promise<ReadResult> =>
    w.read({ mode: 'incremental', cursors });

  it('finds nothing when nothing has changed, and proves no absence', async () => {
    const result = await incremental();
    expect(result).toMatchObject({ complete: true, error: null, covered: [] });
    expect(result.users.size + result.groups.size + result.members.size).toBe(0);
  });

  it('finds who was changed and who came', async () => {
    w.tenant.change(3, { title: 'Director' });
    const added = w.tenant.addUser();
    const { users } = await incremental();
    expect([...users.keys()].sort()).toEqual([fake.userId(3), fake.userId(added)].sort());
    expect(users.get(fake.userId(3))?.jobTitle).toBe('Director');
  });

  it(`${fake.statesRemovals ? 'is told' : 'is not told'} of people and groups that were deleted`, async () => {
    w.tenant.remove('user', 4);
    const expected = [`user:${fake.userId(4)}`];
    if (hasGroups(fake)) {
      w.tenant.remove('group', 6);
      expected.push(`group:${fake.groupId(6)}`);
    }
    const { removed } = await incremental();
    const told = removed.map((text) => text.split(' ')[0]);
    expect(told).toEqual(fake.statesRemovals ? expect.arrayContaining(expected) : []);
  });

  if (hasGroups(fake)) conformsInGroups(fake, () => w, incremental);

  it('goes on from its own cursors', async () => {
    w.tenant.change(3, { title: 'Director' });
    // Longer than any overlap.
    w.time.advance(3_600_000);
    const second = await incremental();
    expect(second.cursors.size).toBeGreaterThan(0);
    w.time.advance(3_600_000);
    w.tenant.change(5, { title: 'Chair' });
    const third = await incremental(new Map([...full.cursors, ...second.cursors]));
    expect([...third.users.keys()]).toEqual([fake.userId(5)]);
  });

  it('goes on from every checkpoint', async () => {
    for (let index = 0; index < 7; index++) w.tenant.change(index, { title: 'Chair' });
    const whole = await incremental();
    expect(whole.users.size).toBe(7);
    expect(whole.checkpoints.length).toBeGreaterThan(0);
    for (const from of whole.checkpoints) {
      const resumed = await w.read({ mode: 'incremental', cursors: full.cursors, from });
      expect(resumed.users).toEqual(whole.users);
      expect([...resumed.cursors.keys()]).toEqual(expect.arrayContaining([from.stream]));
    }
  });

  it('reads whole what has no cursor', async () => {
    const result = await incremental(new Map());
    expect(result.complete).toBe(true);
    expect([result.users, result.groups, result.members]).toEqual([full.users, full.groups, full.members]);
    expect(result.covered).toEqual(full.covered);
  });

  if (fake.forgetsCursors === false) return;

  it('reads whole when the vendor has forgotten the cursors', async () => {
    const spoiled = [...full.cursors].map(([id, cursor]): [string, typeof cursor] => [
      id,
      spoil(cursor) as typeof cursor,
    ]);
    const result = await incremental(new Map(spoiled));
    expect(result.complete).toBe(true);
    expect(result.restarts.length).toBeGreaterThan(0);
  });
}

/** What an incremental run has to show of groups. */
function conformsInGroups(
  fake: ConformanceFake,
  world: () => World,
  incremental: () => Promise<ReadResult>,
): void {
  it('finds a renamed group', async () => {
    world().tenant.rename(2, 'Night shift');
    const { groups } = await incremental();
    expect([...groups.values()].map(({ name }) => name)).toEqual(['Night shift']);
  });

  it('finds who joined and who left a group', async () => {
    world().tenant.addMember(1, { kind: 'user', index: 5 });
    world().tenant.removeMember(1, { kind: 'user', index: 0 });
    const group = fake.groupId(1);
    const result = await incremental();
    expect(result.members).toContain(`${group} > user:${fake.userId(5)}`);
    const isGone = `${group} > user:${fake.userId(0)}`;
    // Either the removal is stated, or the whole new list is there without the one who left.
    expect(result.replaced.includes(group) || result.removedMembers.includes(isGone)).toBe(true);
    expect(result.members).not.toContain(isGone);
  });
}

/** Replaces the vendor's tokens inside a cursor by one that nobody made. */
function spoil(cursor: unknown): unknown {
  return JSON.parse(
    JSON.stringify(cursor).replaceAll(/(token=|after=)[^&"]+/gi, `$1${STALE_TOKEN}`),
  ) as unknown;
}
