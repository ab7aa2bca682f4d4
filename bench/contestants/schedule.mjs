/*
 * Ten thousand polled directories on one worker. One is connected and read as an admin does it; its rows are then copied
 * for all the others, as if each had been.
 */
import { setTimeout as sleep } from 'node:timers/promises';

import pg from 'pg';

import { SecretBox } from '../../dist/libs/kernel/src/index.js';
import { Rollcall } from './rollcall.mjs';

const WAIT_MS = 120_000;
const POLL_MS = 100;
const CHUNK = 500;

/** Tables with rows of a directory, parents first, and the column that names it. */
const COPIED = {
  directories: 'id',
  streams: 'stream_id',
  directory_users: 'directory_id',
  directory_groups: 'directory_id',
  memberships: 'directory_id',
  source_records: 'directory_id',
  source_members: 'directory_id',
  source_totals: 'directory_id',
  source_cursors: 'directory_id',
  sync_schedules: 'directory_id',
};

/** @typedef {{ directories: number, large: number, environments: number }} Spread */

export class PolledDirectories {
  #rollcall;
  #database;
  #secretBox;

  /** @param {Spread} spread how many directories, how many of them are one tenant's, and how many tenants share the rest */
  static async create({ databaseUrl, answers, spread }) {
    const made = new PolledDirectories();
    made.#rollcall = new Rollcall(databaseUrl);
    made.#database = new pg.Client(databaseUrl);
    made.#database.on('error', () => undefined);
    made.#secretBox = new SecretBox(made.#rollcall.secretKeys);
    try {
      await made.#rollcall.start('api');
      await made.#database.connect();
      const first = await made.#connectOne(answers);
      await made.#copy(first, spread);
    } catch (error) {
      await made.stop().catch(() => undefined);
      throw error;
    }
    return made;
  }

  /** A worker with the settings that it has when nobody sets any; nothing is due before `makeDue`. */
  startWorker(nodeArgs) {
    return this.#rollcall.start('worker', nodeArgs);
  }

  async query(text, values) {
    return (await this.#database.query(text, values)).rows;
  }

  async stop() {
    await this.#rollcall.stop();
    await this.#database.end();
  }

  /** Connects a directory, has its preview made, and applies it. */
  async #connectOne(answers) {
    const worker = await this.#rollcall.start('worker');
    const organization = await this.#rollcall.post('/organizations', { name: 'Bench' });
    const { directory } = await this.#rollcall.post('/management/directories', {
      organization_id: organization.id,
      name: 'Bench',
      type: 'okta',
      config: answers,
    });
    const run = await this.#runThat(directory.id, 'awaiting_approval');
    await this.#rollcall.post(`/management/directories/${directory.id}/sync_runs/${run}/apply`, {});
    await this.#runThat(directory.id, 'succeeded');
    await worker.stop();
    return directory.id;
  }

  async #runThat(directory, status) {
    for (const until = Date.now() + WAIT_MS; Date.now() < until; await sleep(POLL_MS)) {
      const [run] = await this.query(
        'SELECT id, status, error_message FROM sync_runs WHERE directory_id = $1 ORDER BY id DESC LIMIT 1',
        [directory],
      );
      if (run?.status === status) return run.id;
      if (run?.status === 'failed') throw new Error(`The first run failed: ${run.error_message}`);
    }
    throw new Error(`The first run did not become ${status}`);
  }

  /** Copies what the directory has for the others, and gives each its own secrets and a quarter of an hour. */
  async #copy(first, { directories, large, environments }) {
    await this.query('CREATE TABLE bench_copies (environment text, directory text, is_large boolean)');
    await this.query(
      `INSERT INTO bench_copies SELECT CASE WHEN n <= $2 THEN 'environment_large' ELSE 'environment_' || n % $3 END,
         'directory_' || n, n <= $2 FROM generate_series(1, $1::int) n`,
      [directories, large, environments],
    );
    await this.query(
      `INSERT INTO environments (id, name) SELECT DISTINCT environment, environment FROM bench_copies`,
    );
    // The copies have the ids of the first, which nobody else ever has twice: checking references by id would not end.
    await this.query('SET session_replication_role = replica');
    for (const [table, key] of Object.entries(COPIED)) await this.#copyTable(table, key, first);
    await this.query('RESET session_replication_role');
    await this.#copySecrets(first);
    await this.query('DELETE FROM sync_schedules WHERE directory_id = $1', [first]);
    await this.query(`UPDATE sync_schedules SET incremental_seconds = 900, due_at = 'infinity'`);
    await this.query('VACUUM ANALYZE');
  }

  async #copyTable(table, key, first) {
    const columns = await this.query(
      `SELECT column_name AS name FROM information_schema.columns
       WHERE table_schema = 'public' AND table_name = $1 AND is_generated = 'NEVER'`,
      [table],
    );
    const from = { environment_id: 'c.environment', external_key: 'c.directory', [key]: 'c.directory' };
    const names = columns.map(({ name }) => name);
    await this.query(
      `INSERT INTO ${table} (${names.join(', ')})
       SELECT ${names.map((name) => from[name] ?? `t.${name}`).join(', ')} FROM ${table} t, bench_copies c WHERE t.${key} = $1`,
      [first],
    );
  }

  async #copySecrets(first) {
    const sealed = await this.query('SELECT * FROM directory_credentials WHERE directory_id = $1', [first]);
    const copies = await this.query('SELECT environment, directory FROM bench_copies');
    for (const { environment_id, field, sealed: value } of sealed) {
      const plain = this.#secretBox.open(value, [environment_id, first, field]);
      for (let start = 0; start < copies.length; start += CHUNK) {
        const some = copies.slice(start, start + CHUNK);
        await this.query(
          `INSERT INTO directory_credentials (environment_id, directory_id, field, sealed)
           SELECT e, d, $3, s FROM unnest($1::text[], $2::text[], $4::text[]) AS c (e, d, s)`,
          [
            some.map(({ environment }) => environment),
            some.map(({ directory }) => directory),
            field,
            some.map(({ environment, directory }) =>
              this.#secretBox.seal(plain, [environment, directory, field]),
            ),
          ],
        );
      }
    }
  }
}
