import { NotFoundError, type Database } from '#kernel';
import type { DirectoryGroup, DirectoryUser, GroupMember } from '#model';
import type { DirectoryRef } from '../apply/head.js';
import { GROUP_COLUMNS, groupFromRow, type GroupRow } from '../rows/group-row.js';
import { USER_COLUMNS, userFromRow, type UserRow } from '../rows/user-row.js';
import { GROUPS_COLUMN, type UserGroup, type UserGroupsRow } from './user-groups.js';
import { UserLookUps } from './user-look-ups.js';

/** A piece of SQL and its parameters, numbered from FIRST_SEARCH_PARAMETER. */
export interface SqlCondition {
  readonly text: string;
  readonly values: readonly unknown[];
  /** Set where the whole condition is "has this user name" (folded): such look-ups share a statement. */
  readonly userNameKey?: string;
}

/** $1 is the environment, $2 the directory. */
export const FIRST_SEARCH_PARAMETER = 3;

/**
 * An SQL expression, whose parameters follow those of `where`; ties are broken by id. NULL comes last, in descending
 * order first.
 */
export interface SearchOrder extends SqlCondition {
  readonly descending: boolean;
}

/** What to find. Users have the alias `u`, groups `g`. */
export interface Search {
  readonly where?: SqlCondition;
  readonly orderBy?: SearchOrder;
  readonly offset: number;
  /** 0 only counts. */
  readonly limit: number;
  /** Only what comes behind the row with this id, whatever has become of that row since; "" is before all. */
  readonly after?: string;
  /** The total is not needed, and 0 in the result. */
  readonly skipTotal?: boolean;
  /** The groups of the users are wanted, too: cheaper than asking for them afterwards. */
  readonly withGroups?: boolean;
}

/** One page, and how many match in all, on whatever page. */
export interface SearchResult<T> {
  readonly total: number;
  readonly items: readonly T[];
  /** By user id, where they were asked for. */
  readonly groups?: ReadonlyMap<string, readonly UserGroup[]>;
}

interface MemberRow extends Record<string, unknown> {
  readonly group_id: string;
  readonly value: string;
  readonly type: 'User' | 'Group';
  readonly display: string | null;
}

interface SearchTarget {
  readonly table: string;
  readonly alias: string;
  readonly columns: string;
}

const USERS: SearchTarget = { table: 'directory_users', alias: 'u', columns: USER_COLUMNS };
const GROUPS: SearchTarget = { table: 'directory_groups', alias: 'g', columns: GROUP_COLUMNS };

/** Reads what the source asserts: the SCIM side. */
export class DirectoryReader {
  readonly #database: Database;
  readonly #lookUps: UserLookUps;

  constructor(database: Database) {
    this.#database = database;
    this.#lookUps = new UserLookUps(database);
  }

  async findUser(ref: DirectoryRef, id: string): Promise<DirectoryUser | undefined> {
    const rows = await this.#find<UserRow>('directory_find_user', USERS, { ref, id });
    return rows[0] && userFromRow(rows[0], 'source');
  }

  async findGroup(ref: DirectoryRef, id: string): Promise<DirectoryGroup | undefined> {
    const rows = await this.#find<GroupRow>('directory_find_group', GROUPS, { ref, id });
    return rows[0] && groupFromRow(rows[0]);
  }

