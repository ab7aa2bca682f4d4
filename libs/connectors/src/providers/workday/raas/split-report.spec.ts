import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import type { JsonObject } from '#kernel';
import { SplitReport } from './split-report.js';

const rowsOf = (text: string): JsonObject[] => [...new SplitReport(text).rows()];

describe('SplitReport', () => {
  it('gives the rows that a parser gives, whatever is in them', () => {
    const row = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 }));
    fc.assert(
      fc.property(fc.array(row), fc.boolean(), (rows, isIndented) => {
        const text = JSON.stringify({ Report_Entry: rows }, null, isIndented ? 2 : undefined);
        expect(rowsOf(text)).toEqual((JSON.parse(text) as { Report_Entry: JsonObject[] }).Report_Entry);
      }),
      { seed: 20_260_302, numRuns: 300 },
    );
  });

  it('reads around the list, and braces and quotes inside texts', () => {
    const text = '{"a":{"b":[{"c":"}"}]},"Report_Entry":[{"x":"{\\"]"}, {"x":"\\\\"}],"z":[[{"y":1}]]}';
    expect(rowsOf(text)).toEqual([{ x: '{"]' }, { x: '\\' }]);
    expect(rowsOf('{"Report_Entry":[]}')).toEqual([]);
  });

  it.each([
    ['{}', 'did not run'],
    ['[]', 'did not run'],
    ['{"error":"invalid request"}', 'an error in the place of the report'],
    ['{"Report_Entry":null}', 'did not run'],
    ['{"Report_Entry":{"x":"1"}}', 'did not run'],
    ['{"Report_Entry":["x"]}', 'no row'],
    ['{"Report_Entry":[{"x":"1"},{"x":"2"', 'cut off'],
    ['{"Report_Entry":[{"x":"1"},{"x":"2"}', 'cut off'],
    ['{"Report_Entry":[{"x":"1"}]', 'cut off'],
    ['{"Report_Entry":[{"x":"1"}],', 'cut off'],
    ['{"Report_Entry":[{"x":"1', 'cut off'],
    [`{"Report_Entry":[{"x":${'['.repeat(40)}`, 'too deeply'],
  ])('refuses %s', (text, words) => {
    expect(() => rowsOf(text)).toThrow(words);
  });

  it('refuses every beginning of a report', () => {
    const text = '{"Report_Entry":[{"Employee_ID":"1","M":[{"I":"2"}]},{"Employee_ID":"2"}]}';
    for (let end = 0; end < text.length; end++) expect(() => rowsOf(text.slice(0, end))).toThrow();
  });

  it('refuses a row that is broken in itself', () => {
    expect(() => rowsOf('{"Report_Entry":[{"x":1},{"x" 2}]}')).toThrow('broken');
  });
});
