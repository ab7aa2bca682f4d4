import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DeliveryQueue } from './delivery-queue.js';
import type { Delivery, Lane, LaneRead } from './lane.js';

const STREAM = 'directory_a';

function readOf(lane: Lane, until: number, part: Partial<LaneRead> = {}): LaneRead {
  const after = lane.readAfter;
  const from = after ?? part.position ?? 0;
  const events = Array.from({ length: Math.max(until - from, 0) }, (_, i) => ({
    sequence: from + i + 1,
    id: `event_${from + i + 1}`,
    body: '{}',
  }));
  return {
    after,
    position: from,
    head: until,
    scannedTo: until,
    isBlocked: false,
    expired: 0,
    events,
    ...part,
  };
}

function feed(queue: DeliveryQueue, until: number, part: Partial<LaneRead> = {}): Lane {
  queue.notice(STREAM, until);
  const [lane] = queue.takeUnread(1);
  if (lane === undefined) throw new Error('nothing to read');
  queue.accept(lane, readOf(lane, until, part));
  return lane;
}

function takeAll(queue: DeliveryQueue, isOrdered: boolean): number[] {
  const taken: number[] = [];
  for (;;) {
    const delivery = queue.take(isOrdered);
    if (delivery === undefined) return taken;
    taken.push(delivery.sequence);
    if (isOrdered) {
      delivery.lane.isBusy = true;
      queue.settle(delivery, false);
    }
  }
}

/** Sends and answers in any order, and knows what a position may have passed. */
class RandomRun {
  readonly #queue = new DeliveryQueue();
  readonly #inFlight: Delivery[] = [];
  readonly #safe = new Set<number>();
  readonly #isOrdered: boolean;
  #recorded = 0;

