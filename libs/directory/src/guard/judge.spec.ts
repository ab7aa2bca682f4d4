import { describe, expect, it } from '@jest/globals';
import { isHarmless, judgeRun, judgeWindow, type RemovalKind, type RunRemovals } from './judge.js';
import { DEFAULT_POLICY, readPolicy } from './policy.js';

const NONE: RunRemovals = { users: 0, groups: 0, memberships: 0, identityChanges: 0, emptied: [] };
const NO_ONE = { users: 0, groups: 0, memberships: 0, identities: 0 };
type Waiting = typeof NO_ONE;
const LARGE = { activeUsers: 1_000, groups: 100, memberships: 10_000 };

describe('judgeRun', () => {
  it.each<[string, Partial<typeof LARGE>, Partial<RunRemovals>, boolean]>([
    ['10 % of the users', {}, { users: 100 }, false],
    ['more than 10 %', {}, { users: 101 }, true],
    ['10 of 50', { activeUsers: 50 }, { users: 10 }, false],
    ['11 of 50', { activeUsers: 50 }, { users: 11 }, true],
    ['5 of 20', { activeUsers: 20 }, { users: 5 }, false],
    ['6 of 20', { activeUsers: 20 }, { users: 6 }, true],
    ['10 of 21', { activeUsers: 21 }, { users: 10 }, false],
    ['11 of 21', { activeUsers: 21 }, { users: 11 }, true],
    ['20 % of the groups', {}, { groups: 20 }, false],
    ['more than 20 % of the groups', {}, { groups: 21 }, true],
    ['5 of 6 groups', { groups: 6 }, { groups: 5 }, false],
    ['6 of 6 groups', { groups: 6 }, { groups: 6 }, true],
    ['20 % of the memberships', {}, { memberships: 2_000 }, false],
    ['more than 20 % of the memberships', {}, { memberships: 2_001 }, true],
    ['50 of 60 memberships', { memberships: 60 }, { memberships: 50 }, false],
    ['51 of 60 memberships', { memberships: 60 }, { memberships: 51 }, true],
    ['identities of 10 %', {}, { identityChanges: 100 }, false],
    ['identities of more', {}, { identityChanges: 101 }, true],
    ['a group of 4 emptied', {}, { emptied: [{ name: 'Four', members: 4 }] }, false],
    ['a group of 5 emptied', {}, { emptied: [{ name: 'Five', members: 5 }] }, true],
  ])('%s', (...[, before, removals, hold]) => {
    const verdict = judgeRun(DEFAULT_POLICY, { ...LARGE, ...before }, { removals: { ...NONE, ...removals } });
    expect(verdict.hold).toBe(hold);
    expect(verdict.reasons).toHaveLength(hold ? 1 : 0);
  });

  it.each<[string, Partial<RunRemovals>, Partial<Waiting>, boolean]>([
    ['70 more, each run within its limit', { users: 70 }, { users: 120 }, true],
    ['what makes 10 % together', { users: 70 }, { users: 30 }, false],
    ['one more than 10 % together', { users: 71 }, { users: 30 }, true],
    ['10, who may always go', { users: 10 }, { users: 900 }, false],
    ['11, who may not', { users: 11 }, { users: 900 }, true],
    ['those whom the source itself says are gone', { users: 20, usersWeight: 10 }, { users: 900 }, false],
    ['others than those who wait', { groups: 20, users: 100 }, { memberships: 9_000 }, false],
    ['groups', { groups: 11 }, { groups: 10 }, true],
    ['memberships', { memberships: 51 }, { memberships: 1_950 }, true],
    ['identities', { identityChanges: 51 }, { identities: 50 }, true],
  ])('judges with what waits already: %s', (...[, removals, waiting, hold]) => {
    const verdict = judgeRun(DEFAULT_POLICY, LARGE, {
      removals: { ...NONE, ...removals },
      waiting: { ...NO_ONE, ...waiting },
    });
    expect(verdict.hold).toBe(hold);
  });

  it('says how many wait already', () => {
    const waiting = { ...NO_ONE, users: 120 };
    expect(judgeRun(DEFAULT_POLICY, LARGE, { removals: { ...NONE, users: 70 }, waiting }).reasons).toEqual([
      '70 users would be removed or deactivated in one run, while 120 wait already; the limit is 100 (of 1000 active users).',
    ]);
  });

  it('gives the reasons and holds nothing where the policy only alerts', () => {
    const verdict = judgeRun({ ...DEFAULT_POLICY, action: 'alert_only' }, LARGE, {
      removals: { ...NONE, users: 500 },
    });
    expect(verdict).toEqual({
      hold: false,
      reasons: [
        '500 users would be removed or deactivated in one run; the limit is 100 (of 1000 active users).',
      ],
    });
  });
});

