import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '#kernel';
import { mergeRows } from './merge-rows.js';

const left: JsonObject = { id: '7', active: '0', hire_date: '2024-01-01', termination_date: '2026-02-20' };
const comes: JsonObject = { id: '7', active: '0', hire_date: '2026-04-01' };
const works: JsonObject = { id: '7', active: '1', hire_date: '2026-03-01' };

describe('rows of one worker', () => {
  it.each<[string, JsonObject[], JsonObject]>([
    ['the one that works', [left, works], works],
    ['the last, of somebody who has left and will come', [comes, left], comes],
    ['the last of several employments that are over', [{ ...left, terminated: '1' }, comes], comes],
  ])('are %s', (_, rows, expected) => {
    for (const order of [rows, rows.toReversed()])
      expect(mergeRows(order)).toEqual({ fields: expected, isOne: true });
  });

  it.each<[string, JsonObject[]]>([
    ['both work', [works, { ...works, hire_date: '2025-01-01' }]],
    ['one does not say whether it works', [left, { id: '7', hire_date: '2026-04-01' }]],
    ['one is on a leave that makes inactive', [left, { ...comes, on_leave: '1' }]],
    ['none says since when', [left, { id: '7', active: '0' }]],
  ])('contradict each other when %s', (_, rows) => {
    expect(mergeRows(rows).isOne).toBe(false);
  });
});
