import type { SealContext, SecretBox } from '#kernel';
import {
  MASKED_SECRET,
  type DisabledReason,
  type Ordering,
  type WebhookEndpoint,
} from './webhook-endpoint.js';

/** A row of webhook_endpoints as `ENDPOINT_COLUMNS` selects it. */
export interface EndpointRow {
  readonly environment_id: string;
  readonly id: string;
  readonly endpoint_url: string;
  readonly events: string[];
  readonly directory_ids: string[] | null;
  readonly status: 'enabled' | 'disabled';
  readonly disabled_reason: DisabledReason | null;
  readonly ordering: Ordering;
  readonly concurrency: number;
  readonly custom_headers: string | null;
  readonly created_at: string;
  readonly updated_at: string;
}

/** Times leave the database as text in the API's form. */
export const isoText = (column: string): string =>
  `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

/** The columns of an `EndpointRow`; the table's alias is `w`. */
export const ENDPOINT_COLUMNS = `w.environment_id, w.id, w.endpoint_url, w.events, w.directory_ids, w.status,
  w.disabled_reason, w.ordering, w.concurrency, w.custom_headers, ${isoText('w.created_at')} AS created_at,
  ${isoText('w.updated_at')} AS updated_at`;

/** What the ciphertext of a signing secret is bound to. */
export function secretContext(environmentId: string, endpointId: string, id: string): SealContext {
  return ['webhook_secrets', environmentId, endpointId, id];
}

/** Seals custom headers; an empty set is stored as null. */
export function sealHeaders(
  box: SecretBox,
  owner: { readonly environmentId: string; readonly id: string },
  headers: Readonly<Record<string, string>>,
): string | null {
  if (Object.keys(headers).length === 0) return null;
  return box.seal(JSON.stringify(headers), headersContext(owner.environmentId, owner.id));
}

/** Opens what `sealHeaders` stored. */
export function openHeaders(box: SecretBox, row: EndpointRow): Readonly<Record<string, string>> {
  if (row.custom_headers === null) return {};
  return JSON.parse(box.open(row.custom_headers, headersContext(row.environment_id, row.id))) as Record<
    string,
    string
  >;
}

/** The row as callers see it, its secret masked. */
export function toEndpoint(box: SecretBox, row: EndpointRow): WebhookEndpoint {
  return {
    id: row.id,
    environmentId: row.environment_id,
    endpointUrl: row.endpoint_url,
    events: row.events,
    directoryIds: row.directory_ids,
    status: row.status,
    disabledReason: row.disabled_reason,
    ordering: row.ordering,
    concurrency: row.concurrency,
    customHeaderNames: Object.keys(openHeaders(box, row)),
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    secret: MASKED_SECRET,
  };
}

/** What the ciphertext of an endpoint's custom headers is bound to. */
export function headersContext(environmentId: string, endpointId: string): SealContext {
  return ['webhook_endpoints', environmentId, endpointId, 'custom_headers'];
}
