import { describe, expect, it } from '@jest/globals';

import { isoTimestamp, poolOf, poolOptions } from './pool.js';

describe('isoTimestamp', () => {
  it.each([
    ['2026-11-23 22:00:00+00', '2026-11-23T22:00:00.000Z'],
    ['2026-11-23 22:00:00.1+00', '2026-11-23T22:00:00.100Z'],
    ['2026-11-23 22:00:00.12+00', '2026-11-23T22:00:00.120Z'],
    ['2026-11-23 22:00:00.123+00', '2026-11-23T22:00:00.123Z'],
    ['2026-11-23 22:00:00.123456+00', '2026-11-23T22:00:00.123Z'],
    ['infinity', 'infinity'],
    ['-infinity', '-infinity'],
    ['0044-03-15 12:00:00+00 BC', '0044-03-15 12:00:00+00 BC'],
    ['12026-11-23 22:00:00+00', '12026-11-23 22:00:00+00'],
    ['2026-11-23 22:00:00+01', '2026-11-23 22:00:00+01'],
  ])('turns %s into %s', (text, iso) => {
    expect(isoTimestamp(text)).toBe(iso);
  });
});

describe('poolOptions', () => {
  it('gives the application its role and its time limits', () => {
    const { options } = poolOptions('postgres://u:p@h/d', { role: 'app' });
    expect(options).toMatch(/-c role=rollcall_app -c statement_timeout=\w+ .*-c lock_timeout=\w+$/);
  });

  it('gives the owner neither', () => {
    const { options } = poolOptions('postgres://u:p@h/d', { role: 'owner' });
    expect(options).not.toMatch(/role|timeout/);
  });

  it('does not let options in the connection string replace the role', () => {
    const url = 'postgres://u:p%40@h:1/d?options=-c%20role%3Dpostgres&sslmode=require';
    const { connectionString, options } = poolOptions(url, { role: 'app' });
    expect(connectionString).toBe('postgres://u:p%40@h:1/d?sslmode=require');
    expect(options).toMatch(/^-c role=postgres .*-c role=rollcall_app/);
  });

  it.each([
    [20, '9007199254740991', 9_007_199_254_740_991],
    [1016, '{1,NULL}', [1, null]],
    [1184, '2026-11-23 22:00:00+00', '2026-11-23T22:00:00.000Z'],
    [1185, '{"2026-11-23 22:00:00+00",NULL}', ['2026-11-23T22:00:00.000Z', null]],
    [3802, '{"a":1}', { a: 1 }],
    [23, '7', 7],
  ])('reads a value of the type %i', (oid, text, value) => {
    const { types } = poolOptions('postgres://h/d', { role: 'app' });
    const parse = types?.getTypeParser(oid, 'text') as (text: string) => unknown;
    expect(parse(text)).toEqual(value);
  });
});

describe('poolOf', () => {
  it('says so when the data source is not connected', () => {
    expect(() => poolOf({ driver: {} })).toThrow('initialized');
  });
});
