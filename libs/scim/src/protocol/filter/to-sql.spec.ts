import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { foldKey } from '#kernel';
import type { ResourceTypeName } from '../schema/definitions.js';
import { ENTERPRISE_USER_URN } from '../schema/urns.js';
import { arbitraryFilter, arbitraryUserResource } from './filter-arbitraries.js';
import { foldResource } from './fold-resource.js';
import { parseFilter } from './parse.js';
import { sortToSql } from './sort-to-sql.js';
import type { SqlCondition } from './sql-text.js';
import { filterToSql } from './to-sql.js';

function toSql(filter: string, target: ResourceTypeName = 'User'): SqlCondition {
  return filterToSql(parseFilter(filter), target, { firstParameter: 4 });
}

describe('filterToSql', () => {
  it.each([
    // Look-ups that an index answers: bare columns.
    ['userName eq "Anna"', 'u.user_name_key = $4::text', ['anna']],
    ['id eq "X"', 'u.id = $4::text', ['X']],
    ['externalId eq "X"', '(u.external_id IS NOT NULL AND u.external_id = $4::text)', ['X']],
    [
      'userName sw "An"',
      '(u.user_name_key COLLATE "C" >= $4::text AND u.user_name_key COLLATE "C" < $5::text)',
      ['an', 'ao'],
    ],
    ['active eq "False"', '(u.asserted_active IS NOT DISTINCT FROM FALSE)', []],
    // Equality in the document: one containment.
    ['title eq "Boss"', 'u.folded @> $4::jsonb', ['{"title":"boss"}']],
    ['emails.value eq "A@b"', 'u.folded @> $4::jsonb', ['{"emails":[{"value":"a@b"}]}']],
    [
      'emails[type eq "Work"].value eq "A@b"',
      'u.folded @> $4::jsonb',
      ['{"emails":[{"type":"work","value":"a@b"}]}'],
    ],
    ['manager eq "m"', 'u.folded @> $4::jsonb', [`{"${ENTERPRISE_USER_URN}":{"manager":{"value":"m"}}}`]],
    [
      'meta.lastModified gt "2024-05-01T10:00:00Z"',
      '(u.updated_at > $4::timestamptz)',
      ['2024-05-01T10:00:00.000Z'],
    ],
    [
      'meta.created ge "2024-05-01T10:00:00.0001Z"',
      '(u.created_at > $4::timestamptz)',
      ['2024-05-01T10:00:00.000Z'],
    ],
    ['meta.created gt "0001-01-01T00:00:00+14:00"', '(u.created_at > $4::timestamptz)', ['-infinity']],
    ['unknown eq "x"', 'NULL::boolean', []],
    [
      'userName eq "a" and (id eq "b" or not (id eq "c"))',
      '(u.user_name_key = $4::text AND (u.id = $5::text OR (NOT u.id = $6::text)))',
      ['a', 'b', 'c'],
    ],
  ])('translates %s', (filter, text, values) => {
    expect(toSql(filter)).toMatchObject({ text, values });
  });

  it('marks a look-up by user name, and nothing that is more or less than that', () => {
    expect(toSql('userName eq "Anna"').userNameKey).toBe('anna');
    expect(toSql('(userName eq "Anna")').userNameKey).toBe('anna');
    const others = ['not (userName eq "Anna")', 'userName ne "Anna"', 'userName sw "Anna"', 'userName pr'];
    for (const filter of [...others, 'userName eq "Anna" and active eq true', 'externalId eq "Anna"'])
      expect(toSql(filter).userNameKey).toBeUndefined();
  });

  it('looks members up in the memberships, the groups in the group, and among those still pending', () => {
    const texts = ['members.value eq "m"', 'members eq "m"', 'members[value eq "m"]'].map((filter) => {
      const { text, values } = toSql(filter, 'Group');
      expect(values).toEqual(['m', 'm', 'm']);
      return text;
    });
    expect(new Set(texts).size).toBe(1);
    expect(texts[0]).toContain('m.asserted AND m.direct AND m.user_id = $4::text');
    expect(texts[0]).toContain('n.member_id = $5::text');
    expect(texts[0]).toContain('p.value = $6::text');
  });

  it('puts no text of a request into the statement', () => {
    const evil = `x' OR TRUE --`;
    fc.assert(
      fc.property(fc.constantFrom('eq', 'ne', 'co', 'sw', 'ew', 'gt', 'le'), (operator) => {
        for (const name of ['userName', 'title', 'emails', 'emails.type', 'externalId', 'groups', 'schemas'])
          expect(toSql(`${name} ${operator} ${JSON.stringify(evil)}`).text).not.toContain('OR TRUE');
      }),
    );
  });

  it('numbers its parameters without gaps', () => {
    fc.assert(
      fc.property(arbitraryFilter, (filter) => {
        const { text, values } = filterToSql(filter, 'User', { firstParameter: 3 });
        const used = new Set(Array.from(text.matchAll(/\$(\d+)/g), (match) => Number(match[1])));
        expect([...used].sort((a, b) => a - b)).toEqual(values.map((_, index) => index + 3));
      }),
    );
  });

  it('ends a prefix range behind the last code point', () => {
    expect(toSql('id sw "a\uD7FF"').values).toEqual(['a\uD7FF', 'a\uE000']);
    expect(toSql('id sw "a\u{10FFFF}"').values).toEqual(['a\u{10FFFF}', 'b']);
    expect(toSql('id sw ""')).toEqual({ text: '(u.id COLLATE "C" >= $4::text)', values: [''] });
  });
});

