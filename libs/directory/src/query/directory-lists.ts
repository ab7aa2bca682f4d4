import { foldKey, NotFoundError, type Database } from '#kernel';
import {
  keysetScan,
  toPage,
  type DirectoryGroup,
  type DirectoryUser,
  type Page,
  type PageRequest,
} from '#model';
import { GROUP_COLUMNS, groupFromRow, type GroupRow } from '../rows/group-row.js';
import { USER_COLUMNS, userFromRow, type UserRow } from '../rows/user-row.js';

/** One page of the users of a directory or of a group. */
export type UserListRequest = PageRequest &
  ({ readonly directoryId: string } | { readonly groupId: string }) & {
    readonly idpId?: string;
    /** Exact, case-insensitive. */
    readonly email?: string;
  };

/** One page of the groups of a directory or of a user. */
export type GroupListRequest = PageRequest & ({ readonly directoryId: string } | { readonly userId: string });

/** Reads what is in effect: the REST side. */
export class DirectoryLists {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** @throws NotFoundError for an unknown directory or group. */
  async listUsers(environmentId: string, request: UserListRequest): Promise<Page<DirectoryUser>> {
    const query = new ListQuery(environmentId, request, 'u');
    if ('groupId' in request) {
      await this.#requireGroup(environmentId, request.groupId);
      query.where(`EXISTS (SELECT FROM memberships m WHERE m.environment_id = u.environment_id
        AND m.directory_id = u.directory_id AND m.user_id = u.id AND m.group_id = ${query.bind(request.groupId)})`);
    } else {
      await this.#requireDirectory(environmentId, request.directoryId);
      query.where(`u.directory_id = ${query.bind(request.directoryId)}`);
    }
    if (request.idpId !== undefined) {
      const idpId = query.bind(request.idpId);
      query.where(`((u.external_id = ${idpId} OR (u.external_id IS NULL AND u.id = ${idpId}))
          AND NOT ${isHeld('externalId')})
        OR (${IS_HELD} AND coalesce(u.guard->'effective'->>'externalId', u.id) = ${idpId}
          AND ${isHeld('externalId')})`);
    }
    if (request.email !== undefined) {
      const key = query.bind(foldKey(request.email));
      query.where(`(u.email_key = ${key} AND NOT ${isHeld('emailKey')})
        OR (${IS_HELD} AND u.guard->'effective'->>'emailKey' = ${key})`);
    }
    const rows = await this.#database.query<UserRow>(query.statement(USER_COLUMNS, 'directory_users'));
    const page = toPage(rows, request);
    return { ...page, data: page.data.map((row) => userFromRow(row, 'effective')) };
  }

