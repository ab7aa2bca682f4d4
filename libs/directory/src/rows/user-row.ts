import { foldKey, InvalidInputError, type JsonObject } from '#kernel';
import type { DirectoryUser, Email, StateReason, UserInput } from '#model';
import { effectiveAttributes, losesIdentity, withEffectiveAttributes } from '../guard/effective.js';

/** Columns of directory_users that make a DirectoryUser, for a table alias `u` and directories alias `d`. */
export const USER_COLUMNS = `u.id, u.environment_id, u.directory_id, d.organization_id, u.external_id, u.user_name,
  u.email, u.emails, u.first_name, u.last_name, u.name, u.job_title, u.active, u.asserted_active, u.state_reason,
  u.raw, u.custom_attributes, u.version, u.created_at, u.updated_at, u.asserted_deleted_at, u.deleted_at, u.guard`;

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
  readonly guard: UserGuard | null;
}

/** What the removal guard notes about a user: attributes in effect instead of the columns, when it last counted. */
export interface UserGuard {
  readonly effective?: JsonObject;
  readonly removed_at?: string;
  readonly identity_at?: string;
}

/** `source`: what the IdP asserts (SCIM). `effective`: what is in force (REST, events). */
export type View = 'source' | 'effective';

export function userFromRow(row: UserRow, view: View): DirectoryUser {
  const asserted = assertedFromRow(row);
  if (view === 'source') return asserted;
  const attributes = row.guard?.effective;
  const user = { ...asserted, active: row.active };
  return attributes ? withEffectiveAttributes(user, attributes) : user;
}

function assertedFromRow(row: UserRow): DirectoryUser {
  const user: DirectoryUser = {
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
    active: row.asserted_active,
    stateReason: row.state_reason,
    raw: row.raw,
    customAttributes: row.custom_attributes,
    version: row.version,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    pendingRemoval: false,
  };
  return { ...user, pendingRemoval: isPending(row, user) };
}

function isPending(row: UserRow, asserted: DirectoryUser): boolean {
  if (row.deleted_at !== null) return false;
  if (row.asserted_deleted_at !== null || (row.active && !row.asserted_active)) return true;
  const attributes = row.guard?.effective;
  return attributes !== undefined && losesIdentity(withEffectiveAttributes(asserted, attributes), asserted);
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

/**
 * A user as the source asserts it, and the folded document that is stored beside it (undefined when `raw` did not
 * change). `effective` is what is in effect, undefined when nothing is.
 */
export interface UserToWrite {
  readonly user: DirectoryUser;
  readonly effective: DirectoryUser | undefined;
  readonly folded: JsonObject | undefined;
  /** When the source removed the user. */
  readonly deletedAt: string | null;
  readonly counted: Pick<UserGuard, 'removed_at' | 'identity_at'>;
}

/** JSON that the write statements unpack; names are the columns. */
export function userToRow({ user, effective, folded, deletedAt, counted }: UserToWrite): JsonObject {
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
    active: effective?.active ?? user.active,
    asserted_active: user.active,
    state_reason: user.stateReason,
    raw: user.raw,
    folded: folded ?? null,
    custom_attributes: user.customAttributes,
    version: user.version,
    created_at: user.createdAt,
    updated_at: user.updatedAt,
    deleted_at: effective ? null : deletedAt,
    asserted_deleted_at: deletedAt,
    guard: guardOf(effective && effectiveAttributes(user, effective), counted),
  };
}

function guardOf(effective: JsonObject | undefined, counted: UserToWrite['counted']): JsonObject | null {
  const guard = { ...counted, ...(effective && { effective }) };
  return Object.keys(guard).length === 0 ? null : guard;
}
