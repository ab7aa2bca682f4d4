import { describe, expect, it } from '@jest/globals';
import { endOfWindow, type MaintenanceWindow } from './maintenance-window.js';

const UTC = 'UTC';
const WORKDAYS = [1, 2, 3, 4, 5];

function end(windows: readonly MaintenanceWindow[], now: string): string | null {
  return endOfWindow(windows, new Date(now))?.toISOString() ?? null;
}

describe('endOfWindow', () => {
  // 2026-11-24 is a Tuesday.
  it.each([
    ['2026-11-24T09:59:59Z', null],
    ['2026-11-24T10:00:00Z', '2026-11-24T12:00:00.000Z'],
    ['2026-11-24T11:59:59Z', '2026-11-24T12:00:00.000Z'],
    ['2026-11-24T12:00:00Z', null],
    ['2026-11-28T11:00:00Z', null],
  ])('by day, at %s', (now, expected) => {
    expect(end([{ days: WORKDAYS, from: '10:00', to: '12:00', timeZone: UTC }], now)).toBe(expected);
  });

  it.each([
    ['2026-11-27T23:00:00Z', '2026-11-28T06:00:00.000Z'],
    ['2026-11-28T05:59:00Z', '2026-11-28T06:00:00.000Z'],
    ['2026-11-28T06:00:00Z', null],
    ['2026-11-28T23:00:00Z', null],
    ['2026-11-23T05:00:00Z', null],
  ])('over midnight, at %s', (now, expected) => {
    expect(end([{ days: WORKDAYS, from: '22:00', to: '06:00', timeZone: UTC }], now)).toBe(expected);
  });

  it('goes by the clock of the zone', () => {
    const window = { days: [2], from: '08:00', to: '09:00', timeZone: 'Asia/Tokyo' };
    expect(end([window], '2026-11-23T23:30:00Z')).toBe('2026-11-24T00:00:00.000Z');
    expect(end([window], '2026-11-24T08:30:00Z')).toBeNull();
  });

  it('joins windows that follow on one another', () => {
    const windows = [
      { days: [2], from: '10:00', to: '12:00', timeZone: UTC },
      { days: [2], from: '12:00', to: '14:30', timeZone: UTC },
    ];
    expect(end(windows, '2026-11-24T11:00:00Z')).toBe('2026-11-24T14:30:00.000Z');
  });

  it('ends looking, even when windows fill the week', () => {
    const always = { days: [1, 2, 3, 4, 5, 6, 7], from: '00:00', to: '00:00', timeZone: UTC };
    expect(end([always], '2026-11-24T11:00:00Z')).not.toBeNull();
  });

  it('without windows is never', () => {
    expect(end([], '2026-11-24T11:00:00Z')).toBeNull();
  });
});