  async getUser(environmentId: string, id: string): Promise<DirectoryUser> {
    const rows = await this.#database.query<UserRow>({
      name: 'directory_get_user',
      text: `SELECT ${USER_COLUMNS} FROM directory_users u
        JOIN directories d ON d.environment_id = u.environment_id AND d.id = u.directory_id AND d.deleted_at IS NULL
        WHERE u.environment_id = $1 AND u.id = $2 AND u.deleted_at IS NULL`,
      values: [environmentId, id],
    });
    if (!rows[0]) throw new NotFoundError(`Directory user not found: '${id}'.`, { entityId: id });
    return userFromRow(rows[0], 'effective');
  }

  /** @throws NotFoundError for an unknown directory or user. */
  async listGroups(environmentId: string, request: GroupListRequest): Promise<Page<DirectoryGroup>> {
    const query = new ListQuery(environmentId, request, 'g');
    if ('userId' in request) {
      await this.getUser(environmentId, request.userId);
      query.where(`EXISTS (SELECT FROM memberships m WHERE m.environment_id = g.environment_id
        AND m.directory_id = g.directory_id AND m.group_id = g.id AND m.user_id = ${query.bind(request.userId)})`);
    } else {
      await this.#requireDirectory(environmentId, request.directoryId);
      query.where(`g.directory_id = ${query.bind(request.directoryId)}`);
    }
    const rows = await this.#database.query<GroupRow>(query.statement(GROUP_COLUMNS, 'directory_groups'));
    const page = toPage(rows, request);
    return { ...page, data: page.data.map(groupFromRow) };
  }

  async getGroup(environmentId: string, id: string): Promise<DirectoryGroup> {
    const rows = await this.#database.query<GroupRow>({
      name: 'directory_get_group',
      text: `SELECT ${GROUP_COLUMNS} FROM directory_groups g
        JOIN directories d ON d.environment_id = g.environment_id AND d.id = g.directory_id AND d.deleted_at IS NULL
        WHERE g.environment_id = $1 AND g.id = $2 AND g.deleted_at IS NULL`,
      values: [environmentId, id],
    });
    if (!rows[0]) throw new NotFoundError(`Directory group not found: '${id}'.`, { entityId: id });
    return groupFromRow(rows[0]);
  }

  /** The groups of each user, for a whole page of users at once. */
  async groupsOfUsers(
    environmentId: string,
    userIds: readonly string[],
  ): Promise<Map<string, DirectoryGroup[]>> {
    const groups = new Map<string, DirectoryGroup[]>(userIds.map((id) => [id, []]));
    if (userIds.length === 0) return groups;
    const rows = await this.#database.query<GroupRow & { user_id: string }>({
      name: 'directory_groups_of_users',
      text: `SELECT wanted.id AS user_id, ${GROUP_COLUMNS} FROM unnest($2::text[]) AS wanted (id)
        CROSS JOIN LATERAL (SELECT m.directory_id, m.group_id FROM directory_users u
          JOIN memberships m ON m.environment_id = $1 AND m.directory_id = u.directory_id AND m.user_id = u.id
          WHERE u.environment_id = $1 AND u.id = wanted.id) m
        JOIN directory_groups g ON g.environment_id = $1 AND g.directory_id = m.directory_id AND g.id = m.group_id
        JOIN directories d ON d.environment_id = $1 AND d.id = g.directory_id
        WHERE g.deleted_at IS NULL ORDER BY g.id`,
      values: [environmentId, userIds],
    });
    for (const row of rows) groups.get(row.user_id)?.push(groupFromRow(row));
    return groups;
  }

  async #requireDirectory(environmentId: string, id: string): Promise<void> {
    const rows = await this.#database.query({
      name: 'directory_require',
      text: 'SELECT FROM directories WHERE environment_id = $1 AND id = $2 AND deleted_at IS NULL',
      values: [environmentId, id],
    });
    if (rows.length === 0) throw new NotFoundError(`Directory not found: '${id}'.`, { entityId: id });
  }

  async #requireGroup(environmentId: string, id: string): Promise<void> {
    await this.getGroup(environmentId, id);
  }
}

/** Spelled like the predicate of the index on the few users of whom something else is in effect. */
const IS_HELD = "u.guard ? 'effective'";

/** Whether something else than the column is in effect. */
function isHeld(attribute: string): string {
  return `coalesce(u.guard->'effective' ? '${attribute}', false)`;
}

/** Builds one keyset query; the number of shapes is small, so statements are not prepared by name. */
class ListQuery {
  readonly #values: unknown[];
  readonly #conditions: string[];
  readonly #page: PageRequest;
  readonly #alias: string;

  constructor(environmentId: string, page: PageRequest, alias: string) {
    this.#values = [environmentId];
    this.#page = page;
    this.#alias = alias;
    this.#conditions = [`${alias}.environment_id = $1`, `${alias}.deleted_at IS NULL`];
    const scan = keysetScan(page);
    if (scan.cursor !== undefined) this.where(`${alias}.id ${scan.comparison} ${this.bind(scan.cursor)}`);
  }

  bind(value: unknown): string {
    return `$${this.#values.push(value)}`;
  }

  where(condition: string): void {
    this.#conditions.push(`(${condition})`);
  }

  statement(columns: string, table: string): { text: string; values: unknown[] } {
    const { direction } = keysetScan(this.#page);
    const alias = this.#alias;
    const limit = this.bind(this.#page.limit + 1);
    return {
      text: `SELECT ${columns} FROM ${table} ${alias}
        JOIN directories d ON d.environment_id = ${alias}.environment_id AND d.id = ${alias}.directory_id
          AND d.deleted_at IS NULL
        WHERE ${this.#conditions.join(' AND ')} ORDER BY ${alias}.id ${direction} LIMIT ${limit}`,
      values: this.#values,
    };
  }
}