  async searchUsers(ref: DirectoryRef, search: Search): Promise<SearchResult<DirectoryUser>> {
    const userNameKey = lookedUpName(search);
    if (userNameKey === undefined)
      return usersFound(await this.#search<UserGroupsRow>(USERS, ref, search), search);
    const found = await this.#lookUps.byUserName(ref, userNameKey);
    return usersFound(found === undefined ? { total: 0, items: [] } : { total: 1, items: [found] }, search);
  }

  async searchGroups(ref: DirectoryRef, search: Search): Promise<SearchResult<DirectoryGroup>> {
    const { total, items } = await this.#search<GroupRow>(GROUPS, ref, search);
    return { total, items: items.map(groupFromRow) };
  }

  /** Members of each group as the source lists them, groups and pending ones included, in a stable order. */
  async membersOf(ref: DirectoryRef, groupIds: readonly string[]): Promise<Map<string, GroupMember[]>> {
    const rows = await this.#database.query<MemberRow>({
      name: 'directory_members_of',
      text: MEMBERS_OF,
      values: [ref.environmentId, ref.directoryId, groupIds],
    });
    return groupBy(rows, ({ group_id, value, type, display }) => [
      group_id,
      display === null ? { value, type, pending: true } : { value, type, display, pending: false },
    ]);
  }

  /** Whether the source lists more people than that in the group; looks no further. */
  async hasMoreMembersThan(ref: DirectoryRef, groupId: string, count: number): Promise<boolean> {
    const rows = await this.#database.query({
      name: 'directory_has_more_members',
      text: `SELECT FROM memberships WHERE environment_id = $1 AND directory_id = $2 AND group_id = $3
        AND asserted AND direct OFFSET $4 LIMIT 1`,
      values: [ref.environmentId, ref.directoryId, groupId, count],
    });
    return rows.length > 0;
  }

  /** The groups of each user that the source asserts; direct are those that list the user itself. */
  async groupsOf(ref: DirectoryRef, userIds: readonly string[]): Promise<Map<string, UserGroup[]>> {
    const rows = await this.#database.query<UserGroup & { user_id: string }>({
      name: 'directory_groups_of',
      text: GROUPS_OF,
      values: [ref.environmentId, ref.directoryId, userIds],
    });
    return groupBy(rows, (row) => [row.user_id, { id: row.id, name: row.name, direct: row.direct }]);
  }

  #find<R extends UserRow | GroupRow>(
    name: string,
    { table, alias, columns }: SearchTarget,
    { ref, id }: { readonly ref: DirectoryRef; readonly id: string },
  ): Promise<R[]> {
    return this.#database.query<R>({
      name,
      text: `SELECT ${columns} FROM ${table} ${alias}
        JOIN directories d ON d.environment_id = ${alias}.environment_id AND d.id = ${alias}.directory_id
        WHERE ${alias}.environment_id = $1 AND ${alias}.directory_id = $2 AND ${alias}.id = $3
          AND ${alias}.asserted_deleted_at IS NULL`,
      values: [ref.environmentId, ref.directoryId, id],
    });
  }

  /** The total costs a second statement only where the page itself does not tell it. */
  async #search<R extends UserRow | GroupRow>(
    target: SearchTarget,
    ref: DirectoryRef,
    search: Search,
  ): Promise<SearchResult<R>> {
    const values = [ref.environmentId, ref.directoryId, ...(search.where?.values ?? [])];
    const items = search.limit === 0 ? [] : await this.#page<R>(target, values, search);
    if (search.skipTotal) return { total: 0, items };
    if (isLastPage(search, items.length)) return { total: search.offset + items.length, items };
    const counted = await this.#database.query<{ total: number }>({
      text: `SELECT count(*) AS total ${fromMatching(target, search.where)}`,
      values,
    });
    return { total: counted[0]?.total ?? 0, items };
  }

  async #page<R extends UserRow | GroupRow>(
    target: SearchTarget,
    filterValues: readonly unknown[],
    search: Search,
  ): Promise<R[]> {
    const { alias, columns } = target;
    const values = [...filterValues, ...(search.orderBy?.values ?? [])];
    const bind = (value: unknown): string => `$${values.push(value)}`;
    const { where, orderBy, after, limit, offset } = search;
    if (after !== undefined && after !== '' && orderBy !== undefined)
      await this.#requireRow(target, filterValues, after);
    const behind = after === undefined ? undefined : behindSql(target, orderBy, bind(after));
    const nulls = orderBy?.descending ? 'DESC NULLS FIRST' : 'ASC NULLS LAST';
    const order = orderBy === undefined ? `${alias}.id` : `${orderBy.text} ${nulls}, ${alias}.id`;
    const select = `SELECT ${shown(columns, search)} ${fromMatching(target, where, behind)}`;
    const text = `${select} ORDER BY ${order} LIMIT ${bind(limit)} OFFSET ${bind(offset)}`;
    return this.#database.query<R>({ ...statementName(text), text, values });
  }

  /** Rows stay as tombstones for a while. @throws NotFoundError when the place of the row is no longer known */
  async #requireRow(
    { table }: SearchTarget,
    [environmentId, directoryId]: readonly unknown[],
    id: string,
  ): Promise<void> {
    const rows = await this.#database.query({
      name: `directory_require_${table}`,
      text: `SELECT FROM ${table} WHERE environment_id = $1 AND directory_id = $2 AND id = $3`,
      values: [environmentId, directoryId, id],
    });
    if (rows.length === 0) throw new NotFoundError('The row that the search continues from is gone.');
  }
}

function usersFound(
  { total, items }: SearchResult<UserGroupsRow>,
  { withGroups = false }: Search,
): SearchResult<DirectoryUser> {
  const users = { total, items: items.map((row) => userFromRow(row, 'source')) };
  return withGroups ? { ...users, groups: new Map(items.map((row) => [row.id, row.groups ?? []])) } : users;
}

/** The user name that a search is about, when its first page is all there can be. */
function lookedUpName({ where, after, limit, offset }: Search): string | undefined {
  return after === undefined && offset === 0 && limit > 0 ? where?.userNameKey : undefined;
}

function shown(columns: string, { withGroups = false }: Search): string {
  return withGroups ? `${columns}, ${GROUPS_COLUMN}` : columns;
}

