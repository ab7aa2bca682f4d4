import { describe, expect, it } from '@jest/globals';
import { daysLeft, noticeFor } from './expiry-stages.js';

const now = new Date('2026-11-24T12:00:00.000Z');
const inHours = (hours: number): string => new Date(now.getTime() + hours * 3_600_000).toISOString();

describe('stages of an expiry', () => {
  it.each([
    [24 * 30, null],
    [24 * 14 + 1, null],
    [24 * 14, 14],
    [24 * 7 + 1, 14],
    [24 * 7, 7],
    [25, 7],
    [24, 1],
    [0.01, 1],
    [0, 0],
    [-24, 0],
  ])('%d hours before it is stage %s', (hours, stage) => {
    expect(noticeFor(inHours(hours), now)).toBe(stage);
  });

  it('is none for what never expires', () => {
    expect([noticeFor(null, now), daysLeft(null, now)]).toEqual([null, null]);
  });

  it('counts whole days', () => {
    expect([49, 48, 47, 1, 0, -100].map((hours) => daysLeft(inHours(hours), now))).toEqual([
      2, 2, 1, 0, 0, 0,
    ]);
  });
});
