import type { Connector, Source } from '../sdk/contract.js';
import type { ConnectorManifest } from '../sdk/manifest.js';
import { SourceError } from '../sdk/source-error.js';
import { Asking } from './asking.js';
import { waitSeconds } from './back-off.js';
import { loadSettings, type ConnectionSettings } from './connection-settings.js';
import { isLost, meaningOf } from './failure-meaning.js';
import { Fetching } from './fetching.js';
import { Interrupted, type RunControl } from './interrupted.js';
import { clockOf, fenceOf, type Claim } from './lease-store.js';
import { logAbout, type EngineLog } from './log.js';
import { describeFailure, runError, whileApplying } from './run-errors.js';
import type { Execution, ExecutorParts } from './executor-parts.js';
import { progressOf } from './run-progress.js';
import { runFacts } from './run-facts.js';
import { APPLIED, itemsOf } from './run-items.js';
import { APPROVAL_SECONDS, closingOf, cursorsOf, pause, scheduledMode } from './run-plan.js';
import { RunStaging } from './run-staging.js';
import type { Closing, OpenedRun, RunItem } from './run-store.js';
import type { RunFacts, SnapshotRun } from './snapshot-door.js';
import { StoredSecrets } from './stored-secrets.js';
import type { RunError, RunOutcome, SyncRun } from './sync-run.js';

/** Starts without a page stored before a run counts as one that brings its worker down. */
const MAX_ATTEMPTS = 8;

/** One worker's turn at one run. Everything it needs to go on after a kill is in the database at every step. */
export class RunSession {
  readonly #parts: ExecutorParts;
  #claim: Claim;
  readonly #control: RunControl;
  readonly #connector: Connector | undefined;
  #opened: SyncRun | undefined;
  #pagesBefore = 0;
  #staging: RunStaging | undefined;
  #asking: Asking | undefined;
  #isTold = false;
  #awaiting = 0;
  #fingerprint = '';

  constructor(parts: ExecutorParts, claim: Claim, control: RunControl) {
    this.#parts = parts;
    this.#claim = claim;
    this.#control = control;
    this.#connector = parts.registry.find(claim.provider);
  }

  get pagesRead(): number {
    return (this.#opened?.pages ?? 0) - this.#pagesBefore;
  }

  /** As it stands; null when it could not be opened. */
  get run(): SyncRun | null {
    return this.#opened ?? null;
  }

  get #log(): EngineLog {
    const { environmentId, directoryId, provider } = this.#claim;
    return logAbout(this.#parts.log, { environmentId, directoryId, provider, runId: this.#opened?.id });
  }

  async execute(): Promise<Execution['outcome']> {
    try {
      const { run, elapsedSeconds, isCancelled } = await this.#open();
      this.#run = run;
      this.#pagesBefore = run.pages;
      if (isCancelled) throw new Interrupted('cancelled');
      return await this.#steps(elapsedSeconds);
    } catch (error) {
      return await this.#recover(error);
    }
  }

  /** A run that somebody asked for after the claim takes the place of the scheduled one, or nobody would ever do it. */
  async #open(): Promise<OpenedRun> {
    const { store } = this.#parts;
    const mode = this.#connector === undefined ? 'full' : scheduledMode(this.#claim, this.#connector);
    for (;;) {
      await this.#forgetLeftovers();
      const opened = await store.open(this.#claim, mode);
      if (opened !== undefined) return opened;
      this.#claim = await store.refreshed(this.#claim);
    }
  }

  get #run(): SyncRun {
    if (this.#opened === undefined) throw new Error('The run was not opened yet');
    return this.#opened;
  }

  set #run(run: SyncRun) {
    this.#opened = run;
  }

