import { AuthenticationError, newId, type Database } from '#kernel';
import type { Directory } from '#model';
import { installedConnectors } from '../src/providers/installed.js';
import { UploadBox } from '../src/uploads/upload-box.js';
import { Uploads } from '../src/uploads/uploads.js';
import type { UploadAccess } from '../src/uploads/sftp/sign-in.js';

export const TOKEN = 'the-token-of-the-directory';

/** A directory whose files are uploaded, in a database without the rest of the service. */
export class UploadsWorld {
  readonly box: UploadBox;
  readonly uploads: Uploads;
  /** Called where a worker would be woken. */
  due = 0;
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
    this.box = new UploadBox(database);
    this.uploads = new Uploads({
      box: this.box,
      registry: installedConnectors,
      onDue: () => void (this.due += 1),
    });
  }

  async sql<R = Record<string, unknown>>(text: string, values: readonly unknown[] = []): Promise<R[]> {
    return (await this.#database.query({ text, values })) as R[];
  }

  async directory(config: Directory['config'] = {}): Promise<Directory> {
    const [environmentId, id] = [newId('environment'), newId('directory')];
    const settings = { delivery: 'upload', ...config };
    await this.sql('INSERT INTO environments (id, name) VALUES ($1, $1)', [environmentId]);
    await this.sql(
      `INSERT INTO directories (environment_id, id, organization_id, name, type, provider, external_key, state, config,
         created_at, updated_at)
       VALUES ($1, $2, 'org_1', 'People', 'sftp', 'csv-sftp', $2, 'linked', $3, now(), now())`,
      [environmentId, id, JSON.stringify(settings)],
    );
    await this.sql(
      `INSERT INTO sync_schedules (environment_id, directory_id, needs_approval, due_at) VALUES ($1, $2, false, 'infinity')`,
      [environmentId, id],
    );
    return {
      id,
      environmentId,
      organizationId: 'org_1',
      name: 'People',
      type: 'sftp',
      dialect: null,
      provider: 'csv-sftp',
      externalKey: id,
      state: 'linked',
      config: settings,
      detectedDialect: null,
      pause: null,
      createdAt: '',
      updatedAt: '',
    };
  }

  /** Lets these directories in with the one token. */
  access(...directories: readonly Directory[]): UploadAccess {
    const find = (key: string): Directory | undefined =>
      directories.find(({ externalKey }) => externalKey === key);
    return {
      authenticateUpload: async (key, token) => {
        const found = token === TOKEN ? find(key) : undefined;
        if (found === undefined) throw new AuthenticationError('no');
        return found;
      },
      findPolled: async (key) => find(key),
    };
  }

  /** The schedule and the newest run of a directory. */
  async queue({ id }: Directory): Promise<{ due: number | null; again: boolean; runs: string[] }> {
    const [schedule] = await this.sql<{ due: number | null; again: boolean }>(
      `SELECT CASE WHEN isfinite(due_at) THEN extract(epoch FROM due_at - now())::float8 END AS due,
         read_again_at IS NOT NULL AS again FROM sync_schedules WHERE directory_id = $1`,
      [id],
    );
    const runs = await this.sql<{ status: string }>(
      'SELECT status FROM sync_runs WHERE directory_id = $1 ORDER BY id',
      [id],
    );
    return {
      due: schedule?.due ?? null,
      again: schedule?.again === true,
      runs: runs.map(({ status }) => status),
    };
  }
}
