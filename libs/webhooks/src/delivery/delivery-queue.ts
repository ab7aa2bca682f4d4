import { Lane, type Delivery, type LaneRead } from './lane.js';

/** An event that is due for another attempt. */
export interface DueRetry {
  readonly streamId: string;
  readonly sequence: number;
  readonly eventId: string;
  readonly body: string;
  /** Attempts made so far. */
  readonly attempts: number;
}

/** A lane's new position, to be written. */
export interface LanePosition {
  readonly lane: Lane;
  readonly position: number;
}

/** Most events of one lane in memory. */
export const MAX_OPEN = 2_048;

/**
 * What an endpoint still has to send: first attempts by lane, lanes in turn, and due retries beside them. Neither of
 * the two can starve the other.
 */
export class DeliveryQueue {
  readonly #lanes = new Map<string, Lane>();
  /** First attempts that are in memory and not sent. */
  unsent = 0;
  #ready: Lane[] = [];
  #retries: Delivery[] = [];
  readonly #retryKeys = new Set<string>();
  /** Retries recorded while the retry set is being read: what that read says about them is out of date. */
  #recordedMeanwhile: Set<string> | undefined;
  readonly #moved = new Set<Lane>();
  readonly #unread = new Set<Lane>();
  #reading = 0;
  #isRetryTurn = false;

  get isEmpty(): boolean {
    return this.unsent === 0 && this.#retries.length === 0;
  }

  /** Nothing to send, to read or to write. */
  get isIdle(): boolean {
    return this.isEmpty && this.#unread.size === 0 && this.#reading === 0 && this.#moved.size === 0;
  }

  /** Positions wait to be written. */
  get hasMoved(): boolean {
    return this.#moved.size > 0;
  }

  get hasUnread(): boolean {
    return this.#unread.size > 0;
  }

  /** A stream is said to have events beyond what was read. */
  notice(streamId: string, head: number): void {
    const lane = this.#lane(streamId);
    lane.head = Math.max(lane.head, head);
    this.#noteUnread(lane);
  }

  /** Lanes to read from now, at most `limit`; each has to come back through `accept` or `readEnded`. */
  takeUnread(limit: number): Lane[] {
    const taken: Lane[] = [];
    for (const lane of this.#unread) {
      if (taken.length === limit) break;
      if (lane.open >= MAX_OPEN) continue;
      this.#unread.delete(lane);
      if (!lane.hasUnread) continue;
      lane.beginRead();
      this.#reading++;
      taken.push(lane);
    }
    return taken;
  }

  accept(lane: Lane, read: LaneRead): void {
    const before = lane.position ?? read.position;
    this.unsent += lane.accept(read);
    if (lane.position !== before) this.#moved.add(lane);
    this.#enqueue(lane);
    this.readEnded(lane);
  }

  /** A read is over, whether it brought something or not. */
  readEnded(lane: Lane): void {
    lane.isReading = false;
    this.#reading--;
    this.#noteUnread(lane);
  }

  /** The retry set is about to be read; `acceptRetries` or `retryReadEnded` has to follow. */
  beginRetryRead(): void {
    this.#recordedMeanwhile = new Set();
  }

  retryReadEnded(): void {
    this.#recordedMeanwhile = undefined;
  }

  acceptRetries(retries: readonly DueRetry[]): void {
    for (const retry of retries) {
      const key = keyOf(retry.streamId, retry.sequence);
      if (this.#retryKeys.has(key) || this.#recordedMeanwhile?.has(key)) continue;
      this.#retryKeys.add(key);
      const { sequence, eventId, body } = retry;
      this.#retries.push({
        lane: this.#lane(retry.streamId),
        sequence,
        eventId,
        body,
        attempt: retry.attempts + 1,
        isDone: false,
      });
    }
  }

  take(isOrdered: boolean): Delivery | undefined {
    this.#isRetryTurn = !this.#isRetryTurn;
    return this.#isRetryTurn
      ? (this.#takeRetry(isOrdered) ?? this.#takeFirst(isOrdered))
      : (this.#takeFirst(isOrdered) ?? this.#takeRetry(isOrdered));
  }

  /** Takes note of an answer. `isBlocking`: a failure of an ordered lane, nothing may overtake it. */
  settle(delivery: Delivery, isBlocking: boolean): void {
    const { lane } = delivery;
    lane.isBusy = false;
    this.#enqueue(lane);
    // A retry has no part in the position: the lane has moved on over it long ago.
    if (delivery.attempt > 1) return;
    if (isBlocking) this.unsent -= lane.block(delivery);
    else lane.finish(delivery);
    this.#moved.add(lane);
  }

  /** The positions that have changed since the last call. */
  takePositions(): LanePosition[] {
    const positions: LanePosition[] = [];
    for (const lane of this.#moved)
      if (lane.position !== undefined) positions.push({ lane, position: lane.position });
    this.#moved.clear();
    return positions;
  }

  /** The write failed: the positions have to go into the next one. */
  returnPositions(positions: readonly LanePosition[]): void {
    for (const { lane } of positions) this.#moved.add(lane);
  }

  /** The outcome is in the database. A retry that is over may set its ordered lane free; a read will tell. */
  recorded(delivery: Delivery, isOver: boolean): void {
    if (delivery.attempt === 1) return;
    const key = keyOf(delivery.lane.streamId, delivery.sequence);
    this.#retryKeys.delete(key);
    this.#recordedMeanwhile?.add(key);
    if (isOver) this.#unblock(delivery.lane);
  }

  /** A retry of this stream was removed without an attempt. */
  forgotten(streamId: string): void {
    const lane = this.#lanes.get(streamId);
    if (lane) this.#unblock(lane);
  }

  dropUnsent(): void {
    this.#ready = [];
    this.#retries = [];
    this.#unread.clear();
    this.unsent = 0;
  }

  /** Forgets lanes that have nothing to do; the database knows where they stand. */
  prune(): void {
    for (const [streamId, lane] of this.#lanes)
      if (lane.isIdle && !lane.isBlocked && !this.#moved.has(lane)) this.#lanes.delete(streamId);
  }

  #takeFirst(isOrdered: boolean): Delivery | undefined {
    for (;;) {
      const lane = this.#ready.shift();
      if (lane === undefined) return undefined;
      lane.isQueued = false;
      if (lane.unsent === 0 || (isOrdered && (lane.isBusy || lane.isBlocked))) continue;
      this.unsent--;
      const delivery = lane.take();
      if (!isOrdered) this.#enqueue(lane);
      return delivery;
    }
  }

  #takeRetry(isOrdered: boolean): Delivery | undefined {
    if (this.#retries.length === 0) return undefined;
    const index = isOrdered ? this.#retries.findIndex((retry) => !retry.lane.isBusy) : 0;
    return index < 0 ? undefined : this.#retries.splice(index, 1)[0];
  }

  #lane(streamId: string): Lane {
    let lane = this.#lanes.get(streamId);
    if (lane === undefined) {
      lane = new Lane(streamId);
      this.#lanes.set(streamId, lane);
    }
    return lane;
  }

  #unblock(lane: Lane): void {
    lane.unblock();
    this.#noteUnread(lane);
  }

  #noteUnread(lane: Lane): void {
    if (lane.hasUnread && !lane.isReading) this.#unread.add(lane);
  }

  #enqueue(lane: Lane): void {
    if (lane.isQueued || lane.unsent === 0) return;
    lane.isQueued = true;
    this.#ready.push(lane);
  }
}

function keyOf(streamId: string, sequence: number): string {
  return `${streamId}/${sequence}`;
}
