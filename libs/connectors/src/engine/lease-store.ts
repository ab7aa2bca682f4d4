import type { Clock, Database, Queryable } from '#kernel';
import type { DirectoryState } from '#model';
import type { MaintenanceWindow } from './maintenance-window.js';
import type { Fence } from './snapshot-door.js';

/** The right to run one directory. */
export interface Lease {
  readonly environmentId: string;
  readonly directoryId: string;
  /** Goes up with every change of holder; whoever has an older one can record nothing. */
  readonly token: string;
}

/** A directory that was just leased, with what decides what to do. */
export interface Claim extends Lease {
  readonly provider: string | null;
  readonly state: DirectoryState;
  /** A run that somebody asked for or that was cut off. */
  readonly activeRunId: string | null;
  /** A run that may have left something staged. */
  readonly stagedRunId: string | null;
  readonly needsApproval: boolean;
  readonly isFullDue: boolean;
  readonly incrementalSeconds: number | null;
  readonly fullSeconds: number | null;
  readonly windows: readonly MaintenanceWindow[];
  readonly failures: number;
  readonly lastFullRecords: number | null;
  /** Seconds since it was due. */
  readonly lagSeconds: number;
  /** When it was claimed, by the clock of the database. */
  readonly claimedAt: Date;
}

/** How a lease stands: absent from the answer to `renew` means lost. */
export interface HeldLease {
  readonly directoryId: string;
  /** Somebody cancelled the run, or deleted the directory. */
  readonly isCancelled: boolean;
  /** Somebody paused the directory: reading stops at the next page. */
  readonly isPaused: boolean;
}

interface ClaimRow {
  readonly environment_id: string;
  readonly directory_id: string;
  readonly token: string;
  readonly provider: string | null;
  readonly state: DirectoryState;
  readonly active_run_id: string | null;
  readonly staged_run_id: string | null;
  readonly needs_approval: boolean;
  readonly is_full_due: boolean;
  readonly incremental_seconds: number | null;
  readonly full_seconds: number | null;
  readonly windows: MaintenanceWindow[];
  readonly failures: number;
  readonly last_full_records: number | null;
  readonly lag_seconds: number;
  readonly claimed_ms: number;
}

/** The lease is somebody else's by now: stop, and write nothing. */
export class LeaseLostError extends Error {
  constructor() {
    super('another worker has taken the directory over');
    this.name = 'LeaseLostError';
  }
}

/** How long a lease lasts without renewal. */
export const LEASE_MS = 30_000;
const LEASE = `interval '${LEASE_MS / 1_000} seconds'`;

/** Leases on directories. Only the clock of the database counts, so workers' clocks may be wrong. */
export class LeaseStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /**
   * Takes up to `limit` directories that are due and free, the oldest first, in turn between the environments, and between
   * the organizations of each: one with ten thousand due directories delays another's one by one place. `perEnvironment` caps what all workers together do
   * for one environment; two that claim in the same instant may exceed it by one round. `except` gets nothing, unless it
   * is the only environment with polled directories.
   */
  async claim(request: {
    readonly worker: string;
    readonly limit: number;
    readonly perEnvironment: number;
    readonly except?: string | undefined;
  }): Promise<Claim[]> {
    const rows = await this.#database.query<ClaimRow>({
      name: 'sync_claim',
      text: CLAIM_SQL,
      values: [request.limit, request.perEnvironment, request.worker, request.except ?? null],
    });
    return rows.map(toClaim);
  }

  /** Prolongs the leases; those that are not in the answer are lost. */
  async renew(leases: readonly Lease[]): Promise<HeldLease[]> {
    const rows = await this.#database.query<{
      readonly directory_id: string;
      readonly is_cancelled: boolean;
      readonly is_paused: boolean;
    }>({
      name: 'sync_renew',
      text: RENEW_SQL,
      values: [
        leases.map((lease) => lease.environmentId),
        leases.map((lease) => lease.directoryId),
        leases.map((lease) => lease.token),
      ],
    });
    return rows.map((row) => ({
      directoryId: row.directory_id,
      isCancelled: row.is_cancelled,
      isPaused: row.is_paused,
    }));
  }

  /** Gives a lease back after a failure that is not the source's; the directory is due again so many seconds later. */
  async release(lease: Lease, dueInSeconds: number): Promise<void> {
    await this.#database.query({
      name: 'sync_release',
      text: `UPDATE sync_schedules SET worker = NULL, lease_until = '-infinity',
          due_at = CASE WHEN paused AND active_run_id IS NULL THEN due_at
            ELSE now() + $4::float8 * interval '1 second' END
        WHERE environment_id = $1 AND directory_id = $2 AND token = $3`,
      values: [...keyOf(lease), dueInSeconds],
    });
  }

  /** Gives a lease back until a maintenance window is over. Who has asked for a run, or for a pause, meanwhile comes first. */
  async postpone(lease: Lease, until: Date): Promise<void> {
    await this.#database.query({
      name: 'sync_postpone',
      text: `UPDATE sync_schedules SET worker = NULL, lease_until = '-infinity',
          due_at = CASE WHEN paused OR active_run_id IS NOT NULL THEN due_at ELSE $4::timestamptz END
        WHERE environment_id = $1 AND directory_id = $2 AND token = $3`,
      values: [...keyOf(lease), until.toISOString()],
    });
  }
}

