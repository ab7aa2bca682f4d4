import type { JsonObject } from '#kernel';
import type { RunErrorCode, RunMode, RunStatus, RunTrigger, StreamProgress, SyncRun } from './sync-run.js';

export interface RunRow {
  readonly environment_id: string;
  readonly directory_id: string;
  readonly id: string;
  readonly mode: RunMode;
  readonly trigger: RunTrigger;
  readonly status: RunStatus;
  readonly needs_approval: boolean;
  readonly streams: StreamProgress[];
  readonly pages: number;
  readonly records: number;
  readonly invalid: number;
  readonly expected: number | null;
  readonly counts: JsonObject;
  readonly error_code: RunErrorCode | null;
  readonly error_message: string | null;
  readonly error_remedy: string | null;
  readonly attempts: number;
  readonly revision: number;
  readonly created_at: string;
  readonly started_at: string | null;
  readonly finished_at: string | null;
}

export const RUN_COLUMNS = `r.environment_id, r.directory_id, r.id, r.mode, r.trigger, r.status, r.needs_approval, r.streams,
  r.pages, r.records, r.invalid, r.expected, r.counts, r.error_code, r.error_message, r.error_remedy, r.attempts,
  r.revision, r.created_at, r.started_at, r.finished_at`;

export function toRun(row: RunRow): SyncRun {
  return {
    environmentId: row.environment_id,
    directoryId: row.directory_id,
    id: row.id,
    mode: row.mode,
    trigger: row.trigger,
    status: row.status,
    needsApproval: row.needs_approval,
    streams: row.streams,
    pages: row.pages,
    records: row.records,
    invalid: row.invalid,
    expected: row.expected,
    counts: row.counts,
    error:
      row.error_code === null
        ? null
        : { code: row.error_code, message: row.error_message ?? '', remedy: row.error_remedy ?? '' },
    attempts: row.attempts,
    revision: row.revision,
    createdAt: row.created_at,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
  };
}
