import { createPrivateKey, randomUUID, type KeyObject } from 'node:crypto';
import { SignJWT, type JWTPayload } from 'jose';
import { SourceError } from './source-error.js';

export interface AssertionOptions {
  /** PEM (PKCS #8 or PKCS #1) or JWK as JSON; RSA or P-256. */
  readonly privateKey: string;
  /** More of the header: `kid`, `x5t#S256` … */
  readonly header?: Readonly<Record<string, string>>;
  readonly claims: JWTPayload;
  readonly now: Date;
}

const LIFE_SECONDS = 300;

/**
 * Signs a short-lived client assertion (RFC 7523) with RS256, or ES256 for a P-256 key.
 * @throws SourceError `config_error` when the key cannot be used; its text never shows.
 */
export async function signAssertion(options: AssertionOptions): Promise<string> {
  const { key, kid } = readKey(options.privateKey);
  const alg = key.asymmetricKeyType === 'ec' ? 'ES256' : 'RS256';
  const now = Math.floor(options.now.getTime() / 1_000);
  try {
    return await new SignJWT({ jti: randomUUID(), ...options.claims })
      .setProtectedHeader({ typ: 'JWT', ...(kid === undefined ? {} : { kid }), ...options.header, alg })
      .setIssuedAt(now)
      .setNotBefore(now - 60)
      .setExpirationTime(now + LIFE_SECONDS)
      .sign(key);
  } catch {
    throw unusable();
  }
}

function readKey(text: string): { key: KeyObject; kid?: string } {
  try {
    if (!text.trimStart().startsWith('{')) return { key: createPrivateKey(text) };
    const jwk = JSON.parse(text) as Record<string, unknown>;
    const kid = typeof jwk['kid'] === 'string' ? jwk['kid'] : undefined;
    return { key: createPrivateKey({ key: jwk, format: 'jwk' }), kid };
  } catch {
    throw unusable();
  }
}

function unusable(): SourceError {
  return new SourceError(
    'config_error',
    'The private key cannot be used. Paste the whole key, as PEM or JWK, RSA or P-256, without a passphrase.',
  );
}
