import { describe, expect, it } from '@jest/globals';
import { checkDomain, checkExpiry, checkName, mergeMetadata } from './checks.js';

describe('checks', () => {
  it.each(['example.com', 'a-b.example', 'xn--mnchen-3ya.de', 'a.b.c.d', '1.example'])(
    'accepts the domain %s',
    (domain) => expect(checkDomain(` ${domain.toUpperCase()} `)).toBe(domain),
  );

  it.each([
    '',
    'localhost',
    'münchen.de',
    '-a.test',
    'a-.test',
    'a..test',
    'a.test.',
    '10.0.0.1',
    'a b.test',
    'a@b.test',
  ])('refuses the domain "%s"', (domain) => expect(() => checkDomain(domain)).toThrow('is no domain'));

  it('refuses labels and domains that are too long', () => {
    expect(() => checkDomain(`${'a'.repeat(64)}.test`)).toThrow('is no domain');
    expect(() => checkDomain(`${'a.'.repeat(125)}test`)).toThrow('is no domain');
  });

  it('answers at once to a long text that is no domain', () => {
    expect(() => checkDomain('a-'.repeat(50_000))).toThrow('is no domain');
  });

  it('trims a name and refuses an empty one', () => {
    expect(checkName(' a ')).toBe('a');
    expect(() => checkName('\t')).toThrow('must not be empty');
  });

  it('merges metadata, counting after deletions', () => {
    const full = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`k${index}`, 'v']));
    expect(Object.keys(mergeMetadata(full, { k0: null, next: 'v' }))).toHaveLength(50);
    expect(() => mergeMetadata(full, { next: 'v' })).toThrow('at most 50 keys');
    expect(mergeMetadata({}, JSON.parse('{"__proto__":"v"}'))).toEqual(JSON.parse('{"__proto__":"v"}'));
  });

  it('reads an expiry of any offset', () => {
    const now = new Date('2026-11-23T12:00:00Z');
    expect(checkExpiry('2026-11-23T14:30:00+02:00', now)).toBe('2026-11-23T12:30:00.000Z');
    expect(checkExpiry(undefined, now)).toBeNull();
    expect(() => checkExpiry('soon', now)).toThrow('ISO 8601');
    expect(() => checkExpiry('2026-11-23T12:00:00Z', now)).toThrow('in the future');
  });
});