/** Lets a transaction go on only while the lease holds, and keeps it from being taken over until the commit. */
export function fenceOf(lease: Lease): Fence {
  return async (tx: Queryable) => {
    const rows = await tx.query({
      name: 'sync_fence',
      // KEY SHARE lets our own renewals through and stops a claim, which locks FOR UPDATE.
      text: `SELECT FROM sync_schedules
        WHERE environment_id = $1 AND directory_id = $2 AND token = $3 FOR KEY SHARE`,
      values: keyOf(lease),
    });
    if (rows.length === 0) throw new LeaseLostError();
  };
}

/**
 * The database's clock, as it goes on since the claim: a worker whose own clock is wrong, or is set while it reads, must not
 * end an employment before its last day.
 */
export function clockOf({ claimedAt }: Claim): Clock {
  const since = performance.now();
  return { now: () => new Date(claimedAt.getTime() + performance.now() - since) };
}

export function keyOf(lease: Lease): [string, string, string] {
  return [lease.environmentId, lease.directoryId, lease.token];
}

function toClaim(row: ClaimRow): Claim {
  return {
    environmentId: row.environment_id,
    directoryId: row.directory_id,
    token: row.token,
    provider: row.provider,
    state: row.state,
    activeRunId: row.active_run_id,
    stagedRunId: row.staged_run_id,
    needsApproval: row.needs_approval,
    isFullDue: row.is_full_due,
    incrementalSeconds: row.incremental_seconds,
    fullSeconds: row.full_seconds,
    windows: row.windows,
    failures: row.failures,
    lastFullRecords: row.last_full_records,
    lagSeconds: row.lag_seconds,
    claimedAt: new Date(row.claimed_ms),
  };
}

const FREE_OF = (environment: string): string => `
      SELECT s.environment_id, s.directory_id, s.due_at, d.organization_id FROM sync_schedules s
      JOIN directories d ON d.environment_id = s.environment_id AND d.id = s.directory_id AND d.deleted_at IS NULL
        AND d.paused_at IS NULL
      WHERE s.environment_id = ${environment} AND s.due_at <= now() AND s.lease_until < now()
      ORDER BY s.due_at`;

/** So many that are due of one environment are looked at; a backlog that is longer costs no more. */
const IN_SIGHT = 1_000;

/*
 * First the environments whose turn it is, by one look at the head of each; then as many rows of those as can be taken: what
 * somebody has asked for, then one of each organization. A long backlog costs little more than a short one, and a thousand
 * environments cost a thousand look-ups in an index.
 */
