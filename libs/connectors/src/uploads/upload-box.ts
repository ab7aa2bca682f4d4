import { open } from 'node:fs/promises';
import { newId, type Database, type Queryable } from '#kernel';
import { keysetScan, toPage, type Page, type PageRequest } from '#model';
import type { DirectoryKey } from '../engine/connection-settings.js';
import type { UploadedFile, UploadedFiles } from '../sdk/uploads.js';
import type { Spooled } from './spool.js';
import { UploadRefused } from './upload-refused.js';
import { COLUMNS, toUpload, type Upload, type UploadRow } from './upload-row.js';

/** A file to keep. */
export interface NewUpload {
  readonly name: string;
  readonly spooled: Spooled;
  /** The sender has named the checksum. */
  readonly isChecked: boolean;
  readonly rows: number | null;
  readonly via: 'https' | 'sftp';
  /** How long others that belong to it are waited for. */
  readonly restSeconds: number;
  /** That it comes is what it says: the same once more is another one. */
  readonly isMarker?: boolean;
}

/** Called in the transaction that makes a file visible. @returns the run that will read it */
export type OnArrival = (tx: Queryable) => Promise<{ readonly id: string | null }>;

const PART = 1_048_576;
const DAY_QUOTA = 5_368_709_120;
const KEPT = { files: 500, bytes: 2_147_483_648 };

