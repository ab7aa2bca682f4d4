import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import { secretBytes } from './secret.js';

/** One secret of an endpoint. */
export interface SigningSecret {
  readonly secret: string;
  /** Unix milliseconds; null means until it is rotated. */
  readonly expiresAt: number | null;
}

/** The headers that change with every attempt, ready to be appended to a flat header list. */
export type SignatureHeaders = readonly [string, string, string, string, string, string, string, string];

interface SigningKey {
  readonly expiresAt: number;
  // Not the bytes: importing them for each HMAC takes Node 24 five times as long as the HMAC itself.
  readonly standard: KeyObject;
  readonly vendor: KeyObject;
}

/** Signs the stored bytes of events for one endpoint; its secrets in order of age, oldest first. */
export class Signer {
  #keys: readonly SigningKey[];

  constructor(secrets: readonly SigningSecret[]) {
    this.#keys = secrets.map((secret) => ({
      expiresAt: secret.expiresAt ?? Infinity,
      standard: createSecretKey(secretBytes(secret.secret)),
      vendor: createSecretKey(Buffer.from(secret.secret, 'utf8')),
    }));
  }

  /**
   * `webhook-*` carry one signature per live secret; `WorkOS-Signature` holds exactly one, because some SDKs accept no
   * second: the oldest live secret signs it until the cut-over.
   */
  sign(eventId: string, body: string | Buffer, nowMs: number): SignatureHeaders {
    const keys = this.#liveKeys(nowMs);
    const seconds = String(Math.floor(nowMs / 1000));
    const prefix = `${eventId}.${seconds}.`;
    let signatures = '';
    for (const key of keys) {
      const mac = createHmac('sha256', key.standard).update(prefix).update(body).digest('base64');
      signatures += signatures === '' ? `v1,${mac}` : ` v1,${mac}`;
    }
    const vendorKey = (keys[0] as SigningKey).vendor;
    const vendor = createHmac('sha256', vendorKey).update(`${nowMs}.`).update(body).digest('hex');
    return [
      'webhook-id',
      eventId,
      'webhook-timestamp',
      seconds,
      'webhook-signature',
      signatures,
      'WorkOS-Signature',
      `t=${nowMs}, v1=${vendor}`,
    ];
  }

  /** Drops what has expired; the newest secret always stays, an endpoint without one could not verify anything. */
  #liveKeys(nowMs: number): readonly SigningKey[] {
    if (this.#keys.length === 1) return this.#keys;
    const live = this.#keys.filter((key) => key.expiresAt > nowMs);
    this.#keys = live.length > 0 ? live : this.#keys.slice(-1);
    return this.#keys;
  }
}
