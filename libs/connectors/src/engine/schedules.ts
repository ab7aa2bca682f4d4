import { InvalidInputError, NotFoundError, type Database, type InputProblem } from '#kernel';
import type { ConnectorRegistry } from '../providers/registry.js';
import type { DirectoryKey } from './connection-settings.js';
import { notPolled } from './connections.js';
import type { MaintenanceWindow } from './maintenance-window.js';
import { CONSENT_COLUMNS, waitsForConsent, type ConsentRow } from './waits-for-consent.js';

/** When a directory is polled. Times are ISO 8601 in UTC. */
export interface SyncSchedule {
  /** Seconds; null when the source has no incremental runs. */
  readonly incrementalSeconds: number | null;
  readonly fullSeconds: number;
  readonly paused: boolean;
  readonly windows: readonly MaintenanceWindow[];
  readonly nextIncrementalAt: string | null;
  readonly nextFullAt: string | null;
  readonly lastSucceededAt: string | null;
  /** The next run waits for somebody who looks at it. */
  readonly needsApproval: boolean;
  /** Runs that failed since the last good one. */
  readonly failures: number;
}

/** What is named changes; null goes back to the connector's own interval. */
export interface ScheduleChanges {
  readonly incrementalSeconds?: number | null;
  readonly fullSeconds?: number | null;
  readonly paused?: boolean;
  readonly windows?: readonly MaintenanceWindow[];
}

interface ScheduleRow extends ConsentRow {
  readonly incremental_seconds: number | null;
  readonly full_seconds: number | null;
  readonly paused: boolean | null;
  /** Nothing at all is taken in from it. */
  readonly is_stopped: boolean;
  readonly windows: MaintenanceWindow[];
  readonly next_incremental_at: string | null;
  readonly next_full_at: string;
  readonly last_good_at: string | null;
  readonly needs_approval: boolean;
  readonly failures: number;
}

const LIMITS = { incremental: [60, 604_800], full: [300, 2_592_000] } as const;
const TIME = /^([01]\d|2[0-3]):[0-5]\d$/;

/** When directories are polled, as their owners want it. */
export class Schedules {
  readonly #database: Database;
  readonly #registry: ConnectorRegistry;

  constructor(database: Database, registry: ConnectorRegistry) {
    this.#database = database;
    this.#registry = registry;
  }

  /** @throws NotFoundError; ConflictError for a directory that is not polled. */
  async get(key: DirectoryKey): Promise<SyncSchedule> {
    const row = await this.#read(key);
    const { intervals } = this.#registry.find(row.provider)?.manifest ?? { intervals: NO_INTERVALS };
    return toSchedule(row, intervals);
  }

  async #read(key: DirectoryKey): Promise<PolledRow> {
    const [row] = await this.#database.query<ScheduleRow>({
      text: `SELECT ${CONSENT_COLUMNS}, d.paused_at IS NOT NULL AS is_stopped, s.*, ${shown('next_incremental_at')},
          ${shown('next_full_at')}
        FROM directories d LEFT JOIN sync_schedules s
          ON s.environment_id = d.environment_id AND s.directory_id = d.id
        WHERE d.environment_id = $1 AND d.id = $2 AND d.deleted_at IS NULL`,
      values: [key.environmentId, key.directoryId],
    });
    if (!row)
      throw new NotFoundError(`Directory not found: '${key.directoryId}'.`, { entityId: key.directoryId });
    if (row.paused === null) throw notPolled();
    return { ...row, paused: row.paused };
  }

  /** @throws InvalidInputError with one problem per field. */
  async change(key: DirectoryKey, changes: ScheduleChanges): Promise<SyncSchedule> {
    const row = await this.#read(key);
    checkChanges(changes);
    const has = (name: keyof ScheduleChanges): boolean => changes[name] !== undefined;
    await this.#database.query({
      text: CHANGE_SQL,
      values: [
        key.environmentId,
        key.directoryId,
        has('incrementalSeconds'),
        changes.incrementalSeconds ?? null,
        has('fullSeconds'),
        changes.fullSeconds ?? null,
        changes.windows === undefined ? null : JSON.stringify(changes.windows),
        changes.paused ?? null,
        waitsForConsent(this.#registry, row),
      ],
    });
    return this.get(key);
  }
}

/** A date as people see it: nothing that is only scheduled begins before a window, or the wait after a failure, is over. */
function shown(column: 'next_incremental_at' | 'next_full_at'): string {
  return `CASE WHEN s.active_run_id IS NULL AND isfinite(s.due_at) AND s.due_at > s.${column} THEN s.due_at
            ELSE s.${column} END AS ${column}`;
}

