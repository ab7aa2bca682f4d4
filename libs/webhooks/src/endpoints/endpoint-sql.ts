import type { Statement } from '#kernel';
import type { PageScan } from '../paging.js';
import { ENDPOINT_COLUMNS, type EndpointRow } from './endpoint-row.js';
import type { NewWebhookEndpoint, WebhookEndpointUpdate } from './webhook-endpoint.js';

/** More live secrets would only make the signature header long. */
const MAX_SECRETS = 10;

/** An endpoint and whether the list goes on beyond the page it was read with. */
export interface PagedEndpointRow extends EndpointRow {
  readonly older?: boolean;
  readonly newer?: boolean;
}

/** A signing secret as stored. */
export interface SealedSecret {
  readonly environmentId: string;
  readonly endpointId: string;
  readonly id: string;
  readonly sealed: string;
}

export function listEndpoints(environmentId: string, scan: PageScan): Statement {
  const [sign, direction] = scan.direction === 'older' ? ['<', 'DESC'] : ['>', 'ASC'];
  return {
    name: `webhook_endpoints_list_${scan.direction}`,
    text: `WITH page AS (
        SELECT * FROM webhook_endpoints w
        WHERE environment_id = $1 AND ($2::text IS NULL OR id ${sign} $2) ORDER BY id ${direction} LIMIT $3)
      SELECT ${ENDPOINT_COLUMNS},
        EXISTS (SELECT FROM webhook_endpoints o WHERE o.environment_id = $1
          AND o.id < (SELECT min(id) FROM page)) AS older,
        EXISTS (SELECT FROM webhook_endpoints n WHERE n.environment_id = $1
          AND n.id > (SELECT max(id) FROM page)) AS newer
      FROM page w`,
    values: [environmentId, scan.cursor, scan.limit],
  };
}

export function getEndpoint(environmentId: string, id: string): Statement {
  return {
    name: 'webhook_endpoints_get',
    text: `SELECT ${ENDPOINT_COLUMNS} FROM webhook_endpoints w WHERE environment_id = $1 AND id = $2`,
    values: [environmentId, id],
  };
}

export function insertEndpoint(row: {
  readonly environmentId: string;
  readonly id: string;
  readonly now: Date;
  readonly input: NewWebhookEndpoint;
  readonly concurrency: number;
  readonly customHeaders: string | null;
}): Statement {
  const { environmentId, id, now, input, concurrency, customHeaders } = row;
  return {
    text: `INSERT INTO webhook_endpoints (environment_id, id, endpoint_url, events, directory_ids, status, ordering,
        concurrency, custom_headers, created_at, updated_at)
      VALUES ($1, $2, $3, $4, $5, 'enabled', $6, $7, $8, $9, $9)`,
    values: [
      environmentId,
      id,
      input.endpointUrl,
      [...new Set(input.events)],
      input.directoryIds ?? null,
      input.ordering ?? 'none',
      concurrency,
      customHeaders,
      now,
    ],
  };
}

export function insertSecret(secret: SealedSecret, now: Date): Statement {
  return {
    text: `INSERT INTO webhook_secrets (environment_id, endpoint_id, id, sealed, created_at)
      VALUES ($1, $2, $3, $4, $5)`,
    values: [secret.environmentId, secret.endpointId, secret.id, secret.sealed, now],
  };
}

/** Every stream that exists starts at its head; one that is born later has no lane and starts at zero. */
export function insertLeaseAndLanes(environmentId: string, id: string): Statement {
  return {
    text: `WITH lease AS (INSERT INTO webhook_leases (environment_id, endpoint_id) VALUES ($1, $2))
      INSERT INTO webhook_lanes (environment_id, endpoint_id, stream_id, sequence)
      SELECT environment_id, $2, stream_id, sequence FROM streams WHERE environment_id = $1`,
    values: [environmentId, id],
  };
}

/** An absent key is passed as null with its `given` flag off, so that null itself can be stored. */
export function updateEndpoint(change: {
  readonly environmentId: string;
  readonly id: string;
  readonly now: Date;
  readonly update: WebhookEndpointUpdate;
  readonly customHeaders: string | null | undefined;
}): Statement {
  const { environmentId, id, now, update, customHeaders } = change;
  return {
    name: 'webhook_endpoints_update',
    text: `WITH cleared AS (
        UPDATE webhook_leases SET failing_since = NULL
        WHERE environment_id = $1 AND endpoint_id = $2 AND $10 = 'enabled' AND failing_since IS NOT NULL)
      UPDATE webhook_endpoints w SET
        endpoint_url = coalesce($4, endpoint_url),
        events = coalesce($5, events),
        directory_ids = CASE WHEN $6 THEN $7::text[] ELSE directory_ids END,
        ordering = coalesce($8, ordering),
        concurrency = coalesce($9, concurrency),
        status = coalesce($10, status),
        disabled_reason = CASE $10 WHEN 'enabled' THEN NULL WHEN 'disabled' THEN coalesce(disabled_reason, 'manual')
          ELSE disabled_reason END,
        custom_headers = CASE WHEN $11 THEN $12 ELSE custom_headers END,
        updated_at = $3
      WHERE environment_id = $1 AND id = $2
      RETURNING ${ENDPOINT_COLUMNS}`,
    values: [
      environmentId,
      id,
      now,
      update.endpointUrl ?? null,
      update.events === undefined ? null : [...new Set(update.events)],
      update.directoryIds !== undefined,
      update.directoryIds ?? null,
      update.ordering ?? null,
      update.concurrency ?? null,
      update.status ?? null,
      customHeaders !== undefined,
      customHeaders ?? null,
    ],
  };
}

export function lockLease(environmentId: string, id: string): Statement {
  return {
    text: 'SELECT FROM webhook_leases WHERE environment_id = $1 AND endpoint_id = $2 FOR UPDATE',
    values: [environmentId, id],
  };
}

/** Secrets, lease, lanes and retries go with it; attempts stay. */
export function deleteEndpoint(environmentId: string, id: string): Statement {
  return {
    text: 'DELETE FROM webhook_endpoints WHERE environment_id = $1 AND id = $2 RETURNING id',
    values: [environmentId, id],
  };
}

/** Returns a row, or none when there are too many live secrets. Expired ones are removed on the way. */
export function rotateSecret(secret: SealedSecret, now: Date, previousExpiresAt: Date): Statement {
  return {
    text: `WITH expired AS (
        DELETE FROM webhook_secrets WHERE environment_id = $1 AND endpoint_id = $2 AND expires_at <= $5),
      live AS (
        SELECT count(*) AS n FROM webhook_secrets
        WHERE environment_id = $1 AND endpoint_id = $2 AND (expires_at IS NULL OR expires_at > $5)),
      previous AS (
        UPDATE webhook_secrets SET expires_at = $6
        WHERE environment_id = $1 AND endpoint_id = $2 AND (expires_at IS NULL OR expires_at > $6)
          AND (SELECT n FROM live) < ${MAX_SECRETS})
      INSERT INTO webhook_secrets (environment_id, endpoint_id, id, sealed, created_at)
      SELECT $1, $2, $3, $4, $5 FROM live WHERE n < ${MAX_SECRETS} RETURNING id`,
    values: [secret.environmentId, secret.endpointId, secret.id, secret.sealed, now, previousExpiresAt],
  };
}

export function newestSecret(environmentId: string, id: string): Statement {
  return {
    text: `SELECT id, sealed FROM webhook_secrets WHERE environment_id = $1 AND endpoint_id = $2
      ORDER BY id DESC LIMIT 1`,
    values: [environmentId, id],
  };
}
