import { describe, expect, it } from '@jest/globals';
import { etagOf, matchesIfNoneMatch, readIfMatch } from './etag.js';

describe('entity tags', () => {
  it('shows a version as a weak tag', () => {
    expect(etagOf(3)).toBe('W/"3"');
  });

  it.each([
    [undefined, undefined],
    [null, undefined],
    ['  ', undefined],
    ['*', 'any'],
    ['W/"1", *', 'any'],
    ['W/"3"', [3]],
    ['"3"', [3]],
    ['w/"3"', [3]],
    ['3', [3]],
    ['W/"3", W/"5"', [3, 5]],
    ['"abc"', []],
    ['"abc", W/"5"', [5]],
  ])('reads If-Match %j', (header, expected) => {
    expect(readIfMatch(header)).toEqual(expected);
  });

  it.each([
    [undefined, false],
    ['W/"3"', true],
    ['"2", "3"', true],
    ['W/"2"', false],
    ['*', true],
    ['"x3"', false],
  ])('compares If-None-Match %j with version 3', (header, expected) => {
    expect(matchesIfNoneMatch(header, 3)).toBe(expected);
  });
});
