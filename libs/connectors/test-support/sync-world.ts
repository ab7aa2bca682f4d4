import { InMemoryDoor } from '#testing';
import { newId, SecretBox, type Database } from '#kernel';
import { createPortsFactory } from '../src/engine/source-ports.js';
import type { Execution, ExecutorParts } from '../src/engine/executor-parts.js';
import { executeRun } from '../src/engine/run-executor.js';
import { RunControl } from '../src/engine/interrupted.js';
import { LeaseStore, type Claim } from '../src/engine/lease-store.js';
import type { EngineLog } from '../src/engine/log.js';
import { RunStore } from '../src/engine/run-store.js';
import { SyncWorker, type WorkerOptions } from '../src/engine/sync-worker.js';
import { ConnectorRegistry, type Connector } from '../src/index.js';
import { UploadBox } from '../src/uploads/upload-box.js';

const GUARD = {
  policy: { isAllowed: () => true },
  resolver: { resolve: () => Promise.resolve(['127.0.0.1']) },
};

/** One environment with polled directories, and any number of workers on them. */
export class SyncWorld {
  readonly environmentId = newId('environment');
  readonly organizationId = newId('org');
  readonly secretBox = new SecretBox(`k1:${Buffer.alloc(32, 1).toString('base64')}`);
  readonly door: InMemoryDoor;
  readonly leases: LeaseStore;
  readonly registry: ConnectorRegistry;
  /** `failed <directory> <code>` and `succeeded <directory>`. */
  readonly health: string[] = [];
  readonly errors: unknown[] = [];
  readonly ended: Execution[] = [];
  readonly #database: Database;
  readonly #workers: SyncWorker[] = [];

  constructor(database: Database, connectors: readonly Connector[]) {
    this.#database = database;
    this.door = new InMemoryDoor(database);
    this.leases = new LeaseStore(database);
    this.registry = new ConnectorRegistry(connectors);
  }

  async create(): Promise<this> {
    await this.sql('INSERT INTO environments (id, name) VALUES ($1, $1)', [this.environmentId]);
    return this;
  }

  async sql<R = Record<string, unknown>>(text: string, values: readonly unknown[] = []): Promise<R[]> {
    return (await this.#database.query({ text, values })) as R[];
  }

  /** A polled directory that is due now; no approval needed unless said. */
  async directory(
    fields: { readonly provider?: string; readonly needsApproval?: boolean; readonly state?: string } = {},
  ): Promise<string> {
    const id = newId('directory');
    const { environmentId } = this;
    await this.sql(
      `INSERT INTO directories (environment_id, id, organization_id, name, type, provider, external_key, state, config,
         created_at, updated_at)
       VALUES ($1, $2, $3, 'People', 'bamboohr', $4, $2, $5, '{"domain": "example.com"}', now(), now())`,
      [environmentId, id, this.organizationId, fields.provider ?? 'scripted', fields.state ?? 'linked'],
    );
    await this.sql('INSERT INTO streams (environment_id, stream_id) VALUES ($1, $2)', [environmentId, id]);
    await this.sql(
      `INSERT INTO directory_credentials (environment_id, directory_id, field, sealed) VALUES ($1, $2, 'api_token', $3)`,
      [environmentId, id, this.secretBox.seal('sesame', [environmentId, id, 'api_token'])],
    );
    await this.sql(
      `INSERT INTO sync_schedules (environment_id, directory_id, needs_approval, due_at, next_full_at)
       VALUES ($1, $2, $3, now() - interval '1 second', now() - interval '1 second')`,
      [environmentId, id, fields.needsApproval ?? false],
    );
    return id;
  }

  /** Makes a directory due at once: for a full run when said so. */
  async makeDue(directoryId: string, kind: 'full' | 'incremental' = 'incremental'): Promise<void> {
    await this.sql(
      `UPDATE sync_schedules SET due_at = now() - interval '1 second',
         next_full_at = CASE WHEN $2 = 'full' THEN now() - interval '1 second' ELSE next_full_at END
       WHERE directory_id = $1`,
      [directoryId, kind],
    );
  }

  /** As if the holder of the lease had died long ago. */
  async expireLease(directoryId: string): Promise<void> {
    await this.sql(
      `UPDATE sync_schedules SET lease_until = now() - interval '1 second' WHERE directory_id = $1`,
      [directoryId],
    );
  }

  claim(limit = 1, worker = 'test'): Promise<Claim[]> {
    return this.leases.claim({ worker, limit, perEnvironment: 1_000 });
  }

  parts(changes: Partial<ExecutorParts> = {}): ExecutorParts {
    const log = this.#log();
    return {
      registry: this.registry,
      store: new RunStore(this.#database),
      door: this.door,
      health: {
        failed: (key, error, fence) =>
          this.#database.transaction(async (tx) => {
            await fence(tx);
            this.health.push(`failed ${key.directoryId} ${error.code}`);
          }),
        succeeded: (key, fence) =>
          this.#database.transaction(async (tx) => {
            await fence(tx);
            this.health.push(`succeeded ${key.directoryId}`);
          }),
      },
      ports: createPortsFactory({
        guard: GUARD,
        uploads: (key) => new UploadBox(this.#database).filesOf(key),
        http: () => {
          throw new Error('a scripted source asks nobody');
        },
      }),
      database: this.#database,
      secretBox: this.secretBox,
      log,
      deadlineSeconds: 3_600,
      random: () => 0.5,
      ...changes,
    };
  }

  /** Claims the one directory that is due and takes it through its run. */
  async runOnce(changes: Partial<ExecutorParts> = {}, control = new RunControl()): Promise<Execution> {
    const [claim] = await this.claim();
    if (!claim) throw new Error('no directory is due');
    return executeRun(this.parts(changes), claim, control);
  }

  /** The newest run of a directory, as the table has it. */
  async lastRun(directoryId: string): Promise<Record<string, unknown>> {
    const [row] = await this.sql('SELECT * FROM sync_runs WHERE directory_id = $1 ORDER BY id DESC LIMIT 1', [
      directoryId,
    ]);
    return row ?? {};
  }

  async schedule(directoryId: string): Promise<Record<string, unknown>> {
    const [row] = await this.sql(
      `SELECT *, extract(epoch FROM due_at - now())::float8 AS due_in,
         extract(epoch FROM next_full_at - now())::float8 AS full_in
       FROM sync_schedules WHERE directory_id = $1`,
      [directoryId],
    );
    return row ?? {};
  }

  worker(name: string, options: Partial<WorkerOptions> = {}): SyncWorker {
    const parts = this.parts();
    const worker = new SyncWorker({
      leases: this.leases,
      execute: (claim, control) => executeRun(parts, claim, control),
      log: this.#log(),
      observer: { claimed: () => undefined, ended: (execution) => void this.ended.push(execution) },
      name,
      options: { concurrency: 4, perEnvironment: 1_000, pollMs: 20, ...options },
    });
    this.#workers.push(worker);
    return worker;
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.stop()));
  }

  #log(): EngineLog {
    const ignore = (): void => undefined;
    return { debug: ignore, info: ignore, warn: ignore, error: (facts) => void this.errors.push(facts) };
  }
}

/** Waits until something holds, at most `timeoutMs`. */
export async function until(holds: () => boolean | Promise<boolean>, timeoutMs = 20_000): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (!(await holds())) {
    if (performance.now() > end)
      throw new Error(`did not happen within ${timeoutMs} ms: ${holds.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
