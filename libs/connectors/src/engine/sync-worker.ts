import { RunControl } from './interrupted.js';
import { LEASE_MS, LeaseLostError, type Claim, type LeaseStore } from './lease-store.js';
import type { EngineLog } from './log.js';
import { endOfWindow } from './maintenance-window.js';
import type { Execution } from './executor-parts.js';
import { runLine } from './run-line.js';

/** What is told about runs, for metrics. */
export interface RunObserver {
  claimed(claims: readonly Claim[]): void;
  ended(execution: Execution): void;
}

export interface WorkerParts {
  readonly leases: LeaseStore;
  readonly execute: (claim: Claim, control: RunControl) => Promise<Execution>;
  readonly log: EngineLog;
  readonly observer: RunObserver;
  /** Who holds the leases, for people who look into the table. */
  readonly name: string;
  readonly options: WorkerOptions;
}

export interface WorkerOptions {
  /** Runs at the same time in this process. */
  readonly concurrency: number;
  /** Runs at the same time of one environment, in all processes together. */
  readonly perEnvironment: number;
  /** How often to look for due directories when there were none, ms. */
  readonly pollMs?: number;
  /** How long a run may go on to the end of its page when the process stops, ms. */
  readonly drainMs?: number;
}

const POLL_MS = 1_000;
const DRAIN_MS = 12_000;
const RENEW_MS = LEASE_MS / 3;
/** After a failure that is the database's, not the source's. */
const RETRY_SECONDS = 5;

interface Running {
  readonly claim: Claim;
  readonly control: RunControl;
  readonly done: Promise<void>;
  renewedAt: number;
}

/** Claims due directories and runs them, as many at a time as it may; any number of workers share the work. */
export class SyncWorker {
  readonly #parts: WorkerParts;
  readonly #running = new Map<string, Running>();
  #wake: () => void = () => undefined;
  #hasStopped = false;
  #loop: Promise<void> = Promise.resolve();
  #renewals: NodeJS.Timeout | undefined;
  #renewing: Promise<void> | undefined;

  constructor(parts: WorkerParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#loop = this.#run();
    this.#renewals = setInterval(() => {
      this.#renewing ??= this.#renew().finally(() => (this.#renewing = undefined));
    }, RENEW_MS);
  }

  /** Somebody has asked for a run: look now. */
  wake(): void {
    this.#wake();
  }

  /** Claims nothing more, lets running pages end, gives the leases back. Another worker goes on at once. */
  async stop(): Promise<void> {
    this.#hasStopped = true;
    this.#wake();
    // A look for due directories that is under way may take its time; what it still brings is told as well.
    this.#drain();
    await this.#loop;
    this.#drain();
    const running = [...this.#running.values()];
    const timer = setTimeout(() => {
      for (const { control } of running) control.interrupt('draining');
    }, this.#parts.options.drainMs ?? DRAIN_MS);
    await Promise.all(running.map(({ done }) => done));
    clearTimeout(timer);
    clearInterval(this.#renewals);
    await this.#renewing;
  }

  #drain(): void {
    for (const { control } of this.#running.values()) control.drain();
  }

  async #run(): Promise<void> {
    const { concurrency, pollMs = POLL_MS } = this.#parts.options;
    while (!this.#hasStopped) {
      const free = concurrency - this.#running.size;
      // The last place is asked for by itself: nobody gets all of them.
      const wanted = Math.max(free - 1, Math.min(free, 1));
      const claims = wanted > 0 ? await this.#claim(wanted) : [];
      for (const claim of claims) this.#begin(claim);
      // Full: the next end of a run is the time to look again. Nothing due: some time later.
      if (claims.length < wanted) await this.#sleep(pollMs, { isIdle: free > 1 });
      else if (free < 2) await this.#sleep(RENEW_MS);
    }
  }

  /** The environment that has all places but one. Were it to get that as well, others would wait for its sources. */
  #greedy(): string | undefined {
    const { concurrency } = this.#parts.options;
    const holders = new Set([...this.#running.values()].map(({ claim }) => claim.environmentId));
    return concurrency > 1 && this.#running.size === concurrency - 1 && holders.size === 1
      ? [...holders][0]
      : undefined;
  }

  /** Waits to be woken: by wake(), and unless idle by the end of a run. */
  #sleep(ms: number, { isIdle = false } = {}): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        this.#wake = () => undefined;
        this.#onFreed = () => undefined;
        resolve();
      };
      const timer = setTimeout(end, ms);
      this.#wake = end;
      if (!isIdle) this.#onFreed = end;
      if (this.#hasStopped) end();
    });
  }

  #onFreed: () => void = () => undefined;

  async #claim(limit: number): Promise<Claim[]> {
    const { leases, name, options, log, observer } = this.#parts;
    try {
      const { perEnvironment } = options;
      const claims = await leases.claim({ worker: name, limit, perEnvironment, except: this.#greedy() });
      observer.claimed(claims);
      return claims;
    } catch (error) {
      log.warn({ reason: (error as Error).message }, 'cannot look for due directories; trying again');
      return [];
    }
  }

  #begin(claim: Claim): void {
    const control = new RunControl();
    const done = this.#perform(claim, control).finally(() => {
      this.#running.delete(keyOf(claim));
      this.#onFreed();
    });
    this.#running.set(keyOf(claim), { claim, control, done, renewedAt: performance.now() });
  }

  async #perform(claim: Claim, control: RunControl): Promise<void> {
    const { leases, execute, log, observer } = this.#parts;
    const { environmentId, directoryId, provider, activeRunId } = claim;
    const facts = { environmentId, directoryId, provider };
    try {
      if (await this.#waitsForWindow(claim)) return;
      const execution = await execute(claim, control);
      observer.ended(execution);
      const line = runLine(execution);
      log[line.level]({ ...facts, ...line.facts }, line.message);
    } catch (error) {
      if (error instanceof LeaseLostError) return;
      const told = { ...facts, runId: activeRunId, reason: (error as Error).message };
      log.warn(told, 'a sync run had to stop; it goes on shortly');
      // If this fails, too, the lease runs out by itself.
      await leases.release(claim, RETRY_SECONDS).catch(() => undefined);
    }
  }

  /** A scheduled run does not begin inside a maintenance window; one that was asked for does. */
  async #waitsForWindow(claim: Claim): Promise<boolean> {
    if (claim.activeRunId !== null) return false;
    const end = endOfWindow(claim.windows, claim.claimedAt);
    if (end !== null) await this.#parts.leases.postpone(claim, end);
    return end !== null;
  }

  async #renew(): Promise<void> {
    const running = [...this.#running.values()];
    if (running.length === 0) return;
    const at = performance.now();
    try {
      const held = await this.#parts.leases.renew(running.map(({ claim }) => claim));
      const byId = new Map(held.map((lease) => [lease.directoryId, lease]));
      for (const run of running) {
        const lease = byId.get(run.claim.directoryId);
        if (lease !== undefined) run.renewedAt = at;
        run.control.obey(lease);
      }
    } catch (error) {
      this.#parts.log.warn({ reason: (error as Error).message }, 'cannot renew leases; trying again');
      for (const run of running) if (at - run.renewedAt > LEASE_MS) run.control.interrupt('lost');
    }
  }
}

function keyOf(claim: Claim): string {
  return `${claim.environmentId}/${claim.directoryId}/${claim.token}`;
}
