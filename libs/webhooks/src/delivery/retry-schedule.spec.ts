import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { MAX_RETRY_AFTER_MS, parseRetryAfter, RETRY_DELAYS_MS, retryDelay } from './retry-schedule.js';

const NOW = Date.UTC(2026, 10, 23, 22);

describe('retryDelay', () => {
  it.each([
    [1, 5],
    [2, 300],
    [3, 1_800],
    [4, 7_200],
    [5, 18_000],
    [6, 36_000],
    [7, 50_400],
    [8, 72_000],
    [9, 86_400],
  ])('waits after attempt %i about %i seconds', (attempt, seconds) => {
    expect(retryDelay({ attempt, retryAfterMs: null, random: 0.5 })).toBe(seconds * 1_000);
  });

  it('gives up after the tenth attempt, some 75 hours after the first', () => {
    expect(retryDelay({ attempt: 10, retryAfterMs: 60_000, random: 0.5 })).toBeNull();
    const hours = RETRY_DELAYS_MS.reduce((sum, delay) => sum + delay, 0) / 3_600_000;
    expect(hours).toBeGreaterThan(72);
    expect(hours).toBeLessThan(78);
  });

  it('spreads by a fifth to both sides', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (attempt, random) => {
          const base = RETRY_DELAYS_MS[attempt - 1] as number;
          const delay = retryDelay({ attempt, retryAfterMs: null, random }) as number;
          expect(delay).toBeGreaterThanOrEqual(Math.floor(base * 0.8));
          expect(delay).toBeLessThanOrEqual(Math.ceil(base * 1.2));
        },
      ),
    );
    expect(retryDelay({ attempt: 1, retryAfterMs: null, random: 0 })).toBe(4_000);
  });

  it('is lengthened by Retry-After, never shortened, and by a day at most', () => {
    expect(retryDelay({ attempt: 1, retryAfterMs: 60_000, random: 0.5 })).toBe(60_000);
    expect(retryDelay({ attempt: 2, retryAfterMs: 1_000, random: 0.5 })).toBe(300_000);
    expect(retryDelay({ attempt: 1, retryAfterMs: 1e12, random: 0.5 })).toBe(MAX_RETRY_AFTER_MS);
  });
});

describe('parseRetryAfter', () => {
  it.each([
    ['120', 120_000],
    [' 0 ', 0],
    ['Mon, 23 Nov 2026 22:01:00 GMT', 60_000],
    ['Monday, 23-Nov-26 22:01:00 GMT', 60_000],
    ['Mon, 23 Nov 2026 21:59:00 GMT', null],
    ['-5', null],
    ['1.5', null],
    ['soon', null],
    ['2026-11-23T22:01:00Z', null],
    ['99999999999999999999', null],
    ['', null],
    [undefined, null],
  ])('reads %p as %p', (value, expected) => {
    expect(parseRetryAfter(value, NOW)).toBe(expected);
  });
});
