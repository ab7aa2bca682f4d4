import { describe, expect, it } from '@jest/globals';
import { decodeJwt, decodeProtectedHeader, SignJWT, UnsecuredJWT } from 'jose';
import { AuthenticationError, SecretBox } from '#kernel';
import { AccessTokens, looksLikeJwt } from './access-tokens.js';

const KEYS = { old: Buffer.alloc(32, 1).toString('base64'), next: Buffer.alloc(32, 2).toString('base64') };
const subject = { directoryId: 'directory_1', clientId: 'oauth_client_1', clientExpiresAt: null };

describe('AccessTokens', () => {
  let now = Date.parse('2026-11-24T12:00:00.000Z');
  const clock = { now: () => new Date(now) };
  const box = new SecretBox(`old:${KEYS.old}`);
  const tokens = new AccessTokens(box, clock);

  /** A token signed with the right key but other contents. */
  function forge(header: object, claims: object = {}): Promise<string> {
    const seconds = Math.floor(now / 1_000);
    return new SignJWT({
      iss: 'rollcall',
      aud: 'directory_1',
      sub: 'oauth_client_1',
      exp: seconds + 60,
      ...claims,
    })
      .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt', kid: 'old', ...header })
      .sign(box.deriveKeys('scim access tokens').get('old') as Uint8Array);
  }

  it('issues what it verifies for the same directory, for an hour', async () => {
    const { token, expiresInSeconds } = await tokens.issue(subject);
    expect(expiresInSeconds).toBe(3_600);
    expect(looksLikeJwt(token)).toBe(true);
    expect(decodeProtectedHeader(token)).toEqual({ alg: 'HS256', typ: 'at+jwt', kid: 'old' });
    expect(decodeJwt(token)).toMatchObject({ aud: 'directory_1', sub: 'oauth_client_1', iss: 'rollcall' });
    expect(await tokens.verify(token, 'directory_1')).toEqual({
      clientId: 'oauth_client_1',
      expiresAt: new Date(now + 3_600_000).toISOString(),
    });
    await expect(tokens.verify(token, 'directory_2')).rejects.toThrow(AuthenticationError);
    now += 3_600_000;
    await expect(tokens.verify(token, 'directory_1')).rejects.toThrow('has expired. Fetch a new one');
  });

  it('lets no token outlive its client', async () => {
    const clientExpiresAt = new Date(now + 90_500).toISOString();
    expect(await tokens.issue({ ...subject, clientExpiresAt })).toMatchObject({ expiresInSeconds: 90 });
  });

  it('goes on verifying after the secret keys were rotated, until the old one is removed', async () => {
    const { token } = await tokens.issue(subject);
    const rotated = new AccessTokens(new SecretBox(`next:${KEYS.next},old:${KEYS.old}`), clock);
    expect(await rotated.verify(token, 'directory_1')).toMatchObject({ clientId: 'oauth_client_1' });
    expect(decodeProtectedHeader((await rotated.issue(subject)).token).kid).toBe('next');
    const without = new AccessTokens(new SecretBox(`next:${KEYS.next}`), clock);
    await expect(without.verify(token, 'directory_1')).rejects.toThrow(AuthenticationError);
  });

  it('does not sign with the key that seals secrets', () => {
    const sealing = Buffer.from(KEYS.old, 'base64');
    const derived = box.deriveKeys('scim access tokens').get('old') as Uint8Array;
    expect(Buffer.compare(sealing, derived)).not.toBe(0);
    expect(Buffer.compare(derived, box.deriveKeys('something else').get('old') as Uint8Array)).not.toBe(0);
  });

  it('accepts its own forgery, so the refusals below mean something', async () => {
    expect(await tokens.verify(await forge({}), 'directory_1')).toMatchObject({ clientId: 'oauth_client_1' });
  });

  it.each<[string, () => string | Promise<string>]>([
    ['an unsigned token', () => new UnsecuredJWT({ aud: 'directory_1', sub: 'x', iss: 'rollcall' }).encode()],
    ['another algorithm', () => forge({ alg: 'HS512' })],
    ['another type', () => forge({ typ: 'JWT' })],
    ['an unknown key', () => forge({ kid: 'none' })],
    ['a path as key', () => forge({ kid: '../../etc/passwd' })],
    ['the name of a property as key', () => forge({ kid: '__proto__' })],
    ['no key', () => forge({ kid: undefined })],
    ['another audience', () => forge({}, { aud: 'directory_2' })],
    ['another issuer', () => forge({}, { iss: 'https://idp.example.com' })],
    ['no subject', () => forge({}, { sub: undefined })],
    ['no end', () => forge({}, { exp: undefined })],
    ['a token of tomorrow', () => forge({}, { nbf: Math.floor(now / 1_000) + 3_600 })],
    ['another signature', async () => `${(await forge({})).slice(0, -8)}AAAAAAAA`],
    ['nonsense', () => 'a.b.c'],
    ['nothing', () => '..'],
  ])('refuses %s', async (_, make) => {
    await expect(tokens.verify(await make(), 'directory_1')).rejects.toThrow(AuthenticationError);
  });
});
