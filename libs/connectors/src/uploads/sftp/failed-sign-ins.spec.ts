import { describe, expect, it } from '@jest/globals';
import { FailedSignIns } from './failed-sign-ins.js';

describe('FailedSignIns', () => {
  it('blocks a user at an address after ten failures, for ten minutes', () => {
    let now = 0;
    const failed = new FailedSignIns(() => now);
    for (let round = 0; round < 9; round++) failed.note('10.0.0.1', 'ada');
    expect(failed.isBlocked('10.0.0.1', 'ada')).toBe(false);
    failed.note('10.0.0.1', 'ada');
    expect(failed.isBlocked('10.0.0.1', 'ada')).toBe(true);
    expect(failed.isBlocked('10.0.0.1', 'bob')).toBe(false);
    expect(failed.isBlocked('10.0.0.2', 'ada')).toBe(false);
    now = 600_000;
    expect(failed.isBlocked('10.0.0.1', 'ada')).toBe(false);
  });

  it('blocks an address that tries one user after the other, and not a proxy with a few mistakes', () => {
    const failed = new FailedSignIns(() => 0);
    for (let user = 0; user < 299; user++) failed.note('10.0.0.1', `user ${user}`);
    expect(failed.isBlocked('10.0.0.1', 'ada')).toBe(false);
    failed.note('10.0.0.1', 'one more');
    expect(failed.isBlocked('10.0.0.1', 'ada')).toBe(true);
  });
});
