import { describe, expect, it } from '@jest/globals';
import { AuthenticationError } from '#kernel';
import { checkScheme, readToken } from './credentials.js';

function tokenOf(authorization?: string): string {
  return readToken({ headers: { authorization } });
}

describe('readToken', () => {
  it.each(['Bearer t-1', 'bearer t-1', 'BEARER   t-1', ' Bearer t-1 '])('reads %j', (header) => {
    expect(tokenOf(header)).toBe('t-1');
  });

  it('takes the password of Basic, whatever the user name', () => {
    expect(tokenOf(`Basic ${Buffer.from('anybody:t-1').toString('base64')}`)).toBe('t-1');
    expect(tokenOf(`basic ${Buffer.from(':t:1').toString('base64')}`)).toBe('t:1');
  });

  it.each([
    undefined,
    '',
    'Digest t-1',
    'Basic !!!',
    `Basic ${Buffer.from('no colon').toString('base64')}`,
    `Bearer ${'x'.repeat(2_000)}`,
  ])('refuses %j', (header) => {
    expect(() => tokenOf(header)).toThrow(AuthenticationError);
  });

  it('reads a header of one word as the token, which counts only where the IdP sends it so', () => {
    expect(tokenOf('t-1')).toBe('t-1');
    for (const authorization of ['t-1', 'Bearer', 'Bearer ']) {
      const request = { headers: { authorization } };
      expect(() => checkScheme(request, { bareToken: false })).toThrow(AuthenticationError);
      expect(() => checkScheme(request, { bareToken: true })).not.toThrow();
    }
    expect(() =>
      checkScheme({ headers: { authorization: 'Bearer t-1' } }, { bareToken: false }),
    ).not.toThrow();
  });
});
