import { createHmac } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { WorkOS } from '@workos-inc/node';
import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { WorkOS as WorkOS8 } from 'workos-node-8';
import { newSigningSecret } from './secret.js';
import { Signer } from './signer.js';

const ID = 'event_01JDQ0000000000000000000AA';
const OLD = newSigningSecret();
const NEW = newSigningSecret();

function headersOf(signer: Signer, body: string, now = Date.now()): Record<string, string> {
  const flat = signer.sign(ID, body, now);
  return Object.fromEntries(flat.flatMap((name, i) => (i % 2 === 0 ? [[name, flat[i + 1] ?? '']] : [])));
}

const one = new Signer([{ secret: NEW, expiresAt: null }]);
const both = (expiresAt: number): Signer =>
  new Signer([
    { secret: OLD, expiresAt },
    { secret: NEW, expiresAt: null },
  ]);

describe('Signer', () => {
  it('is verified by the Standard Webhooks library, whatever the body', () => {
    const webhook = new Webhook(NEW);
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 2_000 }), (text) => {
        const body = JSON.stringify({ text: text.toWellFormed() });
        expect(webhook.verify(body, headersOf(one, body))).toEqual(JSON.parse(body));
      }),
    );
  });

  it('signs text and its bytes alike', () => {
    const body = '{"name":"Zoë 🦊"}';
    expect(one.sign(ID, Buffer.from(body), 1_700_000_000_123)).toEqual(one.sign(ID, body, 1_700_000_000_123));
  });

  it('is refused when one byte of id, time or body is changed', () => {
    const webhook = new Webhook(NEW);
    const body = '{"a":1}';
    const headers = headersOf(one, body);
    const later = String(Number(headers['webhook-timestamp']) + 1);
    expect(() => webhook.verify('{"a":2}', headers)).toThrow();
    expect(() => webhook.verify(body, { ...headers, 'webhook-id': `${ID}B` })).toThrow();
    expect(() => webhook.verify(body, { ...headers, 'webhook-timestamp': later })).toThrow();
  });

  it('is verified by the official SDK 11 from object, text and bytes', async () => {
    const body = '{"id":"event_1","event":"dsync.user.created","data":{"first_name":"Zoë"}}';
    const sigHeader = headersOf(one, body)['WorkOS-Signature'] ?? '';
    const { webhooks } = new WorkOS('sk_test');
    for (const payload of [JSON.parse(body) as Record<string, unknown>, body, Buffer.from(body)])
      await expect(webhooks.verifyHeader({ payload, sigHeader, secret: NEW })).resolves.toBe(true);
  });

  it('is verified by the official SDK 8 from the parsed object', async () => {
    const body = '{"id":"event_1","event":"dsync.user.created","data":{"first_name":"Zoë"}}';
    const sigHeader = headersOf(one, body)['WorkOS-Signature'] ?? '';
    const payload = JSON.parse(body) as Record<string, unknown>;
    const { webhooks } = new WorkOS8('sk_test');
    await expect(webhooks.verifyHeader({ payload, sigHeader, secret: NEW })).resolves.toBe(true);
    await expect(webhooks.verifyHeader({ payload, sigHeader, secret: OLD })).rejects.toThrow();
  });

  it('writes the vendor header with exactly one comma and one space, its time in milliseconds', () => {
    const header = headersOf(one, '{}', 1_700_000_000_123)['WorkOS-Signature'];
    const mac = createHmac('sha256', NEW).update('1700000000123.{}').digest('hex');
    expect(header).toBe(`t=1700000000123, v1=${mac}`);
  });

  it('signs with both secrets during an overlap, the vendor header with the older one', async () => {
    const now = Date.now();
    const headers = headersOf(both(now + 1_000), '{}', now);
    expect(headers['webhook-signature']?.split(' ')).toHaveLength(2);
    for (const secret of [OLD, NEW]) expect(new Webhook(secret).verify('{}', headers)).toEqual({});
    const { webhooks } = new WorkOS('sk_test');
    const sigHeader = headers['WorkOS-Signature'] ?? '';
    await expect(webhooks.verifyHeader({ payload: '{}', sigHeader, secret: OLD })).resolves.toBe(true);
  });

  it('signs with the new secret alone from the cut-over', () => {
    const now = Date.now();
    const signer = both(now);
    const headers = headersOf(signer, '{}', now);
    expect(headers['webhook-signature']?.split(' ')).toHaveLength(1);
    expect(() => new Webhook(OLD).verify('{}', headers)).toThrow();
    expect(new Webhook(NEW).verify('{}', headers)).toEqual({});
    expect(headers).toEqual(headersOf(one, '{}', now));
  });
});
