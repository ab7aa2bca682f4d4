import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '#kernel';
import { isAddress, readEmails } from './emails.js';

function chosen(emails: JsonObject[], userName = 'ada'): string | null {
  return readEmails({ emails }, userName).email;
}

describe('readEmails', () => {
  it('prefers the primary element, then work, then home', () => {
    const home = { value: 'home@example.com', type: 'home' };
    const work = { value: 'work@example.com', type: 'Work' };
    const other = { value: 'other@example.com', type: 'other', primary: true };
    expect(chosen([home, work, other])).toBe('other@example.com');
    expect(chosen([home, work])).toBe('work@example.com');
    expect(chosen([{ value: 'x@example.com', type: 'other' }, home])).toBe('home@example.com');
    expect(chosen([{ value: 'x@example.com' }])).toBeNull();
  });

  it('leaves the address empty rather than writing to another one when the chosen one is malformed', () => {
    expect(
      chosen([
        { value: 'not an address', primary: true },
        { value: 'a@example.com', type: 'work' },
      ]),
    ).toBeNull();
  });

  it('lets a userName that is an address stand in for missing e-mails', () => {
    expect(readEmails({}, 'ada@example.com')).toEqual({
      email: 'ada@example.com',
      emails: [{ primary: true, type: 'work', value: 'ada@example.com' }],
    });
    expect(readEmails({}, 'ada')).toEqual({ email: null, emails: [] });
  });

  it.each(['a@b.test', ' a@b.test', 'o\u2019neil@example.com', 'ünal@example.test'])('accepts %j', (text) => {
    expect(isAddress(text.trim())).toBe(true);
  });

  it.each(['', '@', 'a@', '@b', 'a b@c.test', 'a@b@c.test', 'a@.test', 'a@b.', `${'a'.repeat(300)}@b.test`])(
    'refuses %j',
    (text) => {
      expect(isAddress(text)).toBe(false);
    },
  );
});
