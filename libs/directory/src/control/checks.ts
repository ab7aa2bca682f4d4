import { InvalidInputError, NotFoundError } from '#kernel';

const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
const HOST_NAME = new RegExp(`^(?:${LABEL}\\.)+(?=[a-z0-9-]*[a-z])${LABEL}$`);
const EXTERNAL_ID = /^[\x20-\x7e]{1,128}$/;
const METADATA = { keys: 50, keyLength: 40, valueLength: 600 };

/** `Organization not found: 'org_…'.` */
export function notFound(noun: string, id: string): NotFoundError {
  return new NotFoundError(`${noun} not found: '${id}'.`, { entityId: id });
}

/** An input of which one field is wrong. */
export function badField(field: string, message: string, code = 'invalid_value'): InvalidInputError {
  return new InvalidInputError(message, { code, problems: [{ field, message }] });
}

/** PostgreSQL text has no U+0000; a key with one in it exists nowhere, and asking for it would be a server error. */
export function isStorable(text: string): boolean {
  return !text.includes('\u0000');
}

/** @returns the name without surrounding white space. */
export function checkName(name: string): string {
  const trimmed = name.trim();
  if (trimmed === '' || !isStorable(trimmed)) throw badField('name', 'The name must not be empty.');
  return trimmed;
}

/** @returns the domain in lower case. */
export function checkDomain(text: string): string {
  const domain = text.trim().toLowerCase();
  if (domain.length <= 253 && HOST_NAME.test(domain)) return domain;
  throw badField('domain', `"${text.slice(0, 253)}" is no domain. Send a host name such as "example.com".`);
}

export function checkExternalId(externalId: string | null | undefined): void {
  if (externalId === null || externalId === undefined || EXTERNAL_ID.test(externalId)) return;
  throw badField('external_id', 'An external_id has 1 to 128 printable ASCII characters.');
}

/** @returns the metadata after the changes; null deletes a key. */
export function mergeMetadata(
  current: Readonly<Record<string, string>>,
  changes: Readonly<Record<string, string | null>>,
): Record<string, string> {
  const merged = new Map<string, string | null>([...Object.entries(current), ...Object.entries(changes)]);
  const kept = [...merged].filter((entry): entry is [string, string] => entry[1] !== null);
  if (kept.length > METADATA.keys) throw badMetadata(`has at most ${METADATA.keys} keys`);
  for (const [key, value] of kept) {
    if (key === '' || key.length > METADATA.keyLength)
      throw badMetadata(`has keys of 1 to ${METADATA.keyLength} characters`);
    if (value.length > METADATA.valueLength)
      throw badMetadata(`has values of at most ${METADATA.valueLength} characters; "${key}" is longer`);
  }
  return Object.fromEntries(kept);
}

/** @returns the time as ISO 8601 with milliseconds, null when none was given. */
export function checkExpiry(expiresAt: string | null | undefined, now: Date): string | null {
  if (expiresAt === null || expiresAt === undefined) return null;
  const time = Date.parse(expiresAt);
  if (Number.isNaN(time)) throw badField('expires_at', 'expires_at must be an ISO 8601 date and time.');
  if (time <= now.getTime()) throw badField('expires_at', 'expires_at must be in the future.');
  return new Date(time).toISOString();
}

/** Whether a credential's time is over. */
export function isExpired(expiresAt: string | null, now: Date): boolean {
  return expiresAt !== null && Date.parse(expiresAt) <= now.getTime();
}

function badMetadata(rule: string): InvalidInputError {
  return badField('metadata', `Metadata ${rule}.`, 'invalid_metadata');
}
