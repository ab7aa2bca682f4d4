import type { Database } from '#kernel';

/** Names an endpoint. */
export interface EndpointKey {
  readonly environmentId: string;
  readonly endpointId: string;
}

/** The right to send for an endpoint. */
export interface Lease extends EndpointKey {
  /** Goes up with every change of holder; whoever has an older one can record nothing. */
  readonly token: string;
  /** Unix milliseconds since which every attempt has failed, or null. */
  readonly failingSince: number | null;
}

interface LeaseRow {
  readonly environment_id: string;
  readonly endpoint_id: string;
  readonly token: string;
  readonly failing_since: number | null;
}

/** How long a lease lasts without renewal. */
export const LEASE_MS = 30_000;

const LEASE_INTERVAL = `interval '${LEASE_MS / 1_000} seconds'`;

/** Leases on endpoints. Only the clock of the database counts, so workers' clocks may be wrong. */
export class LeaseStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Takes those of the endpoints that are free; what another worker is just taking is left to it. */
  async claim(keys: readonly EndpointKey[]): Promise<Lease[]> {
    const rows = await this.#database.query<LeaseRow>({
      name: 'webhook_leases_claim',
      text: CLAIM_SQL,
      values: [keys.map((key) => key.environmentId), keys.map((key) => key.endpointId)],
    });
    return rows.map((row) => ({
      environmentId: row.environment_id,
      endpointId: row.endpoint_id,
      token: row.token,
      failingSince: row.failing_since,
    }));
  }

  /** Prolongs the leases and returns the ids of the endpoints that are still held. */
  async renew(leases: readonly Lease[]): Promise<Set<string>> {
    const rows = await this.#database.query<{ endpoint_id: string }>({
      name: 'webhook_leases_renew',
      text: RENEW_SQL,
      values: columns(leases),
    });
    return new Set(rows.map((row) => row.endpoint_id));
  }

  /** Gives leases back at once. */
  async release(leases: readonly Lease[]): Promise<void> {
    await this.#database.query({
      name: 'webhook_leases_release',
      text: RELEASE_SQL,
      values: columns(leases),
    });
  }
}

function columns(leases: readonly Lease[]): unknown[] {
  return [
    leases.map((lease) => lease.environmentId),
    leases.map((lease) => lease.endpointId),
    leases.map((lease) => lease.token),
  ];
}

const CLAIM_SQL = `
  UPDATE webhook_leases l SET token = l.token + 1, lease_until = now() + ${LEASE_INTERVAL}
  FROM (
    SELECT f.environment_id, f.endpoint_id
    FROM unnest($1::text[], $2::text[]) AS k (environment_id, endpoint_id)
    JOIN webhook_leases f ON f.environment_id = k.environment_id AND f.endpoint_id = k.endpoint_id
    WHERE f.lease_until < now()
    FOR UPDATE OF f SKIP LOCKED) free
  WHERE l.environment_id = free.environment_id AND l.endpoint_id = free.endpoint_id
  RETURNING l.environment_id, l.endpoint_id, l.token::text AS token,
    (extract(epoch FROM l.failing_since) * 1000)::float8 AS failing_since`;

/** In the order of the key, like everything that locks several leases: two such statements cannot block each other. */
const HELD_SQL = `
  SELECT h.environment_id, h.endpoint_id
  FROM unnest($1::text[], $2::text[], $3::bigint[]) AS k (environment_id, endpoint_id, token)
  JOIN webhook_leases h ON h.environment_id = k.environment_id AND h.endpoint_id = k.endpoint_id
  WHERE h.token = k.token
  ORDER BY h.environment_id, h.endpoint_id FOR NO KEY UPDATE OF h`;

const RENEW_SQL = `
  UPDATE webhook_leases l SET lease_until = now() + ${LEASE_INTERVAL}
  FROM (${HELD_SQL}) held
  WHERE l.environment_id = held.environment_id AND l.endpoint_id = held.endpoint_id
  RETURNING l.endpoint_id`;

const RELEASE_SQL = `
  UPDATE webhook_leases l SET lease_until = '-infinity'
  FROM (${HELD_SQL}) held
  WHERE l.environment_id = held.environment_id AND l.endpoint_id = held.endpoint_id
  RETURNING l.endpoint_id`;
