import { fileURLToPath } from 'node:url';

import { serverCpu, usedBetween } from './server-cpu.mjs';
import {
  forgetStatements,
  STATEMENT_SETTINGS,
  startCounting,
  statementCalls,
  topStatements,
} from './statements.mjs';

const DATA_DIR = new URL('../.rollcall/', import.meta.url);
const EMBEDDED = new URL('../../dist/libs/kernel/src/index.js', import.meta.url);

/*
 * Durability stays as PostgreSQL ships it (fsync and synchronous_commit on). Checkpoints are kept out of the
 * measurements: by default one would fall into some contestant's round and not into the others'.
 */
const SETTINGS = { checkpoint_timeout: '60min', max_wal_size: '8GB', max_connections: '200' };

/** The PostgreSQL that the service embeds, with one database for each contestant. */
export class Cluster {
  #server;
  #admin;
  #databases = new Set();

  /** @param {{ isProfiled?: boolean }} options with the statements counted, which costs a little itself */
  static async start({ isProfiled = false } = {}) {
    const cluster = new Cluster();
    const { startEmbeddedPostgres } = await import(EMBEDDED);
    const settings = { ...SETTINGS, ...(isProfiled ? STATEMENT_SETTINGS : {}) };
    const options = { dataDir: fileURLToPath(DATA_DIR), settings };
    cluster.#server = await startEmbeddedPostgres(options).catch((error) => {
      if (error.code !== 'in_use') throw error;
      throw new Error(
        `the benchmark of process ${error.processId} is still running; two at a time disturb each other`,
      );
    });
    // Imported here because the peers may have been installed a moment ago.
    const { default: pg } = await import('pg');
    cluster.#admin = new pg.Client(cluster.#server.url);
    // The server going down is the end of the run, not an error of its own.
    cluster.#admin.on('error', () => undefined);
    await cluster.#admin.connect();
    if (isProfiled) await startCounting(cluster.#admin);
    return cluster;
  }

  /** Runs `work` and says which statements it spent its time in. Only for a cluster that is profiled. */
  async profiled(database, title, work) {
    await forgetStatements(this.#admin);
    const result = await work();
    const lines = await topStatements(this.#admin, database);
    console.log(`\n  Statements of ${title}\n${lines.map((line) => `  ${line}`).join('\n')}\n`);
    return result;
  }

  /** Statements that the service has sent to the database during `work`. Only for a cluster that is profiled. */
  async counted(database, work) {
    await forgetStatements(this.#admin);
    const result = await work();
    return { result, statements: await statementCalls(this.#admin, database) };
  }

  /** Connection string of a new, empty database. */
  async createDatabase(name) {
    await this.#drop(name);
    await this.#admin.query(`CREATE DATABASE ${name}`);
    this.#databases.add(name);
    const url = new URL(this.#server.url);
    url.pathname = `/${name}`;
    return url.href;
  }

  /** Runs `work`; `serverCpuSeconds` is what the server's processes for the database used meanwhile. */
  async withServerCpu(database, work) {
    const before = await serverCpu(this.#admin, database);
    const result = await work();
    return { ...result, serverCpuSeconds: usedBetween(before, await serverCpu(this.#admin, database)) };
  }

  /** Starts everybody's round from the same state of the write-ahead log. */
  async checkpoint() {
    await this.#admin.query('CHECKPOINT');
  }

  /** Version and durability, for the report. */
  async describe() {
    const show = async (name) => (await this.#admin.query(`SHOW ${name}`)).rows[0][name];
    const version = (await show('server_version')).split(' ')[0];
    return `PostgreSQL ${version} (fsync ${await show('fsync')}, synchronous_commit ${await show('synchronous_commit')})`;
  }

  async stop() {
    try {
      for (const name of this.#databases) await this.#drop(name);
      await this.#admin?.end();
    } finally {
      await this.#server?.stop();
    }
  }

  #drop(name) {
    return this.#admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  }
}
