import { foldKey, InvalidInputError, type JsonObject } from '#kernel';
import type { DirectoryUser, Email, StateReason, UserInput } from '#model';

/** Columns of directory_users that make a DirectoryUser, for a table alias `u` and directories alias `d`. */
export const USER_COLUMNS = `u.id, u.environment_id, u.directory_id, d.organization_id, u.external_id, u.user_name,
  u.email, u.emails, u.first_name, u.last_name, u.name, u.job_title, u.active, u.asserted_active, u.state_reason,
  u.raw, u.custom_attributes, u.version, u.created_at, u.updated_at, u.asserted_deleted_at, u.deleted_at`;

/** A row as USER_COLUMNS selects it. */
export interface UserRow {
  readonly id: string;
  readonly environment_id: string;
  readonly directory_id: string;
  readonly organization_id: string;
  readonly external_id: string | null;
  readonly user_name: string;
  readonly email: string | null;
  readonly emails: Email[];
  readonly first_name: string | null;
  readonly last_name: string | null;
  readonly name: string | null;
  readonly job_title: string | null;
  readonly active: boolean;
  readonly asserted_active: boolean;
  readonly state_reason: StateReason | null;
  readonly raw: JsonObject;
  readonly custom_attributes: JsonObject;
  readonly version: number;
  readonly created_at: string;
  readonly updated_at: string;
  readonly asserted_deleted_at: string | null;
  readonly deleted_at: string | null;
}

/** `source`: what the IdP asserts (SCIM). `effective`: what is in force (REST, events). */
export type View = 'source' | 'effective';

export function userFromRow(row: UserRow, view: View): DirectoryUser {
  return {
    id: row.id,
    environmentId: row.environment_id,
    organizationId: row.organization_id,
    directoryId: row.directory_id,
    externalId: row.external_id,
    idpId: row.external_id ?? row.id,
    userName: row.user_name,
    email: row.email,
    emails: row.emails,
    firstName: row.first_name,
    lastName: row.last_name,
    name: row.name,
    jobTitle: row.job_title,
    active: view === 'source' ? row.asserted_active : row.active,
    stateReason: row.state_reason,
    raw: row.raw,
    customAttributes: row.custom_attributes,
    version: row.version,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    pendingRemoval:
      row.deleted_at === null && (row.asserted_deleted_at !== null || (row.active && !row.asserted_active)),
  };
}

/** Bytes of a key that still fit an index entry beside the ids. */
const MAX_KEY_BYTES = 1_500;

/** @throws InvalidInputError naming the attribute when a key is empty or too long to be indexed. */
export function checkUserKeys(input: UserInput): void {
  if (input.userName.trim() === '') throw keyProblem('userName', 'must not be empty');
  checkKeyLength('userName', input.userName);
  if (input.externalId !== null) checkKeyLength('externalId', input.externalId);
  if (input.email !== null) checkKeyLength('emails', input.email);
}

export function checkKeyLength(attribute: string, value: string): void {
  if (Buffer.byteLength(value) > MAX_KEY_BYTES)
    throw keyProblem(attribute, `is longer than ${MAX_KEY_BYTES} bytes, the limit for a key`);
}

export function keyProblem(attribute: string, problem: string): InvalidInputError {
  const message = `"${attribute}" ${problem}.`;
  return new InvalidInputError(message, {
    code: 'invalid_value',
    problems: [{ field: attribute, message }],
  });
}

/** A user and the folded document that is stored beside it; the document is undefined when `raw` did not change. */
export interface UserToWrite {
  readonly user: DirectoryUser;
  readonly folded: JsonObject | undefined;
  readonly deletedAt: string | null;
}

/** JSON that the write statements unpack; names are the columns. */
export function userToRow({ user, folded, deletedAt }: UserToWrite): JsonObject {
  return {
    id: user.id,
    external_id: user.externalId,
    user_name: user.userName,
    user_name_key: foldKey(user.userName),
    email: user.email,
    email_key: user.email === null ? null : foldKey(user.email),
    emails: user.emails as unknown as JsonObject[],
    first_name: user.firstName,
    last_name: user.lastName,
    name: user.name,
    job_title: user.jobTitle,
    active: user.active,
    state_reason: user.stateReason,
    raw: user.raw,
    folded: folded ?? null,
    custom_attributes: user.customAttributes,
    version: user.version,
    created_at: user.createdAt,
    updated_at: user.updatedAt,
    deleted_at: deletedAt,
  };
}
