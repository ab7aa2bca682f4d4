import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ScimError } from '../errors.js';
import { ENTERPRISE_USER_URN } from '../schema/urns.js';
import { arbitraryFilter } from './filter-arbitraries.js';
import { parseFilter } from './parse.js';
import { printFilter } from './print.js';

function refusal(text: string): ScimError {
  try {
    parseFilter(text);
  } catch (error) {
    if (error instanceof ScimError) return error;
    throw error;
  }
  throw new Error(`accepted: ${text}`);
}

describe('parseFilter', () => {
  it('reads back every filter it prints', () => {
    fc.assert(
      fc.property(arbitraryFilter, (filter) => {
        expect(parseFilter(printFilter(filter))).toEqual(filter);
      }),
    );
  });

  it.each([
    // Precedence: not, then and, then or.
    ['a pr or b pr and c pr', 'a pr or (b pr and c pr)'],
    ['not (a pr) and b pr', 'not (a pr) and b pr'],
    ['(a pr or b pr) and c pr', '(a pr or b pr) and c pr'],
    // Deviations that clients send.
    ['userName Eq "x"', 'userName eq "x"'],
    ['NOT(a PR)AND(b pr)', 'not (a pr) and b pr'],
    ['  a   eq   "x"  ', 'a eq "x"'],
    ['a eq"x"and b pr', 'a eq "x" and b pr'],
    ["a eq 'it\\'s'", 'a eq "it\'s"'],
    ['a eq jyoung', 'a eq jyoung'],
    ['displayName Eq PRIMARY/system', 'displayName eq PRIMARY/system'],
    ['(a eq Smith Ltd) and b pr', 'a eq Smith Ltd and b pr'],
    ['a eq Smith Ltd or b pr', 'a eq Smith Ltd or b pr'],
    ['emails [ type eq work ] ', 'emails[type eq work]'],
    ['emails[type eq "work"].value eq "x"', 'emails[type eq "work" and value eq "x"]'],
    ['emails[a pr or b pr].value pr', 'emails[(a pr or b pr) and value pr]'],
    ['meta.created gt 2024-05-01T10:00:00+02:00', 'meta.created gt 2024-05-01T10:00:00+02:00'],
    ['userName%20eq%20%22x%22', 'userName eq "x"'],
    [`${ENTERPRISE_USER_URN.toLowerCase()}.manager eq "m"`, `${ENTERPRISE_USER_URN}:manager eq "m"`],
    // Names that are operators elsewhere.
    ['not eq "x"', 'not eq "x"'],
    ['eq eq eq', 'eq eq eq'],
    ['pr pr and and eq or', 'pr pr and and eq or'],
    // Escapes.
    ['a eq "\\u00e4\\n\\"\\\\"', 'a eq "ä\\n\\"\\\\"'],
    ['a eq " and "', 'a eq " and "'],
    ['a eq ""', 'a eq ""'],
  ])('reads %s', (text, canonical) => {
    expect(printFilter(parseFilter(text))).toBe(canonical);
  });

  it.each([
    [''],
    ['   '],
    ['VALUE'],
    ['"bjensen"'],
    ['userName'],
    ['userName eq'],
    ['userName eq and title pr'],
    ['userName is "x"'],
    ['userName eq "x'],
    ["userName eq 'x"],
    ['userName eq “x”'],
    ['userName eq "x" title pr'],
    ['userName eq "x" and'],
    ['and userName eq "x"'],
    ['(userName eq "x"'],
    ['userName eq "x")'],
    ['()'],
    ['not userName eq "x"'],
    ['emails[type eq "work"'],
    ['emails[]'],
    ['emails[type eq "work"].'],
    ['emails[type eq "work"].value'],
    ['emails[type eq "work"].value.x eq 1'],
    ['emails[ims[type eq "x"]]'],
    ['name.familyName[value eq "x"]'],
    ['a.b.c eq "x"'],
    ['__proto__ eq "x"'],
    ['userName eq "\\x"'],
    ['userName eq "\\u0000"'],
    ['userName eq "\\ud800"'],
    ['userName eq "a\nb"'],
    ['; DROP TABLE users'],
  ])('refuses %j', (text) => {
    expect(refusal(text)).toMatchObject({ status: 400, scimType: 'invalidFilter' });
  });

  it('says where it stopped and what it expected', () => {
    expect(refusal('userName is "x"').detail).toBe(
      'The filter cannot be read: expected an operator (eq ne co sw ew pr gt ge lt le) at position 10, found "is "x"".',
    );
    expect(refusal('a pr and').detail).toContain('expected an attribute name at position 9, found the end');
  });

  it('limits length, depth and number of comparisons', () => {
    expect(refusal(`a eq "${'x'.repeat(8_192)}"`).detail).toContain('longer than 8192');
    const nested = (depth: number): string => `${'('.repeat(depth)}a pr${')'.repeat(depth)}`;
    expect(() => parseFilter(nested(50))).not.toThrow();
    expect(refusal(nested(51)).detail).toContain('deeper than 50');
    expect(refusal(`${'not('.repeat(51)}a pr${')'.repeat(51)}`).detail).toContain('deeper than 50');
    expect(refusal(`${'('.repeat(50)}e[a pr]${')'.repeat(50)}`).detail).toContain('deeper than 50');
    const chain = (terms: number): string => Array.from({ length: terms }, () => 'a pr').join(' or ');
    expect(() => parseFilter(chain(100))).not.toThrow();
    expect(refusal(chain(101)).detail).toContain('more than 100');
  });

  it('answers at once for text made to be slow', () => {
    const slow = [`a eq ${' '.repeat(8_000)}`, `a eq ${'x '.repeat(4_000)}"`, '('.repeat(8_000)];
    for (const text of slow) expect(refusal(text).scimType).toBe('invalidFilter');
  });
});
