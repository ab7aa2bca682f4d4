import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

/** Where a ciphertext belongs; moving it to another row makes it unreadable. */
export type SealContext = readonly string[];

/**
 * Encrypts what must be readable again (webhook secrets, connector credentials) with AES-256-GCM.
 * Layout of a sealed value: `<key id>.<base64 of nonce (12) ‖ tag (16) ‖ ciphertext>`.
 */
export class SecretBox {
  readonly #keys: ReadonlyMap<string, Buffer>;
  readonly #current: string;

  /** @param setting `id:base64-of-32-bytes[,older…]`; the first key encrypts, all of them decrypt. */
  constructor(setting: string) {
    this.#keys = parseKeys(setting);
    this.#current = this.#keys.keys().next().value as string;
  }

  /** Id of the key that encrypts now; what another one has sealed is due to be sealed again. */
  get currentKeyId(): string {
    return this.#current;
  }

  /** Ids of all keys that can be opened. */
  get keyIds(): readonly string[] {
    return [...this.#keys.keys()];
  }

  seal(plain: string, context: SealContext): string {
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', this.#keys.get(this.#current) as Buffer, nonce);
    cipher.setAAD(aad(this.#current, context));
    const body = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()]);
    return `${this.#current}.${Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64')}`;
  }

  /** @throws Error naming the key id when that key is not configured, or when the value was altered or moved. */
  open(sealed: string, context: SealContext): string {
    const dot = sealed.indexOf('.');
    const id = sealed.slice(0, dot);
    const key = this.#keys.get(id);
    if (!key) throw new Error(`The encryption key "${id}" is not among ROLLCALL_SECRET_KEYS`);
    const bytes = Buffer.from(sealed.slice(dot + 1), 'base64');
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12), { authTagLength: 16 });
    decipher.setAAD(aad(id, context));
    decipher.setAuthTag(bytes.subarray(12, 28));
    return decipher.update(bytes.subarray(28), undefined, 'utf8') + decipher.final('utf8');
  }

  /**
   * 32-byte keys for one other purpose (HKDF-SHA256, RFC 5869), by the id of the secret key each comes from, the current
   * one first. Rotating the secret keys rotates them too.
   */
  deriveKeys(purpose: string): ReadonlyMap<string, Uint8Array> {
    const derive = (key: Buffer): Uint8Array => new Uint8Array(hkdfSync('sha256', key, '', purpose, 32));
    return new Map([...this.#keys].map(([id, key]) => [id, derive(key)]));
  }
}

function aad(keyId: string, context: SealContext): Buffer {
  return Buffer.from(JSON.stringify([keyId, ...context]), 'utf8');
}

function parseKeys(setting: string): Map<string, Buffer> {
  const keys = new Map<string, Buffer>();
  for (const part of setting.split(',').map((text) => text.trim())) {
    const match = /^([A-Za-z0-9_-]{1,32}):([A-Za-z0-9+/_-]+=*)$/.exec(part);
    const key = match ? Buffer.from(match[2] as string, 'base64') : undefined;
    if (!match || key?.length !== 32)
      throw new Error('ROLLCALL_SECRET_KEYS must be "id:base64-of-32-bytes", several separated by commas');
    keys.set(match[1] as string, key);
  }
  return keys;
}
