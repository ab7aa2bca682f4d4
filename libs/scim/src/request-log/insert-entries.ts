import { textArray, type Statement } from '#kernel';
import { NOBODY } from './nobody.js';
import type { NewRequestLogEntry } from './request-log-entry.js';

/** Column, its type, and where its value comes from. The first two say whose the entry is. */
const COLUMNS: readonly (readonly [string, string, (entry: NewRequestLogEntry) => unknown])[] = [
  ['id', 'text', (entry) => entry.id],
  ['request_id', 'text', (entry) => entry.requestId],
  ['scim_version', 'text', (entry) => entry.scimVersion],
  ['method', 'text', (entry) => entry.method],
  ['path', 'text', (entry) => entry.path],
  ['query', 'text', (entry) => entry.query],
  ['status', 'int', (entry) => entry.status],
  ['duration_ms', 'real', (entry) => entry.durationMs],
  ['user_agent', 'text', (entry) => entry.userAgent],
  ['peer', 'text', (entry) => entry.peer],
  ['token_id', 'text', (entry) => entry.tokenId],
  ['resource_type', 'text', (entry) => entry.resourceType],
  ['resource_id', 'text', (entry) => entry.resourceId],
  ['subject', 'text', (entry) => entry.subject],
  ['scim_type', 'text', (entry) => entry.scimType],
  ['summary', 'text', (entry) => entry.summary],
  ['reason', 'text', (entry) => entry.reason],
  ['fix', 'text', (entry) => entry.fix],
  ['headers', 'json', (entry) => JSON.stringify(entry.headers)],
  ['request_body', 'text', (entry) => entry.requestBody],
  ['response_body', 'text', (entry) => entry.responseBody],
  ['created_at', 'timestamptz', (entry) => entry.createdAt],
];

const NAMES = COLUMNS.map(([name]) => name).join(', ');
const OWNED_SQL = `
  INSERT INTO scim_requests (environment_id, directory_id, ${NAMES})
  SELECT * FROM unnest($1::text[], $2::text[], ${parameters(3)})`;
const OF_LOGIN = NAMES.replaceAll(/\w+/g, 'r.$&');
/**
 * Each stands at nobody for the operator, and at the directory whose key it named. Of a stranger's request the operator
 * needs no query, which may name people.
 */
const LOGINS_SQL = `
  WITH r AS (SELECT * FROM unnest($1::text[], ${parameters(2)}) AS r (address_key, ${NAMES})),
  strangers AS (
    INSERT INTO scim_requests (environment_id, directory_id, address_key, ${NAMES})
    SELECT '${NOBODY}', '${NOBODY}', r.address_key, ${OF_LOGIN.replace('r.query', 'NULL')} FROM r)
  INSERT INTO scim_requests (environment_id, directory_id, ${NAMES})
  SELECT d.environment_id, d.id, ${OF_LOGIN} FROM r
  JOIN directories d ON d.external_key = r.address_key AND d.deleted_at IS NULL`;

/** Writes entries of known directories. */
export function insertEntries(entries: readonly NewRequestLogEntry[]): Statement {
  return {
    name: 'scim_requests_insert',
    text: OWNED_SQL,
    values: [
      textArray(entries.map((entry) => entry.directory?.environmentId ?? null)),
      textArray(entries.map((entry) => entry.directory?.id ?? null)),
      ...valuesOf(entries),
    ],
  };
}

/** Writes refused logins: their directory is the one whose key stands in the address. */
export function insertLogins(entries: readonly NewRequestLogEntry[]): Statement {
  return {
    name: 'scim_requests_insert_logins',
    text: LOGINS_SQL,
    values: [textArray(entries.map((entry) => entry.externalKey)), ...valuesOf(entries)],
  };
}

function valuesOf(entries: readonly NewRequestLogEntry[]): unknown[] {
  return COLUMNS.map(([, type, read]) =>
    isText(type)
      ? textArray(entries.map((entry) => (read(entry) ?? null) as string | null))
      : entries.map(read),
  );
}

function parameters(first: number): string {
  return COLUMNS.map(([, type], index) =>
    isText(type) ? `$${first + index}::text[]::${type}[]` : `$${first + index}::${type}[]`,
  ).join(', ');
}

/** Travels as text; the numbers are few. */
function isText(type: string): boolean {
  return !['int', 'real'].includes(type);
}
