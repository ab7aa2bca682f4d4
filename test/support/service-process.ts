import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile, realpath } from 'node:fs/promises';
import { join } from 'node:path';

/** The service as an operator runs it: a process of its own, with the embedded PostgreSQL in a folder of its own. */
export class ServiceProcess {
  readonly baseUrl: string;
  readonly #env: NodeJS.ProcessEnv;
  readonly #dataDir: string;
  #child: ChildProcess | undefined;
  #output = '';

  constructor(options: { readonly dataDir: string; readonly port: number; readonly env: NodeJS.ProcessEnv }) {
    this.baseUrl = `http://127.0.0.1:${options.port}`;
    this.#dataDir = options.dataDir;
    this.#env = {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      PORT: String(options.port),
      ROLLCALL_DATA_DIR: options.dataDir,
      LOG_LEVEL: 'warn',
      LOG_FORMAT: 'json',
      ...options.env,
    };
  }

  /** What the process has said since its last start. */
  get output(): string {
    return this.#output;
  }

  /** Starts and waits until it is ready. */
  async start(): Promise<void> {
    this.#output = '';
    const child = spawn(process.execPath, ['scripts/run-built.mjs', 'dist/src/main.js'], {
      env: this.#env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    child.stdout.on('data', (chunk: Buffer) => (this.#output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (this.#output += chunk.toString()));
    const deadline = Date.now() + 90_000;
    while (Date.now() < deadline) {
      if (child.exitCode !== null) break;
      if (await this.#isReady()) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`The service did not become ready:\n${this.#output}`);
  }

  /** Kills the service and its PostgreSQL at once, as a power cut would. */
  async killEverything(): Promise<void> {
    const child = this.#child;
    if (!child) return;
    const postmaster = await this.#postmasterPid();
    child.kill('SIGKILL');
    if (postmaster !== undefined) process.kill(postmaster, 'SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    this.#child = undefined;
  }

  /** Ends as an operator would; resolves with the exit code. */
  async stop(): Promise<number | null> {
    const child = this.#child;
    this.#child = undefined;
    if (!child || child.exitCode !== null) return child?.exitCode ?? null;
    child.kill('SIGTERM');
    await once(child, 'exit');
    return child.exitCode;
  }

  async #isReady(): Promise<boolean> {
    try {
      const response = await fetch(`${this.baseUrl}/readyz`);
      await response.arrayBuffer();
      return response.ok;
    } catch {
      return false;
    }
  }

  async #postmasterPid(): Promise<number | undefined> {
    try {
      const cluster = await realpath(join(this.#dataDir, 'postgres'));
      const lock = await readFile(join(cluster, 'postmaster.pid'), 'utf8');
      return Number(lock.split('\n')[0]);
    } catch {
      return undefined;
    }
  }
}
