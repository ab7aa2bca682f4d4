import type { ChildProcess } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Binaries } from './binaries.js';
import { EmbeddedPostgresError } from './embedded-postgres.errors.js';
import { clearFormerServer, readLockFile } from './lock-file.js';
import type { Placement } from './placement.js';
import { spawnProgram } from './spawn-program.js';

/** What a server is started with. */
export interface PostmasterOptions {
  readonly placement: Placement;
  readonly binaries: Binaries;
  readonly port: number | undefined;
  readonly settings: Readonly<Record<string, string>>;
  readonly log: (line: string) => void;
}

const READY_TIMEOUT_MS = 600_000;
const STOP_TIMEOUT_MS = 60_000;
const KEPT_LINES = 50;
const MAX_RESTART_DELAY_MS = 30_000;
// After kill -9 of a server its children need a moment to notice; until then they hold the shared memory.
const STARTS = 20;
const START_DELAY_MS = 250;

/** A running PostgreSQL. When it dies without having been asked to, it is started again on the same port. */
export class Postmaster {
  readonly #options: PostmasterOptions;
  readonly #onProcessExit = (): void => void this.#child?.kill('SIGINT');
  #child: ChildProcess | undefined;
  #said: string[] = [];
  #port: number | undefined;
  #isStopping = false;
  #restart: Promise<void> = Promise.resolve();

  constructor(options: PostmasterOptions) {
    this.#options = options;
  }

  /** Resolves to the port when connections are accepted. */
  async start(): Promise<number> {
    process.once('exit', this.#onProcessExit);
    for (let attempt = 1; ; attempt += 1) {
      const port = this.#port ?? this.#options.port ?? (await freePort());
      const reason = await this.#launch(port);
      if (reason === undefined) return port;
      const mayPass = reason === 'memory' || (reason === 'port' && this.#options.port === undefined);
      if (!mayPass || attempt === STARTS) throw this.#startError();
      await sleep(reason === 'port' ? 0 : START_DELAY_MS);
    }
  }

  /** Fast shutdown; resolves when the server is gone. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    process.off('exit', this.#onProcessExit);
    await this.#restart;
    const child = this.#child;
    if (child === undefined || isGone(child)) return;
    const exit = once(child, 'exit');
    child.kill('SIGINT');
    const timer = setTimeout(() => child.kill('SIGQUIT'), STOP_TIMEOUT_MS);
    await exit;
    clearTimeout(timer);
  }

  /** Undefined: it runs. Otherwise why it does not: another try may help for `port` and `memory`. */
  async #launch(port: number): Promise<'port' | 'memory' | 'other' | undefined> {
    const { placement, binaries, log } = this.#options;
    this.#said = [];
    const call = { binaries, account: placement.account, name: 'postgres', args: this.#args(port) } as const;
    const child = spawnProgram(call, (line) => {
      this.#said = [...this.#said, line].slice(-KEPT_LINES);
      log(line);
    });
    const failed = new Promise<void>((resolve) => {
      child.once('error', (error) => (this.#said.push(error.message), resolve()));
      child.once('close', () => resolve());
    });
    this.#child = child;
    if (!(await isReady(child, placement.cluster, failed))) return failureOf(this.#said);
    this.#port = port;
    // A forgotten stop() must not keep the process alive; its end stops the server.
    child.unref();
    child.once('exit', () => this.#onExit());
    return undefined;
  }

  #onExit(): void {
    if (this.#isStopping) return;
    this.#options.log('PostgreSQL ended unexpectedly and is started again');
    this.#restart = this.#startAgain();
  }

  async #startAgain(): Promise<void> {
    for (let delay = 100; !this.#isStopping; delay = Math.min(delay * 2, MAX_RESTART_DELAY_MS)) {
      try {
        await clearFormerServer(this.#options.placement.cluster, true);
        if ((await this.#launch(this.#port ?? 0)) === undefined) return;
        this.#options.log(this.#startError().message);
      } catch (error) {
        this.#options.log(`PostgreSQL could not be started again: ${(error as Error).message}`);
      }
      await sleep(delay, undefined, { ref: false });
    }
  }

  #args(port: number): string[] {
    const settings: Record<string, string> = {
      timezone: 'UTC',
      log_timezone: 'UTC',
      jit: 'off',
      log_checkpoints: 'off',
      ...this.#options.settings,
      // Loopback only, and no socket file that another user of the machine could reach.
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
      port: String(port),
    };
    const pairs = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    return ['-D', this.#options.placement.cluster, ...pairs];
  }

  #startError(): EmbeddedPostgresError {
    const fatal = this.#said.findLast((line) => /FATAL:|PANIC:|could not/.test(line)) ?? this.#said.at(-1);
    const reason = (fatal ?? 'it said nothing').replace(/^.*?(FATAL|PANIC|LOG):\s*/, '');
    return new EmbeddedPostgresError('start', `PostgreSQL does not start: ${reason}`, {
      detail: this.#said.join('\n'),
    });
  }
}

async function isReady(child: ChildProcess, cluster: string, failed: Promise<void>): Promise<boolean> {
  let hasFailed = false;
  void failed.then(() => (hasFailed = true));
  const until = Date.now() + READY_TIMEOUT_MS;
  while (Date.now() < until) {
    if (hasFailed) return false;
    const lock = readLockFile(cluster);
    if (lock?.isReady === true && lock.pid === child.pid) return true;
    await Promise.race([failed, sleep(20)]);
  }
  child.kill('SIGQUIT');
  return false;
}

function failureOf(said: readonly string[]): 'port' | 'memory' | 'other' {
  const text = said.join('\n');
  if (/could not bind|Address already in use/.test(text)) return 'port';
  return /pre-existing shared memory block/.test(text) ? 'memory' : 'other';
}

function isGone(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