  get #snapshot(): SnapshotRun {
    const { environmentId, directoryId, id, mode } = this.#run;
    return { environmentId, directoryId, runId: id, mode: mode === 'incremental' ? mode : 'full' };
  }

  /** A run that ended just before its worker did has left something staged. */
  async #forgetLeftovers(): Promise<void> {
    const { environmentId, directoryId, stagedRunId, activeRunId } = this.#claim;
    if (stagedRunId === null || stagedRunId === activeRunId) return;
    await this.#parts.door.discard({ environmentId, directoryId, runId: stagedRunId, mode: 'full' });
    await this.#parts.store.forgetStaged(this.#claim, stagedRunId);
  }

  /** Only reading has a deadline: what waited for approval meanwhile is not late, and what is applied is applied whole. */
  async #withDeadline<T>(elapsedSeconds: number, work: () => Promise<T>): Promise<T> {
    const left = Math.max(this.#parts.deadlineSeconds - elapsedSeconds, 0);
    const timer = setTimeout(() => this.#control.interrupt('deadline'), left * 1_000).unref();
    try {
      return await work();
    } finally {
      clearTimeout(timer);
    }
  }

  async #steps(elapsedSeconds: number): Promise<Execution['outcome']> {
    const run = this.#run;
    const connector = this.#connector;
    if (connector === undefined)
      throw new SourceError('config_error', `This version has no connector "${this.#claim.provider}".`);
    if (run.status === 'awaiting_approval') return this.#expire();
    if (run.attempts > MAX_ATTEMPTS)
      return this.#fail(runError('internal_error', 'The run has failed to make progress too often.'));
    const { signal } = this.#control;
    const staging = this.#beginStaging();
    const settings = await loadSettings(this.#parts, this.#claim, connector);
    this.#fingerprint = settings.fingerprint;
    const secrets = new StoredSecrets(this.#parts, this.#claim, fenceOf(this.#claim));
    const source = connector.connect(
      settings.config,
      this.#parts.ports({
        directory: this.#claim,
        stagedIds: (kind, page) => staging.ids(kind, page),
        signal,
        secrets,
        clock: clockOf(this.#claim),
        log: this.#log,
      }),
    );
    try {
      const read = (): Promise<RunError | null> => this.#fetch(source, { settings, staging });
      const failure = run.status === 'fetching' ? await this.#withDeadline(elapsedSeconds, read) : null;
      return failure === null
        ? await this.#conclude(this.#factsOf(source, connector.manifest), staging)
        : await this.#end('failed', failure);
    } finally {
      // What it read is stored; a connection that does not close nicely changes nothing.
      await source.close?.().catch(() => undefined);
    }
  }

  /** What nobody has begun yet, and nobody has to look at, may be held in memory. */
  #beginStaging(): RunStaging {
    const { status, mode, needsApproval, attempts, pages } = this.#run;
    const isFirst = status === 'fetching' && attempts === 1 && pages === 0;
    const staging = new RunStaging({
      door: this.#parts.door,
      snapshot: this.#snapshot,
      fence: fenceOf(this.#claim),
      isFresh: isFirst && mode !== 'preview' && !needsApproval,
    });
    this.#staging = staging;
    return staging;
  }

  /** @returns why nothing at all could be read, or null. */
  async #fetch(
    source: Source,
    { settings, staging }: { readonly settings: ConnectionSettings; readonly staging: RunStaging },
  ): Promise<RunError | null> {
    const { store } = this.#parts;
    const lease = this.#claim;
    const control = this.#control;
    // A preview shows everything, whatever was read before.
    const isPreview = this.#run.mode === 'preview';
    const previous = isPreview ? new Map() : await store.cursors(lease, settings.fingerprint);
    const fetching = new Fetching(
      { source, control, store, staging, lease, previous, log: this.#log },
      this.#run,
    );
    try {
      await fetching.readAll();
    } catch (error) {
      // The run may go on after what it has read.
      await staging.stage([]);
      throw error;
    } finally {
      this.#run = fetching.run;
    }
    const hasNothing =
      this.#run.records === 0 && this.#run.streams.every((stream) => stream.state === 'incomplete');
    return hasNothing && this.#run.streams.length > 0 ? this.#streamError() : null;
  }

  async #conclude(facts: RunFacts, staging: RunStaging): Promise<Execution['outcome']> {
    if (await this.#findsNothing(facts, staging)) return this.#endRead();
    await staging.settle();
    if (this.#run.status !== 'applying') {
      if (this.#run.mode === 'preview' || this.#run.needsApproval) return this.#preview(facts);
      await this.#save({ status: 'applying' });
    }
    await this.#tellSuccess();
    const tell = progressOf(new Date(), (told) => this.#save({ counts: { ...this.#run.counts, ...told } }));
    const done = await this.#parts.door.apply(this.#snapshot, { ...facts, tell }, fenceOf(this.#claim));
    await this.#save({ counts: done.counts }, itemsOf(this.#run, done, APPLIED));
    this.#awaiting = done.awaitingConfirmation ?? 0;
    return this.#endRead();
  }

  /** Only now is known what the source refused to say. */
  #endRead(): Promise<RunOutcome> {
    const error = this.#streamError();
    if (this.#run.mode === 'preview') return this.#end('previewed', error);
    return this.#end(error === null ? 'succeeded' : 'partial', error);
  }

  /** Changes of which there are none, or a small listing, read whole, that is what was believed before. */
  async #findsNothing(facts: RunFacts, staging: RunStaging): Promise<boolean> {
    const { mode, streams, records, needsApproval } = this.#run;
    if (records === 0 && facts.complete.length === 0 && !needsApproval) return true;
    const isWhole = mode === 'full' && streams.every((stream) => stream.state === 'complete');
    const report = isWhole ? await staging.unchanged(facts) : undefined;
    if (report !== undefined) this.#run = { ...this.#run, counts: report.counts };
    return report !== undefined;
  }

  async #preview(facts: RunFacts): Promise<Execution['outcome']> {
    await this.#save({ status: 'planning' });
    const report = await this.#parts.door.plan(this.#snapshot, facts);
    await this.#save({ counts: report.counts }, itemsOf(this.#run, report));
    return this.#run.mode === 'preview' ? this.#endRead() : this.#ask();
  }

  /** Ends this worker's part until somebody has looked at the preview, or a day is over. */
  async #ask(): Promise<Execution['outcome']> {
    const run: SyncRun = { ...this.#run, status: 'awaiting_approval', error: this.#streamError() };
    await this.#parts.store.close(this.#claim, run, pause({ ...this.#claim, failures: 0 }, APPROVAL_SECONDS));
    return 'awaiting_approval';
  }

  async #expire(): Promise<RunOutcome> {
    const error = runError('approval_expired', 'Nobody has applied or cancelled the preview within a day.');
    return this.#end('cancelled', error, { dueInSeconds: 0 });
  }

  #factsOf(source: Source, manifest: ConnectorManifest): RunFacts {
    this.#asking = new Asking(source);
    return runFacts(this.#run.streams, manifest, this.#asking);
  }

  #streamError(): RunError | null {
    const cut = this.#run.streams.find((stream) => stream.state === 'incomplete')?.error;
    return cut ?? this.#asking?.error ?? null;
  }

  async #save(changes: Partial<SyncRun>, items: readonly RunItem[] = []): Promise<void> {
    const { status } = this.#run;
    const { run, isCancelled } = await this.#parts.store.save(
      this.#claim,
      { ...this.#run, ...changes },
      items,
    );
    this.#run = run;
    // Once applying has begun it is brought to its end.
    if (isCancelled && status !== 'applying') throw new Interrupted('cancelled');
  }

  async #end(
    outcome: RunOutcome,
    error: RunError | null = null,
    closing: Partial<Closing> = {},
  ): Promise<RunOutcome> {
    const run: SyncRun = { ...this.#run, status: outcome, error };
    this.#run = run;
    const isApplied = outcome === 'succeeded' || outcome === 'partial';
    if (isApplied) await this.#tellSuccess();
    else await this.#tellFailure(error);
    await this.#parts.store.close(this.#claim, run, {
      ...closingOf(
        { claim: this.#claim, run, outcome, awaiting: this.#awaiting },
        this.#connector,
        this.#parts.random(),
      ),
      cursors: isApplied ? cursorsOf(run, this.#fingerprint) : [],
      hasStaged: this.#hasStaged,
      ...closing,
    });
    if (this.#hasStaged) await this.#discard(run);
    return outcome;
  }

  /** A run that ends before it could begin may have been begun by somebody else. */
  get #hasStaged(): boolean {
    return this.#staging?.hasStaged ?? true;
  }

  /** The run is over whether this works or not; what stays is found by the next one. */
  async #discard(run: SyncRun): Promise<void> {
    try {
      await this.#parts.door.discard(this.#snapshot);
      await this.#parts.store.forgetStaged(this.#claim, run.id);
    } catch (error) {
      this.#log.warn({ reason: (error as Error).message }, 'staged records stay for a while');
    }
  }

  /** Before anything is applied, so that what a directory tells begins with its activation. */
  async #tellSuccess(): Promise<void> {
    if (this.#claim.state === 'linked' || this.#isTold) return;
    await this.#parts.health.succeeded(this.#claim, fenceOf(this.#claim));
    this.#isTold = true;
  }

  async #tellFailure(error: RunError | null): Promise<void> {
    if (error?.code !== 'invalid_credentials' || this.#claim.state === 'invalid_credentials') return;
    await this.#parts.health.failed(this.#claim, error, fenceOf(this.#claim));
  }

  /** Goes on after an error as its meaning demands. @throws RetryableError: the database is away, the run stands as it is. */
  async #recover(error: unknown): Promise<Execution['outcome']> {
    if (this.#opened === undefined && !isLost(error)) throw error;
    switch (meaningOf(error)) {
      case 'lost':
        return 'lost';
      case 'database':
        throw error;
      case 'drain':
        return this.#pause({ attempts: 0 }, 0);
      case 'cancel':
        return this.#end('cancelled', runError('cancelled', 'The run was cancelled.'));
      case 'wait':
        return this.#pause({ error: describeFailure(error) }, waitSeconds(error, this.#run.attempts));
      case 'fail':
        if (!(error instanceof SourceError))
          this.#log.error({ err: error }, 'a sync run failed for a reason that nobody foresaw');
        return this.#fail(describeFailure(error));
    }
  }

  /** What had been applied by then stays, and is told: "nothing was removed" may not be true any more. */
  #fail(error: RunError): Promise<RunOutcome> {
    return this.#end('failed', this.#run.status === 'applying' ? whileApplying(error) : error);
  }

  async #pause(changes: Partial<SyncRun>, seconds: number): Promise<'paused'> {
    this.#run = { ...this.#run, ...changes };
    await this.#parts.store.close(this.#claim, this.#run, pause(this.#claim, seconds));
    return 'paused';
  }
}
