import { NotFoundError, type Database, type JsonObject } from '#kernel';
import { keysetScan, toPage, type Page, type PageRequest } from '#model';
import type { DirectoryRef } from '../apply/head.js';
import { HOLD_COLUMNS, holdFromRow, type Hold, type HoldCounts, type HoldRow } from './hold-rows.js';

/** A hold with what is pending of it now, and whom it concerns: at most 20 names of each kind. */
export interface HoldDetails extends Hold {
  readonly pending: HoldCounts;
  readonly names: { readonly users: readonly string[]; readonly groups: readonly string[] };
}

/** One removal of a hold. */
export interface HoldItem {
  readonly id: string;
  readonly kind: 'user' | 'identity' | 'group' | 'membership';
  readonly action: 'deactivate' | 'delete' | 'change' | 'remove';
  /** `applied`: it took effect. */
  readonly state: 'pending' | 'approved' | 'applied';
  readonly userId: string | null;
  readonly userName: string | null;
  readonly groupId: string | null;
  readonly groupName: string | null;
  readonly createdAt: string;
}

/** Reads holds. */
export class HoldReader {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async list(ref: DirectoryRef, request: PageRequest): Promise<Page<Hold>> {
    await this.#requireDirectory(ref);
    const scan = keysetScan(request);
    const cursor = scan.cursor === undefined ? '' : `AND h.id ${scan.comparison} $4`;
    const rows = await this.#database.query<HoldRow>({
      text: `SELECT ${HOLD_COLUMNS} FROM holds h WHERE h.environment_id = $1 AND h.directory_id = $2 ${cursor}
        ORDER BY h.id ${scan.direction} LIMIT $3`,
      values: [ref.environmentId, ref.directoryId, request.limit + 1, ...(scan.cursor ? [scan.cursor] : [])],
    });
    const page = toPage(rows, request);
    return { ...page, data: page.data.map(holdFromRow) };
  }

  async get(environmentId: string, id: string): Promise<HoldDetails> {
    const hold = await this.#find(environmentId, id);
    const values = [environmentId, hold.directoryId, id];
    const counts = await this.#database.query<{ pending: HoldCounts }>({
      name: 'holds_counts',
      text: COUNTS,
      values,
    });
    const names = await this.#database.query<{ users: string[] | null; groups: string[] | null }>({
      name: 'holds_names',
      text: NAMES,
      values,
    });
    const pending = counts[0]?.pending as HoldCounts;
    return { ...hold, pending, names: { users: names[0]?.users ?? [], groups: names[0]?.groups ?? [] } };
  }

  async items(environmentId: string, id: string, request: PageRequest): Promise<Page<HoldItem>> {
    const { directoryId } = await this.#find(environmentId, id);
    const scan = keysetScan(request);
    const cursor = scan.cursor === undefined ? '' : `WHERE i.id ${scan.comparison} $5`;
    const rows = await this.#database.query<ItemRow>({
      text: `${ITEMS} ${cursor} ORDER BY i.id ${scan.direction} LIMIT $4`,
      values: [environmentId, directoryId, id, request.limit + 1, ...(scan.cursor ? [scan.cursor] : [])],
    });
    const page = toPage(rows, request);
    return { ...page, data: page.data.map(itemFromRow) };
  }

  /** Holds that wait or are being applied, of all environments, with the configuration of their directory. */
  async unfinished(): Promise<{ readonly hold: Hold; readonly config: JsonObject }[]> {
    const rows = await this.#database.query<HoldRow & { config: JsonObject }>({
      name: 'holds_unfinished',
      text: `SELECT ${HOLD_COLUMNS}, d.config FROM holds h
        JOIN directories d ON d.environment_id = h.environment_id AND d.id = h.directory_id AND d.deleted_at IS NULL
        WHERE h.state IN ('open', 'approving') ORDER BY h.opened_at`,
    });
    return rows.map((row) => ({ hold: holdFromRow(row), config: row.config }));
  }

  /** What waits for a decision, of all environments. What was rejected stays listed, and waits for nobody. */
  async countPending(): Promise<number> {
    const rows = await this.#database.query<{ count: number }>({
      name: 'holds_pending',
      text: `SELECT count(*) AS count FROM hold_items i
        JOIN holds h ON h.environment_id = i.environment_id AND h.directory_id = i.directory_id AND h.id = i.hold_id
          AND h.state IN ('open', 'approving')
        JOIN directories d ON d.environment_id = h.environment_id AND d.id = h.directory_id AND d.deleted_at IS NULL`,
    });
    return rows[0]?.count ?? 0;
  }

  countStates(): Promise<{ state: string; count: number }[]> {
    return this.#database.query({
      name: 'holds_states',
      text: 'SELECT state, count(*) AS count FROM holds GROUP BY state',
    });
  }

  async #find(environmentId: string, id: string): Promise<Hold> {
    const rows = await this.#database.query<HoldRow>({
      name: 'holds_get',
      text: `SELECT ${HOLD_COLUMNS} FROM holds h
        JOIN directories d ON d.environment_id = h.environment_id AND d.id = h.directory_id AND d.deleted_at IS NULL
        WHERE h.environment_id = $1 AND h.id = $2`,
      values: [environmentId, id],
    });
    if (!rows[0]) throw new NotFoundError(`Removal hold not found: '${id}'.`, { entityId: id });
    return holdFromRow(rows[0]);
  }

  async #requireDirectory({ environmentId, directoryId }: DirectoryRef): Promise<void> {
    const rows = await this.#database.query({
      name: 'directory_require',
      text: 'SELECT FROM directories WHERE environment_id = $1 AND id = $2 AND deleted_at IS NULL',
      values: [environmentId, directoryId],
    });
    if (rows.length === 0)
      throw new NotFoundError(`Directory not found: '${directoryId}'.`, { entityId: directoryId });
  }
}

