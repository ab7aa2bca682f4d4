import { setImmediate } from 'node:timers/promises';
import type { Clock } from '#kernel';

/** A clock that stands still until somebody sleeps; sleeping takes no time. */
export interface FakeTime {
  readonly clock: Clock;
  readonly sleep: (ms: number) => Promise<void>;
  /** Every sleep so far, ms. */
  readonly slept: readonly number[];
  advance(ms: number): void;
}

export function fakeTime(start = '2026-03-02T08:00:00.000Z'): FakeTime {
  let now = Date.parse(start);
  const slept: number[] = [];
  return {
    clock: { now: () => new Date(now) },
    slept,
    sleep: async (ms) => {
      slept.push(ms);
      const until = now + ms;
      // Others may sleep at the same time: they wake up together, not one after another.
      await setImmediate();
      now = Math.max(now, until);
    },
    advance: (ms) => void (now += ms),
  };
}
