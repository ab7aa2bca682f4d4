import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const PROBE = new URL('probe.mjs', import.meta.url).href;
const STOP_TIMEOUT_MS = 10_000;
const ASK_TIMEOUT_MS = 600_000;
const KEPT_CHARACTERS = 4_000;

const running = new Set();

/** Makes something that was started, and has `stop()`, end with the run whatever happens. */
export function endWithRun(started) {
  running.add(started);
  return started;
}

/** Stops whatever is still running, each process by its own handle. */
export async function stopChildren() {
  await Promise.allSettled([...running].map((child) => child.stop()));
}

/** A Node process that the benchmark started and can ask things (see probe.mjs). */
export class Child {
  #process;
  #name;
  #asked = new Map();
  #nextId = 1;
  #said = '';
  #isStopping = false;

  /** @param {{ name: string, file: URL, env?: Record<string, string>, nodeArgs?: string[], cwd?: URL }} options */
  constructor({ name, file, env = {}, nodeArgs = [], cwd }) {
    this.#name = name;
    this.#process = fork(fileURLToPath(file), [], {
      execArgv: ['--import', PROBE, ...nodeArgs],
      env: { ...inherited(), NODE_ENV: 'production', ...env },
      ...(cwd === undefined ? {} : { cwd: fileURLToPath(cwd) }),
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    running.add(this);
    this.#process.on('message', (message) => this.#settle(message));
    this.#process.once('exit', (code, signal) => this.#onExit(code ?? signal));
    for (const stream of [this.#process.stdout, this.#process.stderr])
      stream.setEncoding('utf8').on('data', (text) => {
        this.#said = (this.#said + text).slice(-KEPT_CHARACTERS);
      });
  }

  get hasEnded() {
    return this.#process.exitCode !== null || this.#process.signalCode !== null;
  }

  /** What the process wrote last, for messages about failures. */
  get said() {
    return this.#said.trim();
  }

  /** @throws Error when the process fails to answer, or ends before it has. */
  ask(kind, payload) {
    if (this.hasEnded) return Promise.reject(this.#error('has ended'));
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#settle({ id, error: `no answer to "${kind}"` }), ASK_TIMEOUT_MS);
      this.#asked.set(id, { resolve, reject, timer });
      this.#process.send({ id, kind, payload });
    });
  }

  async stop() {
    this.#isStopping = true;
    if (!this.hasEnded) {
      const exit = once(this.#process, 'exit');
      this.#process.kill('SIGTERM');
      const timer = setTimeout(() => this.#process.kill('SIGKILL'), STOP_TIMEOUT_MS);
      await exit;
      clearTimeout(timer);
    }
    running.delete(this);
  }

  #settle({ id, result, error }) {
    const asked = this.#asked.get(id);
    if (!asked) return;
    this.#asked.delete(id);
    clearTimeout(asked.timer);
    if (error === undefined) asked.resolve(result);
    else asked.reject(this.#error(error));
  }

  #onExit(code) {
    running.delete(this);
    if (this.#isStopping) this.#asked.forEach(({ timer }) => clearTimeout(timer));
    else for (const id of this.#asked.keys()) this.#settle({ id, error: `ended with ${code}` });
  }

  #error(reason) {
    return new Error(`${this.#name}: ${reason}${this.said === '' ? '' : `\n${this.said}`}`);
  }
}

/** Settings of the caller's shell must not reach a contestant. */
function inherited() {
  const names = ['PATH', 'HOME', 'TMPDIR', 'TEMP', 'SystemRoot', 'USERPROFILE'];
  return Object.fromEntries(
    names.filter((name) => process.env[name] !== undefined).map((name) => [name, process.env[name]]),
  );
}
