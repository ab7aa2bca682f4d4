import { isJsonObject, type JsonValue } from '#kernel';

/** So many may go at once: the larger of `count` and `percent` of what there was. */
export interface Limit {
  readonly count: number;
  readonly percent: number;
}

export interface Limits {
  readonly users: Limit;
  readonly groups: Limit;
  readonly memberships: Limit;
}

/** How the removal guard of one directory judges. There is no policy that switches it off. */
export interface GuardPolicy {
  /** What happens above a limit: wait for approval, or let it through and say so. */
  readonly action: 'hold' | 'alert_only';
  /** Per run of a pulled source. */
  readonly pull: Limits;
  /** Per hour of pushed traffic. */
  readonly push: Limits;
  /** Up to this share of everything passes without approval, until then. Null when no such time runs. */
  readonly relaxed: { readonly percent: number; readonly since: string } | null;
  /** A hold that nobody decides is approved after so many hours; null waits for ever. */
  readonly releaseAfterHours: number | null;
}

export const DEFAULT_POLICY: GuardPolicy = {
  action: 'hold',
  pull: {
    users: { count: 10, percent: 10 },
    groups: { count: 5, percent: 20 },
    memberships: { count: 50, percent: 20 },
  },
  push: {
    users: { count: 25, percent: 50 },
    groups: { count: 10, percent: 50 },
    memberships: { count: 100, percent: 50 },
  },
  relaxed: null,
  releaseAfterHours: null,
};

/** How far limits can be moved. A count may be ten times the default, a share half again, at most 75 %. */
export const POLICY_BOUNDS = {
  pull: {
    users: { count: 100, percent: 30 },
    groups: { count: 50, percent: 50 },
    memberships: { count: 500, percent: 50 },
  },
  push: {
    users: { count: 250, percent: 75 },
    groups: { count: 100, percent: 75 },
    memberships: { count: 1_000, percent: 75 },
  },
  releaseAfterHours: 720,
} as const;

/** The longest time for which limits can be relaxed. */
export const RELAXED_HOURS = 24;

/**
 * The policy in a directory's `config.guard` as it holds at `now`. What is missing has its default, what is out of
 * bounds counts as the bound: nothing that stands there can switch the guard off.
 */
export function readPolicy(config: JsonValue | undefined, now: Date): GuardPolicy {
  const guard = fieldOf(config, 'guard');
  const hours = numberOf(fieldOf(guard, 'release_after_hours'));
  return {
    action: fieldOf(guard, 'action') === 'alert_only' ? 'alert_only' : 'hold',
    pull: readLimits(fieldOf(guard, 'pull'), 'pull'),
    push: readLimits(fieldOf(guard, 'push'), 'push'),
    relaxed: readRelaxed(fieldOf(guard, 'relaxed'), now),
    releaseAfterHours: hours === undefined ? null : within(hours, 1, POLICY_BOUNDS.releaseAfterHours),
  };
}

function readLimits(value: JsonValue | undefined, side: 'pull' | 'push'): Limits {
  const read = (kind: keyof Limits): Limit => {
    const limit = fieldOf(value, kind);
    const bound = POLICY_BOUNDS[side][kind];
    const initial = DEFAULT_POLICY[side][kind];
    return {
      count: within(numberOf(fieldOf(limit, 'count')) ?? initial.count, 0, bound.count),
      percent: within(numberOf(fieldOf(limit, 'percent')) ?? initial.percent, 0, bound.percent),
    };
  };
  return { users: read('users'), groups: read('groups'), memberships: read('memberships') };
}

function readRelaxed(value: JsonValue | undefined, now: Date): GuardPolicy['relaxed'] {
  const percent = numberOf(fieldOf(value, 'percent'));
  const since = fieldOf(value, 'since');
  if (percent === undefined || typeof since !== 'string') return null;
  const age = now.getTime() - Date.parse(since);
  const runs = age >= 0 && age < RELAXED_HOURS * 3_600_000;
  return runs ? { percent: within(percent, 1, 100), since } : null;
}

function fieldOf(value: JsonValue | undefined, name: string): JsonValue | undefined {
  return isJsonObject(value) ? value[name] : undefined;
}

function numberOf(value: JsonValue | undefined): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

function within(value: number, min: number, max: number): number {
  return Math.min(Math.max(value, min), max);
}
