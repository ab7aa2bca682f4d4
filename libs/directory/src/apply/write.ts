import { textArray, type JsonObject, type Queryable } from '#kernel';
import { groupToRow, type GroupToWrite } from '../rows/group-row.js';
import { userToRow, type UserToWrite } from '../rows/user-row.js';
import type { Batch } from './batch.js';
import type { DirectoryRef } from './head.js';
import type { MemberPair } from './members.js';

/** Rows per statement: keeps one parameter at a few megabytes. */
const CHUNK = 2_000;

/**
 * Starts the statements that write everything a batch changed, set by set, all at once: they travel together. Users and
 * groups come before the links that point to them.
 */
export function writeBatch(tx: Queryable, batch: Batch): Promise<unknown>[] {
  const { head, users, groups, memberships } = batch;
  const started: Promise<unknown>[] = [];
  const write = (name: string, text: string, rows: readonly JsonObject[]): void =>
    void started.push(...writeRows(tx, head, { name, text, rows }));
  write('directory_insert_users', INSERT_USERS, users.toInsert().map(insertUserRow));
  write('directory_update_users', UPDATE_USERS, users.toUpdate().map(userToRow));
  write('directory_insert_groups', INSERT_GROUPS, groups.toInsert().map(insertGroupRow));
  const now = batch.clock.now().toISOString();
  const links = (pairs: readonly MemberPair[], more: JsonObject = {}): JsonObject[] =>
    pairs.map(({ groupId, member }) => ({ group_id: groupId, member, created_at: now, ...more }));
  write('directory_delete_members', deleteLinks('memberships', 'user_id'), links(memberships.toDelete()));
  started.push(
    ...writeMembers(tx, batch, { ...INSERT_MEMBERS, pairs: memberships.toInsert(), more: [now] }),
    ...writeMembers(tx, batch, { ...MARK_MEMBERS, pairs: memberships.toMark(), more: [] }),
  );
  // After the memberships: what these refer to is found sooner in a group that nothing was written to yet.
  write('directory_update_groups', UPDATE_GROUPS, groups.toUpdate().map(groupToRow));
  write('directory_delete_nested', deleteLinks('nested_groups', 'member_id'), links(batch.nested.toDelete()));
  write('directory_insert_nested', INSERT_NESTED, links(batch.nested.toInsert()));
  for (const [pending, isGroup] of [
    [batch.pending, false],
    [batch.pendingGroups, true],
  ] as const) {
    write('directory_delete_pending', DELETE_PENDING, links(pending.toDelete(), { is_group: isGroup }));
    write('directory_insert_pending', INSERT_PENDING, links(pending.toInsert(), { is_group: isGroup }));
  }
  return started;
}

function insertUserRow(user: UserToWrite): JsonObject {
  return userToRow({ ...user, folded: user.folded ?? {} });
}

function insertGroupRow(group: GroupToWrite): JsonObject {
  return groupToRow({ ...group, folded: group.folded ?? {} });
}

function writeRows(
  tx: Queryable,
  ref: DirectoryRef,
  { name, text, rows }: { name: string; text: string; rows: readonly JsonObject[] },
): Promise<unknown>[] {
  return chunked(rows).map((chunk) =>
    tx.query({ name, text, values: [ref.environmentId, ref.directoryId, JSON.stringify(chunk)] }),
  );
}

interface Prepared {
  readonly name: string;
  readonly text: string;
}

/** Memberships come by the hundred for one request, so they travel as columns: half the server's work of JSON. */
function writeMembers(
  tx: Queryable,
  { head, memberships }: Batch,
  { pairs, more, ...statement }: Prepared & { pairs: readonly MemberPair[]; more: readonly string[] },
): Promise<unknown>[] {
  const flags = (chunk: readonly MemberPair[], flag: 'has' | 'isDirect'): string =>
    `{${chunk.map(({ groupId, member }) => memberships[flag](groupId, member)).join()}}`;
  return chunked(pairs).map((chunk) =>
    tx.query({
      ...statement,
      values: [
        head.environmentId,
        head.directoryId,
        textArray(chunk.map((pair) => pair.groupId)),
        textArray(chunk.map((pair) => pair.member)),
        flags(chunk, 'has'),
        flags(chunk, 'isDirect'),
        ...more,
      ],
    }),
  );
}

function chunked<T>(rows: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(rows.length / CHUNK) }, (_, i) =>
    rows.slice(i * CHUNK, (i + 1) * CHUNK),
  );
}

const USER_RECORD = `json_to_recordset($3::json) AS r (id text, external_id text, user_name text, user_name_key text,
  email text, email_key text, emails jsonb, first_name text, last_name text, name text, job_title text, active boolean,
  asserted_active boolean, state_reason text, raw jsonb, folded jsonb, custom_attributes jsonb, version bigint, created_at timestamptz,
  updated_at timestamptz, deleted_at timestamptz, asserted_deleted_at timestamptz, guard jsonb)`;