/** A page that is not full says where the list ends, unless it lies behind the end. */
function isLastPage({ after, limit, offset }: Search, found: number): boolean {
  return after === undefined && found < limit && (found > 0 || offset === 0);
}

function fromMatching(
  { table, alias }: SearchTarget,
  where: SqlCondition | undefined,
  behind?: string,
): string {
  const conditions = [where?.text, behind].filter((text) => text !== undefined);
  return `FROM (SELECT * FROM ${table} ${alias} WHERE ${alias}.environment_id = $1
      AND ${alias}.directory_id = $2 AND ${alias}.asserted_deleted_at IS NULL
      ${conditions.map((text) => `AND (${text})`).join(' ')} ${fence(where)}) ${alias}
    JOIN directories d ON d.environment_id = ${alias}.environment_id AND d.id = ${alias}.directory_id`;
}

/** What comes behind a row (a keyset): in the order of ids one step in the index, however far the row is. */
function behindSql({ table, alias }: SearchTarget, order: SearchOrder | undefined, id: string): string {
  const idBehind = `${alias}.id > ${id}`;
  if (order === undefined) return idBehind;
  const key = order.text;
  const last = `(SELECT ${key} FROM ${table} ${alias}
    WHERE ${alias}.environment_id = $1 AND ${alias}.directory_id = $2 AND ${alias}.id = ${id})`;
  const behindNull = order.descending
    ? `${last} IS NULL AND ${key} IS NOT NULL`
    : `${last} IS NOT NULL AND ${key} IS NULL`;
  return `${id} = '' OR ${key} ${order.descending ? '<' : '>'} ${last} OR (${behindNull})
    OR (${key} IS NOT DISTINCT FROM ${last} AND ${idBehind})`;
}

/** A condition on a key that has an index of its own. */
const KEY_CONDITION = /\b[ug]\.(user_name_key|name_key|external_id|id) = \$/;

/**
 * A look-up by key finds one row, but with ORDER BY and LIMIT around it the planner, as long as it has no statistics
 * (which is during onboarding), prefers to walk the whole directory in the order of ids. OFFSET 0 keeps the order out
 * of the choice of the index.
 */
function fence(where: SqlCondition | undefined): string {
  return where !== undefined && KEY_CONDITION.test(where.text) ? 'OFFSET 0' : '';
}

/**
 * IdPs send the same few filters over and over, so their statements are worth preparing; the text is the key, and an
 * unbounded variety of filters must not fill the server's memory.
 */
const MAX_PREPARED = 200;
const preparedNames = new Map<string, string>();

function statementName(text: string): { name?: string } {
  const known = preparedNames.get(text);
  if (known) return { name: known };
  if (preparedNames.size >= MAX_PREPARED) return {};
  const name = `directory_search_${preparedNames.size}`;
  preparedNames.set(text, name);
  return { name };
}

function groupBy<Row, V>(rows: readonly Row[], entry: (row: Row) => [string, V]): Map<string, V[]> {
  const groups = new Map<string, V[]>();
  for (const row of rows) {
    const [key, value] = entry(row);
    const list = groups.get(key);
    if (list) list.push(value);
    else groups.set(key, [value]);
  }
  return groups;
}

const MEMBERS_OF = `
SELECT wanted.id AS group_id, l.value, l.type, l.display FROM unnest($3::text[]) AS wanted (id)
CROSS JOIN LATERAL (
  SELECT m.user_id AS value, 'User' AS type, u.user_name AS display
  FROM memberships m JOIN directory_users u
    ON u.environment_id = m.environment_id AND u.directory_id = m.directory_id AND u.id = m.user_id
  WHERE m.environment_id = $1 AND m.directory_id = $2 AND m.group_id = wanted.id AND m.asserted AND m.direct
  UNION ALL
  SELECT n.member_id, 'Group', g.name
  FROM nested_groups n JOIN directory_groups g
    ON g.environment_id = n.environment_id AND g.directory_id = n.directory_id AND g.id = n.member_id
  WHERE n.environment_id = $1 AND n.directory_id = $2 AND n.group_id = wanted.id
  UNION ALL
  SELECT p.value, CASE WHEN p.is_group THEN 'Group' ELSE 'User' END, NULL FROM pending_memberships p
  WHERE p.environment_id = $1 AND p.directory_id = $2 AND p.group_id = wanted.id
) l ORDER BY group_id, value`;

const GROUPS_OF = `
SELECT wanted.id AS user_id, g.id, g.name, m.direct FROM unnest($3::text[]) AS wanted (id)
CROSS JOIN LATERAL (SELECT m.group_id, m.direct FROM memberships m
  WHERE m.environment_id = $1 AND m.directory_id = $2 AND m.user_id = wanted.id AND m.asserted) m
JOIN directory_groups g ON g.environment_id = $1 AND g.directory_id = $2 AND g.id = m.group_id
ORDER BY user_id, g.id`;
