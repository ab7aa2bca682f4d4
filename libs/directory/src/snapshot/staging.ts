import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Fence } from '../apply/batch-options.js';
import { Turns, type Database, type Queryable } from '#kernel';
import type { SnapshotKind, SnapshotRecord } from '#model';
import type { SnapshotRun } from './snapshot.js';
import { compareLists } from './compare-lists.js';
import { insertMembers } from './stage-members.js';
import { differingRecords, insertRecords } from './stage-records.js';
import { toStagedPage, type PageToWrite } from './staged-page.js';
import { keyOf, SEEN } from './statement-parts.js';

/*
 * A page need not be on the disk when the next one is read: the checkpoint is stored after it, so a crash of the server
 * that takes the page takes the checkpoint as well. Waiting for the disk took longer than staging.
 */
const NOT_YET_ON_DISK = 'SET LOCAL synchronous_commit = off';

/** The staging tables of a run. */
export class Staging {
  readonly #database: Database;
  readonly #turns = new Turns();

  constructor(database: Database) {
    this.#database = database;
  }

  /**
   * Adds a page. The same page twice is the page once: a run that was killed stages its last page again. The next page
   * of a run may be added while this one is written; they are written in turn, and none after one that failed.
   */
  add(run: SnapshotRun, records: readonly SnapshotRecord[], fence: Fence): Promise<void> {
    const compared = this.compare(run, records);
    // Told to whoever waits for the turn; where a page before has failed, nobody does.
    compared.catch(() => undefined);
    return this.put(run, compared, fence);
  }

  /** Adds a page that was compared. */
  put(run: SnapshotRun, compared: PageToWrite | Promise<PageToWrite>, fence: Fence): Promise<void> {
    return this.#turns.take(run.runId, async () => this.#write(run, await compared, fence));
  }

  /**
   * Writes nothing. The work of this process on the page, and the server's look at what is believed, are done while the page before is
   * written: what is believed does not change by staging.
   */
  async compare(run: SnapshotRun, records: readonly SnapshotRecord[]): Promise<PageToWrite> {
    // What the page before wants from the server leaves first, or the server waits for this process and this process
    // for the server.
    await nextTurn();
    const page = toStagedPage(records, run.mode);
    const [differing, lists] = await Promise.all([
      differingRecords(this.#database, run, page),
      compareLists(this.#database, run, page),
    ]);
    return { page, differing, lists };
  }

  /** Everything in one round trip; COMMIT as soon as the fence, which is answered first, has let it pass. */
  #write(run: SnapshotRun, page: PageToWrite, fence: Fence): Promise<void> {
    return this.#database.pipelined<void>(async (tx) => {
      const isHeld = fence(tx);
      const writes = Promise.all([
        insertInvalid(tx, run, page),
        insertRecords(tx, run, page),
        insertMembers(tx, run, page),
      ]);
      // Where the fence refuses, what became of them is nobody's concern.
      writes.catch(() => undefined);
      await isHeld;
      return { result: undefined, writes };
    }, NOT_YET_ON_DISK);
  }

  async ids(
    run: SnapshotRun,
    kind: SnapshotKind,
    { after, limit }: { readonly after: string | null; readonly limit: number },
  ): Promise<readonly string[]> {
    const rows = await this.#database.query<{ source_id: string }>({
      name: 'snapshot_staged_ids',
      text: `SELECT DISTINCT seen.source_id FROM ${SEEN} seen WHERE seen.source_id > $5
        ORDER BY seen.source_id LIMIT $6`,
      values: [...keyOf(run), kind, after ?? '', limit],
    });
    return rows.map((row) => row.source_id);
  }

  async discard(run: SnapshotRun): Promise<void> {
    await this.#database.pipelined<void>((tx) => {
      const deletions = STAGING_TABLES.map((table) =>
        tx.query({
          name: `${table}_discard`,
          text: `DELETE FROM ${table} WHERE environment_id = $1 AND directory_id = $2 AND run_id = $3`,
          values: keyOf(run),
        }),
      );
      return Promise.resolve({ result: undefined, writes: Promise.all(deletions) });
    });
  }
}

const STAGING_TABLES = [
  'snapshot_listed',
  'snapshot_records',
  'snapshot_member_lists',
  'snapshot_member_digests',
  'snapshot_member_additions',
  'snapshot_member_changes',
  'snapshot_replaced',
  'snapshot_invalid',
  'snapshot_decisions',
];

async function insertInvalid(
  tx: Queryable,
  run: SnapshotRun,
  { page: { invalid } }: PageToWrite,
): Promise<void> {
  if (invalid.length === 0) return;
  await tx.query({
    name: 'snapshot_insert_invalid',
    text: `INSERT INTO snapshot_invalid (environment_id, directory_id, run_id, kind, source_id)
      SELECT $1, $2, $3, i.kind, i.source_id FROM unnest($4::text[], $5::text[]) AS i (kind, source_id)
      ON CONFLICT DO NOTHING`,
    values: [...keyOf(run), invalid.map((row) => row.kind), invalid.map((row) => row.sourceId)],
  });
}