/** Files of directories as they lie in the database. A file is there whole or not at all. */
export class UploadBox {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /**
   * Keeps a file; one of the same name is replaced. The same content under the same name, sent again within six hours, is kept once;
   * later it is what another export has found.
   * @returns whether it is new. @throws UploadRefused when the directory has sent too much
   */
  async keep(
    key: DirectoryKey,
    input: NewUpload,
    onArrival: OnArrival,
  ): Promise<{ readonly upload: Upload; readonly isNew: boolean }> {
    return this.#database.transaction(async (tx) => {
      const known = await findStored(tx, key, input.name);
      if (known !== undefined && isSame(known, input)) return { upload: known, isNew: false };
      await expectQuota(tx, key, input.spooled.bytes);
      const id = newId('upload');
      await insertFile(tx, key, { ...input, id });
      await insertParts(tx, key, { id, path: input.spooled.path });
      // From here on nobody else changes the files of the directory; copying took longer.
      await lock(tx, key);
      const twin = await findStored(tx, key, input.name);
      if (twin !== undefined && isSame(twin, input)) {
        await tx.query({
          text: `DELETE FROM uploaded_files WHERE ${KEY} AND id = $3`,
          values: [...of(key), id],
        });
        return { upload: twin, isNew: false };
      }
      if (twin !== undefined) await empty(tx, key, { ids: [twin.id], state: 'replaced' });
      const run = await onArrival(tx);
      await tx.query({
        text: `UPDATE uploaded_files SET state = 'stored', received_at = clock_timestamp(), run_id = $4,
            rests_until = clock_timestamp() + $5::float8 * interval '1 second' WHERE ${KEY} AND id = $3`,
        values: [...of(key), id, run.id, input.restSeconds],
      });
      await dropOldest(tx, key);
      return { upload: (await findStored(tx, key, input.name)) as Upload, isNew: true };
    });
  }

  /** Gives a file its final name; one that has it is replaced. @throws UploadRefused when there is none */
  async rename(
    key: DirectoryKey,
    names: { readonly from: string; readonly to: string; readonly restSeconds: number },
    onArrival: OnArrival,
  ): Promise<Upload> {
    const { from, to, restSeconds } = names;
    return this.#database.transaction(async (tx) => {
      await lock(tx, key);
      const file = await findStored(tx, key, from);
      if (file === undefined) throw new UploadRefused('not_found', `There is no "${from}".`);
      if (from === to) return file;
      const other = await findStored(tx, key, to);
      if (other !== undefined) await empty(tx, key, { ids: [other.id], state: 'replaced' });
      const run = await onArrival(tx);
      await tx.query({
        text: `UPDATE uploaded_files SET name = $4, received_at = clock_timestamp(), run_id = $5,
            rests_until = clock_timestamp() + $6::float8 * interval '1 second' WHERE ${KEY} AND id = $3`,
        values: [...of(key), file.id, to, run.id, restSeconds],
      });
      return (await findStored(tx, key, to)) as Upload;
    });
  }

  /** Removes the content of a file for good. @throws UploadRefused when there is none */
  async remove(key: DirectoryKey, file: { readonly name: string } | { readonly id: string }): Promise<void> {
    await this.#database.transaction(async (tx) => {
      await lock(tx, key);
      const rows = await tx.query<{ id: string }>({
        text: `SELECT id FROM uploaded_files WHERE ${KEY} AND state = 'stored' AND ${'id' in file ? 'id' : 'name'} = $3`,
        values: [...of(key), 'id' in file ? file.id : file.name],
      });
      if (rows.length === 0)
        throw new UploadRefused('not_found', 'There is no such file, or it was removed already.');
      await empty(tx, key, { ids: rows.map(({ id }) => id), state: 'deleted' });
    });
  }

  find(key: DirectoryKey, name: string): Promise<Upload | undefined> {
    return findStored(this.#database, key, name);
  }

  /** Files that are there, by name. */
  async stored(key: DirectoryKey): Promise<Upload[]> {
    const rows = await this.#database.query<UploadRow>({
      text: `SELECT ${COLUMNS} FROM uploaded_files WHERE ${KEY} AND state = 'stored' ORDER BY name`,
      values: of(key),
    });
    return rows.map(toUpload);
  }

  /** Everything that was ever received and is still remembered. */
  async list(key: DirectoryKey, page: PageRequest): Promise<Page<Upload>> {
    const scan = keysetScan(page);
    const rows = await this.#database.query<UploadRow>({
      text: `SELECT ${COLUMNS} FROM uploaded_files
        WHERE ${KEY} AND state <> 'incoming' AND ($3::text IS NULL OR id ${scan.comparison} $3)
        ORDER BY id ${scan.direction} LIMIT $4`,
      values: [...of(key), scan.cursor ?? null, page.limit + 1],
    });
    return toPage(rows.map(toUpload), page);
  }

  /** What a source reads. */
  filesOf(key: DirectoryKey): UploadedFiles {
    return {
      list: async () => (await this.stored(key)).map(toUploadedFile),
      read: (id) => this.#read(key, id),
    };
  }

  /** Removes the content of files that are older, and what is remembered of those that went before. */
  async removeExpired(days: number, limit: number): Promise<number> {
    const rows = await this.#database.query({
      text: `DELETE FROM uploaded_files WHERE ctid = ANY(ARRAY(SELECT ctid FROM uploaded_files
          WHERE received_at < now() - $1::int * interval '1 day' LIMIT $2)) RETURNING id`,
      values: [days, limit],
    });
    return rows.length;
  }

  async *#read(key: DirectoryKey, id: string): AsyncGenerator<Uint8Array> {
    for (let number = 0; ; number++) {
      const [part] = await this.#database.query<{ content: Buffer }>({
        name: 'uploads_read_part',
        text: `SELECT content FROM uploaded_parts WHERE ${KEY} AND file_id = $3 AND number = $4`,
        values: [...of(key), id, number],
      });
      if (part === undefined) return;
      yield part.content;
    }
  }
}

const KEY = 'environment_id = $1 AND directory_id = $2';

function of({ environmentId, directoryId }: DirectoryKey): [string, string] {
  return [environmentId, directoryId];
}

/** A run that writes at the moment is not waited for: it locks the key only. */
async function lock(tx: Queryable, key: DirectoryKey): Promise<void> {
  const rows = await tx.query({
    text: `SELECT FROM sync_schedules s JOIN directories d ON d.environment_id = s.environment_id
        AND d.id = s.directory_id AND d.deleted_at IS NULL
      WHERE s.environment_id = $1 AND s.directory_id = $2 FOR NO KEY UPDATE OF s`,
    values: of(key),
  });
  if (rows.length === 0) throw new UploadRefused('not_found', 'The directory was deleted.');
}

