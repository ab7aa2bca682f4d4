import type { GuardPolicy, Limit } from './policy.js';

/** What a directory held before the removals, in effect. */
export interface Before {
  readonly activeUsers: number;
  readonly groups: number;
  readonly memberships: number;
}

/** What one run of a pulled source would remove. */
export interface RunRemovals {
  /** Deactivated, deleted or out of scope, each once. */
  readonly users: number;
  /** What they count, where that is less: the source itself has said so of some. */
  readonly usersWeight?: number;
  readonly groups: number;
  /** Without those that go with a user or a group counted above. */
  readonly memberships: number;
  /** Users whose user name, e-mail address or external id changes or is cleared. */
  readonly identityChanges: number;
  /** Collections (all users, all groups, the members of one group) that the run would leave empty. */
  readonly emptied: readonly { readonly name: string; readonly members: number }[];
}

/** What was removed by push within the last hour. */
export interface WindowCounts {
  readonly users: number;
  readonly groups: number;
  readonly memberships: number;
  readonly identities: number;
}

export type RemovalKind = keyof WindowCounts;

export interface Verdict {
  readonly hold: boolean;
  /** One sentence for each limit that is exceeded, also when the policy only alerts. */
  readonly reasons: readonly string[];
}

/** Directories so small that a share says nothing: pulled ones may lose 5 of up to 20 users. */
const SMALL_PULL = { users: 20, limit: { count: 5, percent: 0 } };
/** Pushed ones of up to 50 users: the larger of 5 and 20 %. */
const SMALL_PUSH = { users: 50, limit: { count: 5, percent: 20 } };
/** A collection of so many members must not become empty in one run. */
const COLLECTION = 5;

const NOTHING_WAITS: WindowCounts = { users: 0, groups: 0, memberships: 0, identities: 0 };

/**
 * Judges one complete run of a pulled source, before anything of it is applied. What waits for approval since earlier runs
 * counts along, so that an accident does not come through in pieces; only as many as may always go pass beside it.
 */
export function judgeRun(
  policy: GuardPolicy,
  before: Before,
  { removals, waiting = NOTHING_WAITS }: { readonly removals: RunRemovals; readonly waiting?: WindowCounts },
): Verdict {
  const { relaxed, pull } = policy;
  const users = before.activeUsers <= SMALL_PULL.users ? stricter(pull.users, SMALL_PULL.limit) : pull.users;
  const period = 'in one run';
  const reasons = [
    exceeds({
      what: 'users',
      waiting: waiting.users,
      count: removals.users,
      weight: removals.usersWeight,
      of: before.activeUsers,
      limit: users,
      relaxed,
      period,
    }),
    exceeds({
      what: 'groups',
      waiting: waiting.groups,
      count: removals.groups,
      of: before.groups,
      limit: pull.groups,
      relaxed,
      period,
    }),
    exceeds({
      what: 'memberships',
      waiting: waiting.memberships,
      count: removals.memberships,
      of: before.memberships,
      limit: pull.memberships,
      relaxed,
      period,
    }),
    exceeds({
      what: 'identities',
      waiting: waiting.identities,
      count: removals.identityChanges,
      of: before.activeUsers,
      limit: users,
      relaxed,
      period,
    }),
    ...(relaxed?.percent === 100 ? [] : removals.emptied.map(emptied)),
  ];
  return verdict(policy, reasons);
}

/**
 * Judges the next removals of one kind that a push asks for, all or none of them.
 * @param before undefined when it was not counted; then only `isHarmless` may have asked.
 */
export function judgeWindow(
  policy: GuardPolicy,
  before: Before,
  asked: { readonly kind: RemovalKind; readonly counts: WindowCounts; readonly next: number },
): Verdict {
  const { kind, counts, next } = asked;
  const of = {
    users: before.activeUsers,
    identities: before.activeUsers,
    groups: before.groups,
    memberships: before.memberships,
  }[kind];
  const limit = pushLimit(policy, kind, before.activeUsers);
  const reason = exceeds({
    what: kind,
    count: counts[kind] + next,
    of,
    limit,
    relaxed: policy.relaxed,
    period: 'within one hour',
  });
  return verdict(policy, [reason]);
}

/** Whether so few are removed that no directory's limit is reached, whatever its size. */
export function isHarmless(policy: GuardPolicy, kind: RemovalKind, count: number): boolean {
  return count <= pushLimit(policy, kind, 0).count;
}

/**
 * How many memberships a run's directory has to have for its removals to pass beside those that wait; Infinity when no
 * number is enough.
 */
export function enoughMemberships(
  { pull, relaxed }: GuardPolicy,
  { removed, waiting }: { readonly removed: number; readonly waiting: number },
): number {
  if (removed <= pull.memberships.count) return 0;
  const share = Math.max(pull.memberships.percent, relaxed?.percent ?? 0);
  // One more, so that rounding holds nothing back.
  return share === 0 ? Infinity : Math.ceil(((removed + waiting) * 100) / share) + 1;
}

function pushLimit({ push }: GuardPolicy, kind: RemovalKind, activeUsers: number): Limit {
  if (kind === 'groups' || kind === 'memberships') return push[kind];
  return activeUsers <= SMALL_PUSH.users ? stricter(push.users, SMALL_PUSH.limit) : push.users;
}

function stricter(one: Limit, other: Limit): Limit {
  return { count: Math.min(one.count, other.count), percent: Math.min(one.percent, other.percent) };
}

const WORDS: Record<RemovalKind, [noun: string, verb: string, of: string]> = {
  users: ['users', 'would be removed or deactivated', 'active users'],
  groups: ['groups', 'would be removed', 'groups'],
  memberships: ['memberships', 'would be removed', 'memberships'],
  identities: ['users', 'would get another user name, e-mail address or external id', 'active users'],
};

function exceeds(asked: {
  readonly what: RemovalKind;
  readonly count: number;
  readonly weight?: number | undefined;
  /** As many wait for approval already. */
  readonly waiting?: number;
  readonly of: number;
  readonly limit: Limit;
  readonly relaxed: GuardPolicy['relaxed'];
  readonly period: string;
}): string | undefined {
  const { what, count, weight = count, waiting = 0, of, limit, relaxed, period } = asked;
  const share = Math.max(limit.percent, relaxed?.percent ?? 0);
  const allowed = Math.max(limit.count, (share * of) / 100);
  if (weight <= limit.count || weight + waiting <= allowed) return undefined;
  const [noun, verb, whole] = WORDS[what];
  const counted = weight === count ? '' : ` and count as ${weight}, for the source has said so itself`;
  const beside = waiting === 0 ? '' : `, while ${waiting} wait already`;
  return `${count} ${noun} ${verb} ${period}${counted}${beside}; the limit is ${Math.floor(allowed)} (of ${of} ${whole}).`;
}

function emptied({ name, members }: { readonly name: string; readonly members: number }): string | undefined {
  return members >= COLLECTION ? `${name} would lose all of its ${members} members in one run.` : undefined;
}

function verdict(policy: GuardPolicy, found: readonly (string | undefined)[]): Verdict {
  const reasons = found.filter((reason) => reason !== undefined);
  return { hold: reasons.length > 0 && policy.action === 'hold', reasons };
}
