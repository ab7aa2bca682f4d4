import type { DataSource } from 'typeorm';

/** Only a worker that holds the lease of the directory writes there; no foreign key says that there is a directory. */
const WITHOUT_REFERENCE = [
  'snapshot_listed',
  'snapshot_records',
  'snapshot_member_lists',
  'snapshot_member_digests',
  'snapshot_member_additions',
  'snapshot_member_changes',
  'source_member_changes',
  'source_missing_members',
  'source_members',
  'source_member_digests',
  'source_records',
] as const;

/** In this order, because each is referred to by the ones before it. */
const CONTENT = [
  ...WITHOUT_REFERENCE,
  'uploaded_parts',
  'uploaded_files',
  'hold_items',
  'removals',
  'memberships',
  'pending_memberships',
  'nested_groups',
  'directory_users',
  'directory_groups',
] as const;

/** Logs that name people, too, with the key of a row beside its directory. */
const LOGS = { sync_run_items: 'run_id, id', scim_requests: 'id' } as const;

interface DeletedDirectory {
  readonly environment_id: string;
  readonly id: string;
}

/** Deletes what deleted directories held, bit by bit, so that no transaction gets long. */
export class DirectoryPurge {
  readonly #dataSource: DataSource;

  constructor(dataSource: DataSource) {
    this.#dataSource = dataSource;
  }

  /** Deletes at most `limit` rows of content. @returns whether more remains. */
  async run(limit: number): Promise<boolean> {
    let budget = limit;
    while (budget > 0) {
      const directory = await this.#next();
      if (!directory) return false;
      budget -= await this.#empty(directory, budget);
      if (budget <= 0) return true;
      await this.#drop(directory);
      budget -= 1;
    }
    return (await this.#next()) !== undefined;
  }

  async #next(): Promise<DeletedDirectory | undefined> {
    const rows: DeletedDirectory[] = await this.#dataSource.query(
      'SELECT environment_id, id FROM directories WHERE deleted_at IS NOT NULL ORDER BY deleted_at LIMIT 1',
    );
    return rows[0];
  }

  /** @returns the number of rows deleted; less than `limit` when nothing is left. */
  async #empty(directory: DeletedDirectory, limit: number): Promise<number> {
    let deleted = 0;
    for (const table of CONTENT) {
      if (deleted >= limit) break;
      deleted += await this.#deleteRows(table, directory, limit - deleted);
    }
    for (const table of Object.keys(LOGS) as (keyof typeof LOGS)[]) {
      if (deleted >= limit) break;
      deleted += await this.#deleteLogged(table, directory, limit - deleted);
    }
    return deleted;
  }

  async #deleteRows(
    table: (typeof CONTENT)[number],
    directory: DeletedDirectory,
    limit: number,
  ): Promise<number> {
    const result: [unknown[], number] = await this.#dataSource.query(
      `DELETE FROM ${table} WHERE ctid = ANY(ARRAY(
        SELECT ctid FROM ${table} WHERE environment_id = $1 AND directory_id = $2 LIMIT $3))`,
      [directory.environment_id, directory.id, limit],
    );
    return result[1];
  }

  /** By its key: a ctid says nothing in a table with partitions. */
  async #deleteLogged(table: keyof typeof LOGS, directory: DeletedDirectory, limit: number): Promise<number> {
    const result: [unknown[], number] = await this.#dataSource.query(
      `DELETE FROM ${table} WHERE environment_id = $1 AND directory_id = $2 AND (${LOGS[table]}) IN (
        SELECT ${LOGS[table]} FROM ${table} WHERE environment_id = $1 AND directory_id = $2
        ORDER BY ${LOGS[table]} LIMIT $3)`,
      [directory.environment_id, directory.id, limit],
    );
    return result[1];
  }

  /**
   * Its tokens and its schedule go with it. A worker that held the lease to the last has locked the schedule until its
   * page was written, so whatever it has left is seen behind that.
   */
  async #drop({ environment_id: environmentId, id }: DeletedDirectory): Promise<void> {
    await this.#dataSource.transaction(async (tx) => {
      const key = [environmentId, id];
      await tx.query(
        'DELETE FROM directories WHERE environment_id = $1 AND id = $2 AND deleted_at IS NOT NULL',
        key,
      );
      for (const table of WITHOUT_REFERENCE)
        await tx.query(`DELETE FROM ${table} WHERE environment_id = $1 AND directory_id = $2`, key);
    });
  }
}
