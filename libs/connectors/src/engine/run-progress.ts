import { isJsonObject, type JsonObject } from '#kernel';
import type { StreamProgress, SyncRun } from './sync-run.js';

/** How far the application of a run is, in changes of people, groups and memberships. */
export interface RunProgress {
  readonly done: number;
  readonly total: number;
  /** When this worker began to apply, ISO 8601. */
  readonly since: string;
}

/**
 * What the directory tells while a run is applied, as one of the run's `counts`; in the end its report takes their place.
 * @param save stores it; what it throws ends the application
 */
export function progressOf(
  since: Date,
  save: (told: JsonObject) => Promise<void>,
): (progress: { readonly done: number; readonly total: number }) => Promise<void> {
  return ({ done, total }) => save({ progress: { done, total, since: since.toISOString() } });
}

/** Undefined while nothing is applied, and when that has taken no second yet. */
export function progressIn({ status, counts }: SyncRun): RunProgress | undefined {
  const { progress } = counts;
  if (status !== 'applying' || !isJsonObject(progress)) return undefined;
  return progress as unknown as RunProgress;
}

/**
 * Seconds until everything is fetched, and then until it is applied, by the pace so far; null while that is a guess without
 * ground.
 */
export function secondsLeft(run: SyncRun, now: Date): number | null {
  const progress = progressIn(run);
  if (progress) return atThePaceOf({ ...progress, now });
  const total = knownTotal(run);
  if (run.status !== 'fetching' || run.startedAt === null || total === null) return null;
  return atThePaceOf({ since: run.startedAt, now, done: run.records, total });
}

function atThePaceOf(pace: {
  readonly since: string;
  readonly now: Date;
  readonly done: number;
  readonly total: number;
}): number | null {
  const { since, now, done, total } = pace;
  if (done === 0) return null;
  const elapsed = (now.getTime() - Date.parse(since)) / 1_000;
  return Math.max(Math.round((elapsed / done) * (total - done)), 0);
}

/** Totals that the source names win over what the last whole read had. */
export function knownTotal(run: SyncRun): number | null {
  if (run.streams.length > 0 && run.streams.every((stream) => stream.total !== null || isRead(stream)))
    return run.streams.reduce((sum, stream) => sum + Math.max(stream.total ?? 0, stream.records), 0);
  return run.mode === 'incremental' ? null : run.expected;
}

function isRead(stream: StreamProgress): boolean {
  return stream.state !== 'reading';
}
