import type { JsonObject, JsonValue } from '#kernel';
import type { SnapshotCoverage } from '#model';
import type { SourceErrorCode } from '../sdk/source-error.js';

export const RUN_STATUSES = [
  'queued',
  'fetching',
  'planning',
  'awaiting_approval',
  'applying',
  'succeeded',
  'partial',
  'failed',
  'cancelled',
  'previewed',
] as const;

/** docs/state-machines.md draws it. */
export type RunStatus = (typeof RUN_STATUSES)[number];
export type RunMode = 'full' | 'incremental' | 'preview';
export type RunTrigger = 'schedule' | 'manual';
/** Statuses that are final. */
export type RunOutcome = 'succeeded' | 'partial' | 'failed' | 'cancelled' | 'previewed';

/** Beyond what a source can report: our own fault, and the ways in which a run ends without one. */
export type RunErrorCode =
  SourceErrorCode | 'internal_error' | 'run_deadline' | 'cancelled' | 'superseded' | 'approval_expired';

/** Why a run is not what it should be. `message` and `remedy` are for the admin. */
export interface RunError {
  readonly code: RunErrorCode;
  readonly message: string;
  readonly remedy: string;
}

/** How far one stream was read. */
export interface StreamProgress {
  readonly id: string;
  readonly state: 'reading' | 'complete' | 'incomplete';
  readonly covers: readonly SnapshotCoverage[];
  /** Where to go on; null is the beginning. */
  readonly checkpoint: JsonValue | null;
  readonly pages: number;
  readonly records: number;
  /** Records of the whole stream, when the source says so. */
  readonly total: number | null;
  /** The cursor was no good, so the stream is read whole. */
  readonly isReset: boolean;
  /** How often reading had to begin again. */
  readonly restarts: number;
  /** What the end was proved by, or why the stream is incomplete. */
  readonly proof: string | null;
  readonly error: RunError | null;
  readonly cursor: JsonValue | null;
}

/** One pull from start to end. Times are ISO 8601 in UTC. */
export interface SyncRun {
  readonly environmentId: string;
  readonly directoryId: string;
  readonly id: string;
  readonly mode: RunMode;
  readonly trigger: RunTrigger;
  readonly status: RunStatus;
  readonly needsApproval: boolean;
  readonly streams: readonly StreamProgress[];
  readonly pages: number;
  readonly records: number;
  readonly invalid: number;
  /** How many records the whole read is expected to have; null when nobody knows. */
  readonly expected: number | null;
  readonly counts: JsonObject;
  readonly error: RunError | null;
  readonly attempts: number;
  /** Goes up with every change; the id of the run's progress messages. */
  readonly revision: number;
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
}

const FINAL: readonly RunStatus[] = ['succeeded', 'partial', 'failed', 'cancelled', 'previewed'];

export function isFinal(status: RunStatus): status is RunOutcome {
  return FINAL.includes(status);
}

export function newStream(id: string, covers: readonly SnapshotCoverage[]): StreamProgress {
  return {
    id,
    state: 'reading',
    covers,
    checkpoint: null,
    pages: 0,
    records: 0,
    total: null,
    isReset: false,
    restarts: 0,
    proof: null,
    error: null,
    cursor: null,
  };
}

/** What the run proves absent: a kind counts when every stream that covers it came to its end. */
export function provenCoverage(streams: readonly StreamProgress[]): SnapshotCoverage[] {
  const kinds = new Set(streams.flatMap((stream) => stream.covers));
  return [...kinds].filter((kind) =>
    streams.every((stream) => stream.state === 'complete' || !stream.covers.includes(kind)),
  );
}
