import { describe, expect, it } from '@jest/globals';
import { endOf, releasedFromOf } from './release.js';

describe('the end of an employment', () => {
  it.each<[string, (string | null)[], string | null, string | null]>([
    ['is the first that is given', [null, '2026-03-31', '2026-12-31'], '2025-01-01', '2026-03-31'],
    ['is none of an earlier employment', ['2024-06-30', '2026-03-31'], '2025-01-01', '2026-03-31'],
    ['may be the first day', ['2024-06-30', '2025-01-01'], '2025-01-01', '2025-01-01'],
    ['stays recorded when there is no other', ['2024-06-30', null], '2025-01-01', '2024-06-30'],
    ['needs no start', ['2024-06-30', '2026-03-31'], null, '2024-06-30'],
    ['may be missing', [null, null], '2025-01-01', null],
  ])('%s', (_, ...[ends, start, expected]) => {
    expect(endOf(ends, start)).toBe(expected);
  });

  it('lets people go before it, from the day after the last day of work', () => {
    const dates = { start: '2025-01-01', termination: '2026-03-31' };
    expect(releasedFromOf('2026-02-28', dates)).toBe('2026-03-01');
    expect(releasedFromOf('2026-03-31', dates)).toBeNull();
    expect(releasedFromOf('2024-02-28', dates)).toBeNull();
    expect(releasedFromOf(null, dates)).toBeNull();
  });
});