describe('judgeWindow', () => {
  it.each<[number, RemovalKind, number, boolean]>([
    [1_000, 'users', 500, false],
    [1_000, 'users', 501, true],
    [51, 'users', 25, false],
    [51, 'users', 26, true],
    [50, 'users', 10, false],
    [50, 'users', 11, true],
    [30, 'users', 6, false],
    [30, 'users', 7, true],
    [10, 'users', 5, false],
    [10, 'users', 6, true],
    [10, 'identities', 6, true],
  ])('of %i users %s %i', (...[activeUsers, kind, number, hold]) => {
    expect(judged({ ...LARGE, activeUsers }, kind, number)).toBe(hold);
  });

  it.each<[RemovalKind, number, number, boolean]>([
    ['groups', 100, 50, false],
    ['groups', 100, 51, true],
    ['groups', 11, 10, false],
    ['groups', 11, 11, true],
    ['memberships', 10_000, 5_000, false],
    ['memberships', 10_000, 5_001, true],
    ['memberships', 110, 100, false],
    ['memberships', 110, 101, true],
  ])('%s: of %i go %i', (...[kind, of, number, hold]) => {
    expect(judged({ activeUsers: 10, groups: of, memberships: of }, kind, number)).toBe(hold);
  });

  it('counts what has gone before', () => {
    const counts = { users: 6, groups: 0, memberships: 0, identities: 0 };
    const before = { ...LARGE, activeUsers: 30 };
    expect(judgeWindow(DEFAULT_POLICY, before, { kind: 'users', counts, next: 1 }).hold).toBe(true);
  });

  it('asks for no count while every directory would pass', () => {
    expect(isHarmless(DEFAULT_POLICY, 'users', 5)).toBe(true);
    expect(isHarmless(DEFAULT_POLICY, 'users', 6)).toBe(false);
  });
});

describe('readPolicy', () => {
  const now = new Date('2026-11-24T12:00:00.000Z');

  it('has no way to switch the guard off', () => {
    const huge = { users: { count: 1e9, percent: 1e9 }, groups: { count: 1e9 }, memberships: 'all' };
    const policy = readPolicy(
      { guard: { action: 'off', push: huge, pull: huge, release_after_hours: 0 } },
      now,
    );
    expect(policy.action).toBe('hold');
    expect(policy.push.users).toEqual({ count: 250, percent: 75 });
    expect(policy.pull.users).toEqual({ count: 100, percent: 30 });
    expect(policy.push.memberships).toEqual(DEFAULT_POLICY.push.memberships);
    expect(policy.releaseAfterHours).toBe(1);
  });

  it.each([
    ['2026-11-23T12:00:00.001Z', true],
    ['2026-11-23T12:00:00.000Z', false],
    ['2026-11-24T12:00:00.001Z', false],
    ['some day', false],
  ])('relaxes for 24 hours since %s: %s', (since, runs) => {
    const { relaxed } = readPolicy({ guard: { relaxed: { percent: 100, since } } }, now);
    expect(relaxed !== null).toBe(runs);
  });

  it('lets pass what the relaxed share allows', () => {
    const policy = readPolicy({ guard: { relaxed: { percent: 60, since: now.toISOString() } } }, now);
    expect(judgeRun(policy, LARGE, { removals: { ...NONE, users: 600 } }).hold).toBe(false);
    expect(judgeRun(policy, LARGE, { removals: { ...NONE, users: 601 } }).hold).toBe(true);
  });
});

function judged(before: typeof LARGE, kind: RemovalKind, next: number): boolean {
  return judgeWindow(DEFAULT_POLICY, before, { kind, counts: NO_ONE, next }).hold;
}
