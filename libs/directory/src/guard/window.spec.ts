import { describe, expect, it } from '@jest/globals';
import { count, countsOf, EMPTY_WINDOW, isCounted, slide, withAlert, withBefore } from './window.js';

const START = Date.parse('2026-11-24T12:00:30.000Z');
const at = (minutes: number): Date => new Date(START + minutes * 60_000);

describe('the window of an hour', () => {
  it('counts every kind for itself and forgets after an hour', () => {
    let window = count(EMPTY_WINDOW, { kind: 'users', number: 1 }, at(0));
    window = count(window, { kind: 'memberships', number: 7 }, at(10));
    expect(countsOf(slide(window, at(60)))).toEqual({ users: 1, groups: 0, memberships: 7, identities: 0 });
    expect(countsOf(slide(window, at(61)))).toEqual({ users: 0, groups: 0, memberships: 7, identities: 0 });
  });

  it('moves who was counted before instead of counting twice', () => {
    let window = count(EMPTY_WINDOW, { kind: 'users', number: 1 }, at(0));
    window = count(window, { kind: 'users', number: 1, countedAt: at(0).toISOString() }, at(30));
    expect(countsOf(window).users).toBe(1);
    expect(countsOf(slide(window, at(80))).users).toBe(1);
  });

  it('counts again who was counted long ago', () => {
    const window = slide(count(EMPTY_WINDOW, { kind: 'users', number: 1 }, at(0)), at(120));
    expect(isCounted(window, at(0).toISOString())).toBe(false);
    expect(
      countsOf(count(window, { kind: 'users', number: 1, countedAt: at(0).toISOString() }, at(120))).users,
    ).toBe(1);
  });

  it('knows what there was before, and that it has told, for an hour', () => {
    const before = { activeUsers: 3, groups: 2, memberships: 1 };
    const window = withAlert(withBefore(EMPTY_WINDOW, before, at(0)), at(0));
    expect(slide(window, at(60))).toMatchObject({ before, alertedMinute: expect.any(Number) });
    expect(slide(window, at(61))).toMatchObject({ before: null, alertedMinute: null });
  });
});