describe('sortToSql', () => {
  it('sorts columns by code points', () => {
    expect(sortToSql({ sortBy: 'USERNAME', sortOrder: 'ascending' }, 'User', 3)).toEqual({
      text: 'u.user_name_key COLLATE "C"',
      values: [],
      descending: false,
    });
    expect(sortToSql({ sortBy: 'meta.created', sortOrder: 'descending' }, 'Group', 3)).toEqual({
      text: 'g.created_at',
      values: [],
      descending: true,
    });
  });

  it('takes the primary element of a list', () => {
    expect(sortToSql({ sortBy: 'emails', sortOrder: 'ascending' }, 'User', 3).text).toContain(
      `(e.value -> 'primary')`,
    );
  });

  it.each([
    ['User', 'unknown'],
    ['User', 'name'],
    ['User', 'groups'],
    ['User', 'password'],
    ['User', `userName; DROP TABLE x`],
    ['Group', 'members'],
  ] as const)('refuses %s %s', (type, name) => {
    expect(() => sortToSql({ sortBy: name, sortOrder: 'ascending' }, type, 3)).toThrow(
      expect.objectContaining({ scimType: 'invalidValue', attribute: 'sortBy' }),
    );
  });
});

describe('foldResource', () => {
  it('folds what is compared without regard to case, and names where no schema knows them', () => {
    const custom = { Badge: 'ABC', Parts: [{ Type: 'X', n: 1 }] };
    expect(
      foldResource('User', {
        userName: 'ANNA',
        externalId: 'EXT',
        active: true,
        name: { familyName: 'ÄÖ', Custom: 'X' },
        emails: [{ value: 'A@B', primary: true }, 'ODD'],
        x509Certificates: [{ value: 'QUJD' }],
        profileUrl: 'https://X',
        'urn:example:1.0:User': custom,
        [ENTERPRISE_USER_URN]: { department: 'HR' },
        Unknown: 'X',
      }),
    ).toEqual({
      userName: 'anna',
      externalId: 'EXT',
      active: true,
      name: { familyName: 'äö', Custom: 'X' },
      emails: [{ value: 'a@b', primary: true }, 'ODD'],
      x509Certificates: [{ value: 'QUJD' }],
      profileUrl: 'https://X',
      'urn:example:1.0:user': { badge: 'abc', parts: [{ type: 'x', n: 1 }] },
      [ENTERPRISE_USER_URN]: { department: 'hr' },
      Unknown: 'X',
    });
    expect(foldResource('Group', { displayName: 'ΣΑΣ' })).toEqual({ displayName: foldKey('σασ') });
  });

  it('keeps every attribute and is done after one run', () => {
    fc.assert(
      fc.property(arbitraryUserResource, (resource) => {
        const folded = foldResource('User', resource);
        expect(Object.keys(folded).map(foldKey).sort()).toEqual(Object.keys(resource).map(foldKey).sort());
        expect(foldResource('User', folded)).toEqual(folded);
      }),
    );
  });
});
