import { createHmac } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { WebhookVerifier } from './verify-webhook.js';

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const BODY = JSON.stringify({
  id: 'event_1',
  event: 'dsync.group.created',
  data: { object: 'directory_group', id: 'directory_group_1', name: 'Sales', raw_attributes: {} },
  created_at: '2026-01-01T00:00:00.000Z',
  object: 'event',
  context: {},
});

function headers(): Record<string, string> {
  const now = new Date();
  const vendor = createHmac('sha256', SECRET).update(`${now.getTime()}.${BODY}`).digest('hex');
  return {
    'workos-signature': `t=${now.getTime()}, v1=${vendor}`,
    'webhook-id': 'event_1',
    'webhook-timestamp': String(Math.floor(now.getTime() / 1_000)),
    'webhook-signature': new Webhook(SECRET).sign('event_1', now, BODY),
  };
}

describe('WebhookVerifier', () => {
  it('accepts what both libraries accept', async () => {
    expect(await new WebhookVerifier(SECRET).verify(headers(), BODY)).toEqual({});
  });

  it('names the verifier that refuses', async () => {
    const verifier = new WebhookVerifier(SECRET);
    const { 'workos-signature': _vendor, ...standardOnly } = headers();
    expect(Object.keys(await verifier.verify(standardOnly, BODY))).toEqual(['sdk']);
    const { 'webhook-signature': _standard, ...vendorOnly } = headers();
    expect(Object.keys(await verifier.verify(vendorOnly, BODY))).toEqual(['standard']);
    expect(Object.keys(await verifier.verify(headers(), `${BODY} `.replace('Sales', 'Sold')))).toEqual([
      'sdk',
      'standard',
    ]);
  });
});
