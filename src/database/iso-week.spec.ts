import { describe, expect, it } from '@jest/globals';

import { isoWeek } from './iso-week.js';

describe('isoWeek', () => {
  it.each([
    ['2026-11-23T00:00:00.000Z', '2026w48'],
    ['2026-11-22T23:59:59.999Z', '2026w47'],
    ['2026-12-31T12:00:00.000Z', '2026w53'],
    ['2027-01-03T23:59:59.999Z', '2026w53'],
    ['2027-01-04T00:00:00.000Z', '2027w01'],
    ['2024-12-30T00:00:00.000Z', '2025w01'],
    ['2021-01-01T00:00:00.000Z', '2020w53'],
  ])('of %s is %s', (now, name) => {
    expect(isoWeek(new Date(now)).name).toBe(name);
  });

  it('begins on Monday at midnight UTC and ends where the next one begins', () => {
    const now = new Date('2026-12-30T15:00:00Z');
    expect(isoWeek(now)).toEqual({
      name: '2026w53',
      from: '2026-12-28T00:00:00.000Z',
      to: '2027-01-04T00:00:00.000Z',
    });
    expect(isoWeek(now, 1)).toMatchObject({ name: '2027w01', from: isoWeek(now).to });
  });
});
