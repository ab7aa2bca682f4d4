import { randomBytes } from 'node:crypto';

const PREFIX = 'whsec_';

/** A new signing secret: 256 random bits in the spelling of Standard Webhooks. */
export function newSigningSecret(): string {
  return PREFIX + randomBytes(32).toString('base64');
}

/** The key bytes of Standard Webhooks: the base64 part. The vendor header uses the whole text instead. */
export function secretBytes(secret: string): Buffer {
  return Buffer.from(secret.startsWith(PREFIX) ? secret.slice(PREFIX.length) : secret, 'base64');
}