const CLAIM_SQL = `
  WITH busy_organizations AS MATERIALIZED (
    SELECT s.environment_id, d.organization_id, count(*) AS runs FROM sync_schedules s
    JOIN directories d ON d.environment_id = s.environment_id AND d.id = s.directory_id
    WHERE s.worker IS NOT NULL AND s.lease_until > now() GROUP BY s.environment_id, d.organization_id),
  busy AS MATERIALIZED (
    SELECT environment_id, sum(runs)::int8 AS runs FROM busy_organizations GROUP BY environment_id),
  heads AS MATERIALIZED (
    SELECT h.environment_id, coalesce(b.runs, 0) AS runs
    FROM environments e
    LEFT JOIN busy b ON b.environment_id = e.id
    CROSS JOIN LATERAL (${FREE_OF('e.id')} LIMIT 1) h
    WHERE coalesce(b.runs, 0) < $2
      AND (e.id IS DISTINCT FROM $4::text OR NOT EXISTS (SELECT FROM sync_schedules o WHERE o.environment_id < $4::text)
        AND NOT EXISTS (SELECT FROM sync_schedules o WHERE o.environment_id > $4::text))
    ORDER BY coalesce(b.runs, 0), h.due_at LIMIT $1::int * 4),
  candidates AS (
    SELECT c.environment_id, c.directory_id, c.due_at,
      h.runs + row_number() OVER (PARTITION BY c.environment_id ORDER BY c.is_scheduled, c.own_turn, c.due_at) AS turn
    FROM heads h CROSS JOIN LATERAL (
      SELECT f.*, f.due_at > '-infinity' AS is_scheduled,
        coalesce(b.runs, 0) + row_number() OVER (PARTITION BY f.organization_id ORDER BY f.due_at) AS own_turn
      FROM (${FREE_OF('h.environment_id')} LIMIT ${IN_SIGHT}) f
      LEFT JOIN busy_organizations b ON b.environment_id = f.environment_id AND b.organization_id = f.organization_id
      ORDER BY is_scheduled, own_turn, f.due_at LIMIT $1::int * 4) c),
  chosen AS (
    SELECT s.environment_id, s.directory_id, s.due_at
    FROM (SELECT * FROM candidates WHERE turn <= $2 ORDER BY turn, due_at LIMIT $1::int * 4) c
    JOIN sync_schedules s ON s.environment_id = c.environment_id AND s.directory_id = c.directory_id
    WHERE s.due_at <= now() AND s.lease_until < now()
    ORDER BY c.turn, c.due_at
    LIMIT $1 FOR UPDATE OF s SKIP LOCKED)
  UPDATE sync_schedules s SET token = s.token + 1, lease_until = now() + ${LEASE}, worker = $3
  FROM chosen c, directories d
  WHERE s.environment_id = c.environment_id AND s.directory_id = c.directory_id
    AND d.environment_id = c.environment_id AND d.id = c.directory_id
  RETURNING s.environment_id, s.directory_id, s.token::text AS token, d.provider, d.state, s.active_run_id, s.staged_run_id,
    s.needs_approval, s.next_full_at <= now() + interval '1 second' AS is_full_due, s.incremental_seconds, s.full_seconds, s.windows,
    s.failures, s.last_full_records,
    CASE WHEN isfinite(c.due_at) THEN extract(epoch FROM now() - c.due_at)::float8 ELSE 0 END AS lag_seconds,
    extract(epoch FROM now())::float8 * 1000 AS claimed_ms`;

const RENEW_SQL = `
  UPDATE sync_schedules s SET lease_until = now() + ${LEASE}
  FROM (
    SELECT h.environment_id, h.directory_id
    FROM unnest($1::text[], $2::text[], $3::bigint[]) AS k (environment_id, directory_id, token)
    JOIN sync_schedules h ON h.environment_id = k.environment_id AND h.directory_id = k.directory_id
    WHERE h.token = k.token
    ORDER BY h.environment_id, h.directory_id FOR NO KEY UPDATE OF h) held
  WHERE s.environment_id = held.environment_id AND s.directory_id = held.directory_id
  RETURNING s.directory_id,
    EXISTS (SELECT FROM sync_runs r WHERE r.environment_id = s.environment_id AND r.directory_id = s.directory_id
      AND r.id = s.active_run_id AND r.cancel_requested_at IS NOT NULL)
    OR NOT EXISTS (SELECT FROM directories d WHERE d.environment_id = s.environment_id AND d.id = s.directory_id
      AND d.deleted_at IS NULL) AS is_cancelled,
    EXISTS (SELECT FROM directories d WHERE d.environment_id = s.environment_id AND d.id = s.directory_id
      AND d.paused_at IS NOT NULL) AS is_paused`;
