import { createHash, randomBytes } from 'node:crypto';

/** `bytes` random bytes as URL-safe text; 32 bytes are 256 bits. */
export function randomSecret(bytes = 32): string {
  return randomBytes(bytes).toString('base64url');
}

/** What is stored of a high-entropy secret: its SHA-256. Looking it up by this digest leaks no timing of the secret. */
export function hashSecret(secret: string): Buffer {
  return createHash('sha256').update(secret, 'utf8').digest();
}