const INSERT_USERS = `
INSERT INTO directory_users (environment_id, directory_id, id, external_id, user_name, user_name_key, email, email_key,
  emails, first_name, last_name, name, job_title, active, asserted_active, state_reason, raw, folded,
  custom_attributes, version, created_at, updated_at, deleted_at, asserted_deleted_at, guard)
SELECT $1, $2, r.id, r.external_id, r.user_name, r.user_name_key, r.email, r.email_key, r.emails, r.first_name,
  r.last_name, r.name, r.job_title, r.active, r.asserted_active, r.state_reason, r.raw, r.folded, r.custom_attributes,
  r.version, r.created_at, r.updated_at, r.deleted_at, r.asserted_deleted_at, r.guard
FROM ${USER_RECORD}`;

const UPDATE_USERS = `
UPDATE directory_users u SET external_id = r.external_id, user_name = r.user_name, user_name_key = r.user_name_key,
  email = r.email, email_key = r.email_key, emails = r.emails, first_name = r.first_name, last_name = r.last_name,
  name = r.name, job_title = r.job_title, active = r.active, asserted_active = r.asserted_active,
  state_reason = r.state_reason, raw = r.raw, folded = coalesce(r.folded, u.folded),
  custom_attributes = r.custom_attributes, version = r.version, updated_at = r.updated_at,
  deleted_at = r.deleted_at, asserted_deleted_at = r.asserted_deleted_at, guard = r.guard
FROM ${USER_RECORD}
WHERE u.environment_id = $1 AND u.directory_id = $2 AND u.id = r.id`;

const GROUP_RECORD = `json_to_recordset($3::json) AS r (id text, external_id text, name text, name_key text, raw jsonb,
  folded jsonb, version bigint, created_at timestamptz, updated_at timestamptz, last_modified timestamptz,
  deleted_at timestamptz, asserted_deleted_at timestamptz)`;

const INSERT_GROUPS = `
INSERT INTO directory_groups (environment_id, directory_id, id, external_id, name, name_key, raw, folded, version,
  created_at, updated_at, last_modified, deleted_at, asserted_deleted_at)
SELECT $1, $2, r.id, r.external_id, r.name, r.name_key, r.raw, r.folded, r.version, r.created_at, r.updated_at,
  r.last_modified, r.deleted_at, r.asserted_deleted_at
FROM ${GROUP_RECORD}`;

const UPDATE_GROUPS = `
UPDATE directory_groups g SET external_id = r.external_id, name = r.name, name_key = r.name_key, raw = r.raw,
  folded = coalesce(r.folded, g.folded), version = r.version, updated_at = r.updated_at,
  last_modified = r.last_modified, deleted_at = r.deleted_at, asserted_deleted_at = r.asserted_deleted_at
FROM ${GROUP_RECORD}
WHERE g.environment_id = $1 AND g.directory_id = $2 AND g.id = r.id`;

const LINK_RECORD = `json_to_recordset($3::json) AS r (group_id text, member text, is_group boolean,
  created_at timestamptz)`;

const MEMBERS =
  'unnest($3::text[], $4::text[], $5::boolean[], $6::boolean[]) AS r (group_id, member, asserted, direct)';

const INSERT_MEMBERS: Prepared = {
  name: 'directory_insert_members',
  text: `INSERT INTO memberships (environment_id, directory_id, group_id, user_id, asserted, direct, created_at)
SELECT $1, $2, r.group_id, r.member, r.asserted, r.direct, $7::timestamptz FROM ${MEMBERS} ON CONFLICT DO NOTHING`,
};

const MARK_MEMBERS: Prepared = {
  name: 'directory_mark_members',
  text: `UPDATE memberships m SET asserted = r.asserted, direct = r.direct FROM ${MEMBERS}
WHERE m.environment_id = $1 AND m.directory_id = $2 AND m.group_id = r.group_id AND m.user_id = r.member`,
};

const INSERT_NESTED = `
INSERT INTO nested_groups (environment_id, directory_id, group_id, member_id, created_at)
SELECT $1, $2, r.group_id, r.member, r.created_at FROM ${LINK_RECORD} ON CONFLICT DO NOTHING`;

const INSERT_PENDING = `
INSERT INTO pending_memberships (environment_id, directory_id, group_id, value, is_group, created_at)
SELECT $1, $2, r.group_id, r.member, r.is_group, r.created_at FROM ${LINK_RECORD} ON CONFLICT DO NOTHING`;

const DELETE_PENDING = `${deleteLinks('pending_memberships', 'value')} AND l.is_group = r.is_group`;

function deleteLinks(table: string, column: string): string {
  return `DELETE FROM ${table} l USING ${LINK_RECORD}
    WHERE l.environment_id = $1 AND l.directory_id = $2 AND l.group_id = r.group_id AND l.${column} = r.member`;
}