  constructor(count: number, isOrdered: boolean) {
    this.#isOrdered = isOrdered;
    feed(this.#queue, count);
  }

  send(): void {
    const delivery = this.#queue.take(this.#isOrdered);
    if (delivery === undefined) return;
    delivery.lane.isBusy = true;
    this.#inFlight.push(delivery);
  }

  answer(pick: number, hasFailed: boolean): void {
    const [delivery] = this.#inFlight.splice(pick % Math.max(this.#inFlight.length, 1), 1);
    if (delivery === undefined) return;
    this.#safe.add(delivery.sequence);
    this.#queue.settle(delivery, this.#isOrdered && hasFailed);
  }

  check(): void {
    for (const { position } of this.#queue.takePositions()) {
      expect(position).toBeGreaterThanOrEqual(this.#recorded);
      this.#recorded = position;
    }
    for (let sequence = 1; sequence <= this.#recorded; sequence++) expect(this.#safe).toContain(sequence);
  }
}

describe('DeliveryQueue', () => {
  it('never moves a position over an event that is neither answered nor in the retry set', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 30 }),
        fc.array(fc.tuple(fc.boolean(), fc.nat(), fc.boolean()), { maxLength: 120 }),
        fc.boolean(),
        (count, steps, isOrdered) => {
          const run = new RandomRun(count, isOrdered);
          for (const [isSend, pick, hasFailed] of steps) {
            if (isSend) run.send();
            else run.answer(pick, hasFailed);
            run.check();
          }
        },
      ),
    );
  });

  it('moves at once over events that nobody wanted', () => {
    const queue = new DeliveryQueue();
    feed(queue, 100, { events: [] });
    expect(queue.takePositions()).toMatchObject([{ position: 100 }]);
    expect(queue.isIdle).toBe(true);
  });

  it('gives an ordered lane one at a time and an unordered one all', () => {
    const ordered = new DeliveryQueue();
    feed(ordered, 3);
    const first = ordered.take(true) as Delivery;
    first.lane.isBusy = true;
    expect(ordered.take(true)).toBeUndefined();
    ordered.settle(first, false);
    expect(takeAll(ordered, true)).toEqual([2, 3]);
    const unordered = new DeliveryQueue();
    feed(unordered, 3);
    expect(takeAll(unordered, false)).toEqual([1, 2, 3]);
  });

  it('takes lanes in turn', () => {
    const queue = new DeliveryQueue();
    for (const streamId of ['a', 'b']) queue.notice(streamId, 3);
    for (const lane of queue.takeUnread(2)) queue.accept(lane, readOf(lane, 3));
    const streams = Array.from({ length: 6 }, () => queue.take(false)?.lane.streamId);
    expect(streams).toEqual(['a', 'b', 'a', 'b', 'a', 'b']);
  });

  it('lets neither retries nor first attempts starve the others', () => {
    const queue = new DeliveryQueue();
    feed(queue, 10);
    queue.acceptRetries(
      Array.from({ length: 10 }, (_, i) => ({
        streamId: 'directory_b',
        sequence: i + 1,
        eventId: 'event_1',
        body: '{}',
        attempts: 1,
      })),
    );
    const attempts = Array.from({ length: 8 }, () => queue.take(false)?.attempt);
    expect(attempts.filter((attempt) => attempt === 1)).toHaveLength(4);
  });

  it('takes a retry in once, until its outcome is recorded', () => {
    const queue = new DeliveryQueue();
    const retry = { streamId: STREAM, sequence: 1, eventId: 'event_1', body: '{}', attempts: 2 };
    queue.acceptRetries([retry]);
    queue.acceptRetries([retry]);
    const delivery = queue.take(false) as Delivery;
    expect(delivery.attempt).toBe(3);
    expect(queue.take(false)).toBeUndefined();
    queue.settle(delivery, false);
    queue.acceptRetries([retry]);
    expect(queue.take(false)).toBeUndefined();
    queue.recorded(delivery, false);
    queue.acceptRetries([retry]);
    expect(queue.take(false)).toBeDefined();
  });

  describe('of an ordered lane with a failed event', () => {
    function blocked(): { queue: DeliveryQueue; lane: Lane } {
      const queue = new DeliveryQueue();
      const lane = feed(queue, 3);
      queue.settle(queue.take(true) as Delivery, true);
      return { queue, lane };
    }

    function retryIsOver(queue: DeliveryQueue): void {
      queue.acceptRetries([{ streamId: STREAM, sequence: 1, eventId: 'event_1', body: '{}', attempts: 1 }]);
      const retry = queue.take(true) as Delivery;
      queue.settle(retry, false);
      queue.recorded(retry, true);
    }

    it('waits for the retry, then reads on after the event', () => {
      const { queue, lane } = blocked();
      expect(queue.take(true)).toBeUndefined();
      expect(queue.unsent).toBe(0);
      queue.notice(STREAM, 9);
      expect(queue.takeUnread(1)).toEqual([]);
      retryIsOver(queue);
      expect(queue.takeUnread(1)).toEqual([lane]);
      queue.accept(lane, readOf(lane, 3));
      expect(takeAll(queue, true)).toEqual([2, 3]);
    });

    it('does not send a retry again that a read from before its success still shows', () => {
      const { queue, lane } = blocked();
      queue.beginRetryRead();
      retryIsOver(queue);
      queue.takeUnread(1);
      queue.accept(lane, readOf(lane, 3));
      queue.acceptRetries([{ streamId: STREAM, sequence: 1, eventId: 'event_1', body: '{}', attempts: 1 }]);
      queue.retryReadEnded();
      expect(takeAll(queue, true)).toEqual([2, 3]);
    });

    it('is not blocked for good by a first read from before the retry succeeded', () => {
      const queue = new DeliveryQueue();
      queue.notice(STREAM, 3);
      const [lane] = queue.takeUnread(1) as [Lane];
      retryIsOver(queue);
      queue.accept(lane, readOf(lane, 1, { position: 1, isBlocked: true, events: [] }));
      expect(queue.takeUnread(1)).toEqual([lane]);
      queue.accept(lane, readOf(lane, 3));
      expect(takeAll(queue, true)).toEqual([2, 3]);
    });

    it('ignores a read that began before the failure', () => {
      const queue = new DeliveryQueue();
      const lane = feed(queue, 1);
      queue.notice(STREAM, 3);
      queue.takeUnread(1);
      const early = readOf(lane, 3);
      queue.settle(queue.take(true) as Delivery, true);
      queue.accept(lane, early);
      expect(queue.take(true)).toBeUndefined();
      expect(lane.isBlocked).toBe(true);
    });

    it('ignores a read from the time when it was still blocked', () => {
      const queue = new DeliveryQueue();
      const lane = feed(queue, 1);
      queue.notice(STREAM, 3);
      queue.takeUnread(1);
      const stale = readOf(lane, 3, { isBlocked: true, events: [] });
      queue.settle(queue.take(true) as Delivery, true);
      retryIsOver(queue);
      queue.accept(lane, stale);
      expect(lane.isBlocked).toBe(false);
      expect(queue.hasUnread).toBe(true);
    });
  });
});
