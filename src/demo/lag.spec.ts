import { describe, expect, it } from '@jest/globals';
import { lagText, summarizeLag } from './lag.js';

describe('summarizeLag', () => {
  it('takes the nearest rank', () => {
    const values = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect(summarizeLag(values)).toEqual({ p50: 50, p95: 95, max: 100 });
    expect(summarizeLag([7])).toEqual({ p50: 7, p95: 7, max: 7 });
  });

  it('has nothing to say without values', () => {
    expect(summarizeLag([])).toBeUndefined();
    expect(lagText([])).toBe('no lag yet');
  });
});
