import { describe, expect, it } from '@jest/globals';
import { mapParallel } from './map-parallel.js';

describe('mapParallel', () => {
  it('keeps the order and the limit, and reads no further ahead', async () => {
    let [running, most, read] = [0, 0, 0];
    const endless = function* (): Generator<number> {
      for (;;) yield ++read;
    };
    const results: number[] = [];
    const work = async (item: number): Promise<number> => {
      most = Math.max(most, ++running);
      // Later ones finish first.
      for (let turns = 10 - (item % 10); turns > 0; turns--) await Promise.resolve();
      running--;
      return item;
    };
    for await (const result of mapParallel(endless(), 3, work)) {
      results.push(result);
      if (results.length === 20) break;
    }
    expect(results).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
    expect({ most, ahead: read - 20 }).toEqual({ most: 3, ahead: 2 });
  });

  it('ends with the first failure, without leaving another behind', async () => {
    const work = async (item: number): Promise<number> =>
      item < 2 ? item : Promise.reject(new Error(`no ${item}`));
    const seen: number[] = [];
    const read = async (): Promise<void> => {
      for await (const result of mapParallel([1, 2, 3, 4], 3, work)) seen.push(result);
    };
    await expect(read()).rejects.toThrow('no 2');
    expect(seen).toEqual([1]);
  });
});
