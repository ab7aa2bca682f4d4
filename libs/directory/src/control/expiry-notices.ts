import type { DataSource } from 'typeorm';
import type { Clock, Queryable } from '#kernel';
import type { CredentialKind, NewEvent } from '#model';
import { asQueryable, ControlLog, type ControlOptions } from './control-log.js';
import { daysLeft, EXPIRY_STAGES } from './expiry-stages.js';

interface DueRow {
  readonly environment_id: string;
  readonly directory_id: string;
  readonly id: string;
}

interface NoticedRow extends DueRow {
  readonly organization_id: string;
  readonly kind: CredentialKind;
  readonly name: string;
  readonly suffix: string;
  readonly expires_at: string;
  readonly last_used_at: string | null;
  readonly replaced_by: string | null;
  readonly expiry_notice: number;
}

/** Credentials of one round; the next round takes the others. */
const ROUND = 500;

const STAGE = `CASE ${EXPIRY_STAGES.map(
  (days) => `WHEN t.expires_at <= $1::timestamptz + interval '${days} days' THEN ${days}`,
).join(' ')} END`;
const IS_DUE = `t.revoked_at IS NULL AND t.expires_at IS NOT NULL AND t.expiry_notice IS DISTINCT FROM 0
  AND ${STAGE} < coalesce(t.expiry_notice, 100)`;

/**
 * Announces in the environment's log that a token or OAuth client of a directory is about to expire, 14, 7 and 1 days
 * before, and that it has. Each notice comes once, however many workers look: the row says what was announced, and is
 * written in the transaction of the event. A notice that was missed because nothing ran is not made up for, once a later
 * one is due.
 */
export class ExpiryNotices {
  readonly #dataSource: DataSource;
  readonly #clock: Clock;
  readonly #log: ControlLog;

  constructor(dataSource: DataSource, clock: Clock, options: ControlOptions = {}) {
    this.#dataSource = dataSource;
    this.#clock = clock;
    this.#log = new ControlLog(dataSource, options);
  }

  /** @returns how many notices this call has put into the log. */
  async announce(): Promise<number> {
    const now = this.#clock.now();
    const due: DueRow[] = await this.#dataSource.query(
      `SELECT t.environment_id, t.directory_id, t.id FROM directory_tokens t
        WHERE t.expires_at <= $1::timestamptz + interval '14 days' AND ${IS_DUE} ORDER BY t.expires_at LIMIT ${ROUND}`,
      [now.toISOString()],
    );
    let announced = 0;
    for (const row of due) announced += await this.#announceOne(row, now);
    return announced;
  }

  #announceOne(due: DueRow, now: Date): Promise<number> {
    const { environment_id: environmentId } = due;
    return this.#log.write<number>({ environmentId }, async (manager) => {
      const row = await markNoticed(asQueryable(manager), due, now);
      if (!row) return { result: 0, organizationId: null, events: [] };
      return { result: 1, organizationId: row.organization_id, events: [notice(row, now)] };
    });
  }
}

/** Undefined when another worker was faster, or the credential was revoked meanwhile. */
async function markNoticed(tx: Queryable, due: DueRow, now: Date): Promise<NoticedRow | undefined> {
  const rows = await tx.query<NoticedRow & Record<string, unknown>>({
    text: `UPDATE directory_tokens t SET expiry_notice = ${STAGE}
      FROM directories d
      WHERE t.environment_id = $2 AND t.directory_id = $3 AND t.id = $4 AND ${IS_DUE}
        AND d.environment_id = t.environment_id AND d.id = t.directory_id
      RETURNING t.environment_id, t.directory_id, t.id, t.kind, t.name, t.suffix, t.expires_at, t.last_used_at,
        t.replaced_by, t.expiry_notice, d.organization_id`,
    values: [now.toISOString(), due.environment_id, due.directory_id, due.id],
  });
  return rows[0];
}

function notice(row: NoticedRow, now: Date): NewEvent {
  return {
    type: row.expiry_notice === 0 ? 'directory.token_expired' : 'directory.token_expiring',
    data: {
      object: row.kind === 'bearer' ? 'directory_token' : 'oauth_client',
      id: row.id,
      directory_id: row.directory_id,
      organization_id: row.organization_id,
      name: row.name,
      token_suffix: row.suffix,
      expires_at: row.expires_at,
      expires_in_days: daysLeft(row.expires_at, now),
      last_used_at: row.last_used_at,
      replaced_by: row.replaced_by,
    },
  };
}
