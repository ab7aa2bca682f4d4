import type { EndpointSession } from './endpoint-session.js';
import { RETRY_COUNT_LIMIT } from './endpoint-settings.js';
import type { EventReader, LaneAnswer, LaneRequest, RetryAnswer } from './event-reader.js';
import type { Log } from './log.js';

interface Dependencies {
  readonly reader: EventReader;
  readonly log: Log;
  /** Positions moved without anything being sent. */
  readonly onMoved: (session: EndpointSession) => void;
  /** Events left the log before they were sent: the lane was behind for longer than they are kept. */
  readonly onExpired: (count: number) => void;
  /** Everything that is held, for the memory bound. */
  readonly sessions: () => Iterable<EndpointSession>;
}

/** Events asked for in one round trip, over all endpoints. */
const READ_BUDGET = 2_048;
/** Events in memory and not sent, over all endpoints; beyond that nothing more is read. */
const MAX_BUFFERED = 16_384;
const LANE_LIMIT = 512;
const ORDERED_LANE_LIMIT = 64;
const PAUSE_MS = 250;

/** Keeps the queues of the held endpoints filled: one read at a time, for as many lanes as have room. */
export class Feeder {
  readonly #deps: Dependencies;
  readonly #hungry = new Set<EndpointSession>();
  readonly #retrying = new Set<EndpointSession>();
  #running: Promise<void> | undefined;
  #hasStopped = false;

  constructor(deps: Dependencies) {
    this.#deps = deps;
  }

  /** Reads for this endpoint soon if it has room for events and there are any. Cheap: called after every attempt. */
  feed(session: EndpointSession): void {
    if (session.state !== 'active' || !session.queue.hasUnread) return;
    if (session.queue.unsent > windowOf(session) / 2 || session.settings.retries >= RETRY_COUNT_LIMIT) return;
    this.#hungry.add(session);
    this.#start();
  }

  /** Reads the endpoint's due retries soon. */
  lookForRetries(session: EndpointSession): void {
    session.nextRetryAt = Infinity;
    this.#retrying.add(session);
    this.#start();
  }

  async stop(): Promise<void> {
    this.#hasStopped = true;
    await this.#running;
  }

  #start(): void {
    if (!this.#hasStopped) this.#running ??= this.#run();
  }

  async #run(): Promise<void> {
    // A breath, so that everything that happens in this turn of the event loop goes into one read.
    await new Promise((resolve) => setImmediate(resolve));
    while (!this.#hasStopped && this.#hungry.size + this.#retrying.size > 0) {
      const work = [this.#readLanes()];
      if (this.#retrying.size > 0) work.push(this.#readRetries());
      await Promise.all(work);
    }
    this.#running = undefined;
  }

  async #readLanes(): Promise<void> {
    const requests = this.#plan();
    if (requests.length === 0) return this.#hungry.size > 0 ? pause() : undefined;
    try {
      const answers = await this.#deps.reader.readLanes(requests);
      for (const answer of answers) this.#accept(answer);
      for (const session of new Set(requests.map((request) => request.session))) session.pump();
    } catch (error) {
      this.#deps.log.warn({ err: error }, 'webhook events not read yet');
      for (const { session, lane } of requests) {
        session.queue.readEnded(lane);
        this.#hungry.add(session);
      }
      await pause();
    }
  }

  #accept({ request, isEnabled, read }: LaneAnswer): void {
    const { session, lane } = request;
    if (!isEnabled) session.retire();
    if (read.expired > 0) this.#reportExpired(session, { streamId: lane.streamId, events: read.expired });
    if (session.state === 'active') session.queue.accept(lane, read);
    else session.queue.readEnded(lane);
    if (session.queue.hasMoved) this.#deps.onMoved(session);
  }

  #reportExpired(
    session: EndpointSession,
    what: { readonly streamId: string; readonly events: number },
  ): void {
    this.#deps.onExpired(what.events);
    const { environmentId, endpointId } = session.lease;
    this.#deps.log.warn(
      { environmentId, endpointId, ...what },
      'an endpoint was behind for longer than events are kept: what has left the log is skipped',
    );
  }

  async #readRetries(): Promise<void> {
    const sessions = [...this.#retrying].slice(0, 64);
    for (const session of sessions) {
      this.#retrying.delete(session);
      session.queue.beginRetryRead();
    }
    try {
      for (const answer of await this.#deps.reader.readRetries(sessions)) await this.#acceptRetries(answer);
    } catch (error) {
      this.#deps.log.warn({ err: error }, 'webhook retries not read yet');
      for (const session of sessions) this.#retrying.add(session);
      await pause();
    } finally {
      for (const session of sessions) session.queue.retryReadEnded();
    }
  }

  async #acceptRetries(answer: RetryAnswer): Promise<void> {
    const { session, due, nextInMs, gone } = answer;
    if (nextInMs !== null) session.nextRetryAt = Math.min(session.nextRetryAt, performance.now() + nextInMs);
    const [first] = gone;
    if (first !== undefined) {
      await this.#deps.reader.forgetRetries(answer);
      this.#reportExpired(session, { streamId: first.streamId, events: gone.length });
    }
    for (const { streamId } of gone) session.queue.forgotten(streamId);
    if (session.state !== 'active') return;
    session.queue.acceptRetries(due);
    session.pump();
  }

  /** Chooses lanes until the budget is spent; who gets nothing this time is first the next time. */
  #plan(): LaneRequest[] {
    let buffered = 0;
    for (const session of this.#deps.sessions()) buffered += session.queue.unsent;
    let budget = Math.min(READ_BUDGET, MAX_BUFFERED - buffered);
    const requests: LaneRequest[] = [];
    for (const session of this.#hungry) {
      if (budget <= 0) break;
      this.#hungry.delete(session);
      if (session.state !== 'active') continue;
      const free = Math.min(windowOf(session) - session.queue.unsent, budget);
      const lanes = session.queue.takeUnread(Math.max(Math.floor(free / 8), 1));
      const most = session.settings.isOrdered ? ORDERED_LANE_LIMIT : LANE_LIMIT;
      const limit = Math.min(Math.max(Math.floor(free / lanes.length), 1), most);
      for (const lane of lanes) requests.push({ session, lane, limit });
      budget -= limit * lanes.length;
    }
    return requests;
  }
}

/** How many events an endpoint may have waiting in memory. */
function windowOf(session: EndpointSession): number {
  return Math.min(Math.max(16 * session.settings.concurrency, 128), 1_024);
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
}