interface ItemRow {
  readonly id: string;
  readonly kind: HoldItem['kind'];
  readonly action: HoldItem['action'];
  readonly state: HoldItem['state'];
  readonly user_id: string;
  readonly group_id: string;
  readonly user_name: string | null;
  readonly group_name: string | null;
  readonly created_at: string;
}

function itemFromRow(row: ItemRow): HoldItem {
  return {
    id: row.id,
    kind: row.kind,
    action: row.action,
    state: row.state,
    userId: row.user_id === '' ? null : row.user_id,
    userName: row.user_name,
    groupId: row.group_id === '' ? null : row.group_id,
    groupName: row.group_name,
    createdAt: row.created_at,
  };
}

/** Memberships that go with a user or group of the same hold are not counted a second time. */
const COUNTS = `
SELECT json_build_object(
  'users', count(*) FILTER (WHERE i.kind = 'user'),
  'groups', count(*) FILTER (WHERE i.kind = 'group'),
  'memberships', count(*) FILTER (WHERE i.kind = 'membership' AND NOT EXISTS (
    SELECT FROM hold_items o WHERE o.environment_id = $1 AND o.directory_id = $2 AND o.hold_id = $3
      AND o.action = 'delete' AND ((o.kind = 'user' AND o.user_id = i.user_id)
        OR (o.kind = 'group' AND o.group_id = i.group_id)))),
  'identities', count(*) FILTER (WHERE i.kind = 'identity')) AS pending
FROM hold_items i WHERE i.environment_id = $1 AND i.directory_id = $2 AND i.hold_id = $3`;

const NAMES = `
SELECT (SELECT array_agg(n.name ORDER BY n.name) FROM (
    SELECT DISTINCT u.user_name AS name FROM hold_items i JOIN directory_users u
      ON u.environment_id = $1 AND u.directory_id = $2 AND u.id = i.user_id
    WHERE i.environment_id = $1 AND i.directory_id = $2 AND i.hold_id = $3 AND i.kind IN ('user', 'identity')
    ORDER BY u.user_name LIMIT 20) n) AS users,
  (SELECT array_agg(n.name ORDER BY n.name) FROM (
    SELECT DISTINCT g.name FROM hold_items i JOIN directory_groups g
      ON g.environment_id = $1 AND g.directory_id = $2 AND g.id = i.group_id
    WHERE i.environment_id = $1 AND i.directory_id = $2 AND i.hold_id = $3 AND i.kind IN ('group', 'membership')
    ORDER BY g.name LIMIT 20) n) AS groups`;

const ITEMS = `
SELECT i.*, u.user_name, g.name AS group_name FROM (
  SELECT id, kind, action, state, user_id, group_id, created_at FROM hold_items
  WHERE environment_id = $1 AND directory_id = $2 AND hold_id = $3
  UNION ALL
  SELECT id, kind, action, 'applied', user_id, group_id, removed_at FROM removals
  WHERE environment_id = $1 AND directory_id = $2 AND hold_id = $3) i
LEFT JOIN directory_users u ON u.environment_id = $1 AND u.directory_id = $2 AND u.id = i.user_id
LEFT JOIN directory_groups g ON g.environment_id = $1 AND g.directory_id = $2 AND g.id = i.group_id`;
