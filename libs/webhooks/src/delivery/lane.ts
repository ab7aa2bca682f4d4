/** One event on its way to one endpoint. */
export interface Delivery {
  readonly lane: Lane;
  readonly sequence: number;
  readonly eventId: string;
  /** The stored text, sent as it is. */
  readonly body: string;
  /** 1 for the first attempt; more means that it comes from the retry set. */
  readonly attempt: number;
  isDone: boolean;
}

/** What a read found for a lane. */
export interface LaneRead {
  /** Where the read began; null when it began where the database says the lane stands. */
  readonly after: number | null;
  /** The lane's position in the database; meaningful when `after` is null. */
  readonly position: number;
  /** The stream's last sequence at that moment. */
  readonly head: number;
  /** Everything up to here was looked at; what is not among `events` is of no interest to the endpoint. */
  readonly scannedTo: number;
  readonly isBlocked: boolean;
  /** Events between the position and the oldest one of the log: never to be sent. */
  readonly expired: number;
  readonly events: readonly { readonly sequence: number; readonly id: string; readonly body: string }[];
}

/**
 * An endpoint's way through one stream, as the worker that holds the lease sees it.
 *
 * ```
 *  position      oldest unanswered            readTo          head
 *  ──────┴────────────┬──────── open ────────────┴──── unread ───┴──▶ sequence
 *    all answered, or in the retry set
 * ```
 */
export class Lane {
  readonly streamId: string;
  /** The stream's last sequence as far as we have heard. */
  head = 0;
  /** An attempt is in flight (matters to ordered lanes only). */
  isBusy = false;
  /** An earlier event of an ordered lane waits in the retry set. */
  isBlocked = false;
  /** Stands in its session's round. */
  isQueued = false;
  isReading = false;
  #position: number | undefined;
  #readTo = 0;
  #open: Delivery[] = [];
  #unsent = 0;
  #mustRead = false;
  /** Goes up when the lane is blocked or set free: a read from before says nothing about after. */
  #epoch = 0;
  #readEpoch = 0;
  /** A retry ended while a read is under way that may still have seen it. */
  #wasSetFree = false;

  constructor(streamId: string) {
    this.streamId = streamId;
  }

  /** Undefined until the first read. */
  get position(): number | undefined {
    return this.#position;
  }

  /** Where the next read begins. */
  get readAfter(): number | null {
    return this.#position === undefined ? null : this.#readTo;
  }

  get hasUnread(): boolean {
    if (this.isBlocked) return false;
    return this.#position === undefined || this.#mustRead || this.head > this.#readTo;
  }

  /** Events in memory: unsent, in flight, and those answered after an older one that is not. */
  get open(): number {
    return this.#open.length;
  }

  get unsent(): number {
    return this.#open.length - this.#unsent;
  }

  get isIdle(): boolean {
    return !this.isBusy && !this.isReading && this.#open.length === 0 && !this.hasUnread;
  }

  beginRead(): void {
    this.isReading = true;
    this.#wasSetFree = false;
    this.#readEpoch = this.#epoch;
  }

  /** A retry of this stream is over: if the lane waited for it, the next read tells whether there is another. */
  unblock(): void {
    this.#wasSetFree = true;
    if (!this.isBlocked) return;
    this.isBlocked = false;
    this.#epoch++;
    this.#mustRead = true;
  }

  /** Takes in a read; one that was overtaken by `block` or `unblock` is ignored. Returns how many events it added. */
  accept(read: LaneRead): number {
    if (this.#readEpoch !== this.#epoch) return 0;
    if (this.#position === undefined) this.#position = read.position;
    this.#mustRead = read.isBlocked && this.#wasSetFree;
    this.head = Math.max(this.head, read.head);
    this.isBlocked = read.isBlocked && !this.#wasSetFree;
    if (read.isBlocked) {
      this.#readTo = Math.max(this.#readTo, this.#position);
      return 0;
    }
    for (const event of read.events)
      this.#open.push({
        lane: this,
        sequence: event.sequence,
        eventId: event.id,
        body: event.body,
        attempt: 1,
        isDone: false,
      });
    this.#readTo = read.scannedTo;
    this.#advance();
    return read.events.length;
  }

  /** The next event to send. */
  take(): Delivery | undefined {
    const next = this.#open[this.#unsent];
    if (next !== undefined) this.#unsent++;
    return next;
  }

  /** The event was answered, or will stand in the retry set in the same write as the new position. */
  finish(delivery: Delivery): void {
    delivery.isDone = true;
    this.#advance();
  }

  /** Forgets what was read after a failed event of an ordered lane; returns how many unsent events that were. */
  block(delivery: Delivery): number {
    const dropped = this.unsent;
    delivery.isDone = true;
    this.isBlocked = true;
    this.#epoch++;
    this.#open = [];
    this.#unsent = 0;
    this.#position = delivery.sequence;
    this.#readTo = delivery.sequence;
    return dropped;
  }

  #advance(): void {
    let done = 0;
    while (done < this.#unsent && this.#open[done]?.isDone === true) done++;
    if (done === this.#open.length) this.#position = this.#readTo;
    else if (done > 0) this.#position = (this.#open[done] as Delivery).sequence - 1;
    if (done === 0) return;
    this.#open.splice(0, done);
    this.#unsent -= done;
  }
}