async function findStored(tx: Queryable, key: DirectoryKey, name: string): Promise<Upload | undefined> {
  const [row] = await tx.query<UploadRow>({
    text: `SELECT ${COLUMNS} FROM uploaded_files WHERE ${KEY} AND name = $3 AND state = 'stored'`,
    values: [...of(key), name],
  });
  return row && toUpload(row);
}

/** What was said about it counts as well: a checksum that comes later makes it another upload. */
function isSame(known: Upload, { spooled, isChecked, rows, isMarker }: NewUpload): boolean {
  return (
    isMarker !== true &&
    known.isRecent &&
    known.sha256 === spooled.sha256 &&
    (known.isChecked || !isChecked) &&
    (rows === null || known.rows === rows)
  );
}

async function expectQuota(tx: Queryable, key: DirectoryKey, bytes: number): Promise<void> {
  const [row] = await tx.query<{ bytes: string }>({
    text: `SELECT coalesce(sum(bytes), 0)::text AS bytes FROM uploaded_files
      WHERE ${KEY} AND received_at > now() - interval '1 day'`,
    values: of(key),
  });
  if (Number(row?.bytes) + bytes <= DAY_QUOTA) return;
  throw new UploadRefused(
    'too_many',
    `A directory may send ${DAY_QUOTA / 1_073_741_824} GiB a day, and has. Send fewer or compressed files; nothing was stored.`,
  );
}

async function insertFile(
  tx: Queryable,
  key: DirectoryKey,
  { id, name, spooled, isChecked, rows, via }: NewUpload & { readonly id: string },
): Promise<void> {
  await tx.query({
    text: `INSERT INTO uploaded_files (environment_id, directory_id, id, name, bytes, sha256, is_checked,
        announced_rows, via, state) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'incoming')`,
    values: [...of(key), id, name, spooled.bytes, spooled.sha256, isChecked, rows, via],
  });
}

async function insertParts(
  tx: Queryable,
  key: DirectoryKey,
  { id, path }: { readonly id: string; readonly path: string },
): Promise<void> {
  const file = await open(path);
  try {
    const buffer = Buffer.allocUnsafe(PART);
    for (let number = 0; ; number++) {
      const { bytesRead } = await file.read(buffer, 0, PART, number * PART);
      if (bytesRead === 0) return;
      await tx.query({
        name: 'uploads_insert_part',
        text: `INSERT INTO uploaded_parts (environment_id, directory_id, file_id, number, content)
          VALUES ($1, $2, $3, $4, $5)`,
        values: [...of(key), id, number, buffer.subarray(0, bytesRead)],
      });
    }
  } finally {
    await file.close();
  }
}

/** The content goes at once; that the file came stays known for a while. */
async function empty(
  tx: Queryable,
  key: DirectoryKey,
  { ids, state }: { readonly ids: readonly string[]; readonly state: 'replaced' | 'deleted' | 'expired' },
): Promise<void> {
  await tx.query({
    text: `WITH parts AS (DELETE FROM uploaded_parts WHERE ${KEY} AND file_id = ANY($3::text[]))
      UPDATE uploaded_files SET state = $4 WHERE ${KEY} AND id = ANY($3::text[])`,
    values: [...of(key), ids, state],
  });
}

/** Files under ever new names do not pile up: the oldest go first. */
async function dropOldest(tx: Queryable, key: DirectoryKey): Promise<void> {
  const rows = await tx.query<{ id: string }>({
    text: `SELECT id FROM (SELECT id, row_number() OVER newest AS place, sum(bytes) OVER newest AS bytes
        FROM uploaded_files WHERE ${KEY} AND state = 'stored' WINDOW newest AS (ORDER BY received_at DESC, id DESC)) f
      WHERE place > $3 OR (bytes > $4 AND place > 1)`,
    values: [...of(key), KEPT.files, KEPT.bytes],
  });
  if (rows.length > 0) await empty(tx, key, { ids: rows.map(({ id }) => id), state: 'expired' });
}

function toUploadedFile({
  id,
  name,
  bytes,
  receivedAt,
  isResting,
  isChecked,
  sha256,
  rows,
}: Upload): UploadedFile {
  const mark = isChecked || rows !== null ? { sha256, rows } : null;
  return { id, name, bytes, receivedAt: new Date(receivedAt), isResting, mark };
}
