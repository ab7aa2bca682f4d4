import type { Before, RemovalKind, WindowCounts } from './judge.js';

/** What one minute of pushed traffic removed; `minute` counts from 1970. */
type Bucket = WindowCounts & { readonly minute: number };

/** The last hour of a directory as it is stored; plain JSON. */
export interface RemovalWindow {
  readonly buckets: readonly Bucket[];
  /** What there was before the first removal of this hour; counted once, when first needed. */
  readonly before: (Before & { readonly minute: number }) | null;
  /** When an exceeded limit was last told under the policy `alert_only`. */
  readonly alertedMinute: number | null;
}

export const EMPTY_WINDOW: RemovalWindow = { buckets: [], before: null, alertedMinute: null };

const MINUTES = 60;
const NOTHING: WindowCounts = { users: 0, groups: 0, memberships: 0, identities: 0 };

/** The window without what is older than an hour. Minutes are kept whole, so a removal counts for 60 to 61 minutes. */
export function slide(window: RemovalWindow, now: Date): RemovalWindow {
  const oldest = minuteOf(now) - MINUTES;
  return {
    buckets: window.buckets.filter(({ minute }) => minute >= oldest),
    before: window.before && window.before.minute >= oldest ? window.before : null,
    alertedMinute: (window.alertedMinute ?? 0) >= oldest ? window.alertedMinute : null,
  };
}

export function countsOf(window: RemovalWindow): WindowCounts {
  const total = { ...NOTHING };
  for (const bucket of window.buckets)
    for (const kind of Object.keys(NOTHING) as RemovalKind[]) total[kind] += bucket[kind];
  return total;
}

/** Whether what was counted at `countedAt` still stands in the window. */
export function isCounted(window: RemovalWindow, countedAt: string | undefined): boolean {
  if (countedAt === undefined) return false;
  const minute = minuteOf(new Date(countedAt));
  return window.buckets.some((bucket) => bucket.minute === minute);
}

/** Counts removals. Whoever was counted at `countedAt` before is moved, not counted twice. */
export function count(
  window: RemovalWindow,
  removals: { readonly kind: RemovalKind; readonly number: number; readonly countedAt?: string | undefined },
  now: Date,
): RemovalWindow {
  const buckets = new Map(window.buckets.map((bucket) => [bucket.minute, bucket]));
  const add = (minute: number, number: number): void => {
    const bucket = buckets.get(minute) ?? { ...NOTHING, minute };
    buckets.set(minute, { ...bucket, [removals.kind]: bucket[removals.kind] + number });
  };
  if (removals.countedAt !== undefined && isCounted(window, removals.countedAt))
    add(minuteOf(new Date(removals.countedAt)), -removals.number);
  add(minuteOf(now), removals.number);
  return { ...window, buckets: [...buckets.values()] };
}

export function withBefore(window: RemovalWindow, before: Before, now: Date): RemovalWindow {
  return { ...window, before: { ...before, minute: minuteOf(now) } };
}

export function withAlert(window: RemovalWindow, now: Date): RemovalWindow {
  return { ...window, alertedMinute: minuteOf(now) };
}

function minuteOf(time: Date): number {
  return Math.floor(time.getTime() / 60_000);
}