/** Of a directory whose connector this version does not have. */
const NO_INTERVALS = { incremental: null, full: 86_400 };

type PolledRow = ScheduleRow & { readonly paused: boolean };

function toSchedule(
  row: PolledRow,
  intervals: { readonly incremental: number | null; readonly full: number },
): SyncSchedule {
  return {
    incrementalSeconds:
      intervals.incremental === null ? null : (row.incremental_seconds ?? intervals.incremental),
    fullSeconds: row.full_seconds ?? intervals.full,
    paused: row.paused,
    windows: row.windows,
    nextIncrementalAt: row.paused || row.is_stopped ? null : row.next_incremental_at,
    nextFullAt: row.paused || row.is_stopped ? null : row.next_full_at,
    lastSucceededAt: row.last_good_at,
    needsApproval: row.needs_approval,
    failures: row.failures,
  };
}

/*
 * A shorter interval counts from now, not only after the next run. A run that is under way goes on while paused. A directory
 * that waits for its first file, or for a consent, goes on waiting.
 */
const CHANGE_SQL = `
  WITH changed AS (
    SELECT environment_id, directory_id,
      CASE WHEN $3 THEN $4::int ELSE incremental_seconds END AS incremental_seconds,
      CASE WHEN $5 THEN $6::int ELSE full_seconds END AS full_seconds,
      coalesce($8::boolean, paused) AS paused
    FROM sync_schedules WHERE environment_id = $1 AND directory_id = $2 FOR UPDATE),
  dated AS (
    SELECT s.environment_id, s.directory_id, c.incremental_seconds, c.full_seconds, c.paused,
      CASE WHEN s.next_incremental_at IS NULL THEN NULL
        ELSE least(s.next_incremental_at, now() + c.incremental_seconds * interval '1 second') END AS next_incremental_at,
      least(s.next_full_at, now() + c.full_seconds * interval '1 second') AS next_full_at
    FROM sync_schedules s JOIN changed c ON c.environment_id = s.environment_id AND c.directory_id = s.directory_id)
  UPDATE sync_schedules s SET incremental_seconds = d.incremental_seconds, full_seconds = d.full_seconds,
    paused = d.paused, windows = coalesce($7::jsonb, s.windows), next_incremental_at = d.next_incremental_at,
    next_full_at = d.next_full_at,
    due_at = CASE WHEN s.active_run_id IS NOT NULL THEN s.due_at
      WHEN d.paused OR $9 OR (NOT s.paused AND s.due_at = 'infinity') THEN 'infinity'
      WHEN s.paused OR s.failures = 0 THEN least(d.next_incremental_at, d.next_full_at)
      ELSE s.due_at END
  FROM dated d WHERE s.environment_id = d.environment_id AND s.directory_id = d.directory_id`;

function checkChanges(changes: ScheduleChanges): void {
  const problems: InputProblem[] = [
    ...intervalProblem('incremental_interval', changes.incrementalSeconds, LIMITS.incremental),
    ...intervalProblem('full_interval', changes.fullSeconds, LIMITS.full),
    ...(changes.windows ?? []).flatMap((window, index) =>
      windowProblems(window, `maintenance_windows[${index}]`),
    ),
  ];
  if (problems.length > 0) throw new InvalidInputError('Validation failed', { problems });
}

function intervalProblem(
  field: string,
  seconds: number | null | undefined,
  [min, max]: readonly [number, number],
): InputProblem[] {
  if (seconds === undefined || seconds === null || (seconds >= min && seconds <= max)) return [];
  return [{ field, message: `${field} must be from ${min} to ${max} seconds.` }];
}

function windowProblems(window: MaintenanceWindow, field: string): InputProblem[] {
  const problems: InputProblem[] = [];
  if (window.days.length === 0 || window.days.some((day) => day < 1 || day > 7))
    problems.push({ field: `${field}.days`, message: 'Days are numbers from 1 (Monday) to 7 (Sunday).' });
  if (!TIME.test(window.from) || !TIME.test(window.to) || window.from === window.to)
    problems.push({ field: `${field}.from`, message: 'Send two different times such as 22:00 and 06:00.' });
  if (!isTimeZone(window.timeZone))
    problems.push({ field: `${field}.time_zone`, message: 'Send a time zone such as Europe/Vienna.' });
  return problems;
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
