import { describe, expect, it } from '@jest/globals';
import { Inbox } from './inbox.js';

const event = {
  id: 'event_1',
  event: 'dsync.user.created',
  data: { id: 'directory_user_1' },
  created_at: '2026-01-01T00:00:00.000Z',
  directory_id: 'directory_1',
  sequence: 1,
};
const receivedAt = Date.parse(event.created_at) + 25;
const body = JSON.stringify(event);

describe('Inbox', () => {
  it('keeps an event with its lag and tells of it once', () => {
    const inbox = new Inbox();
    const told: string[] = [];
    inbox.onDelivery = (delivery) => told.push(delivery.event.id);
    inbox.add({ receivedAt, body, refusals: {} });
    inbox.add({ receivedAt: receivedAt + 1, body, refusals: {} });
    expect(told).toEqual(['event_1']);
    expect(inbox.lags).toEqual([25]);
    expect(inbox.duplicates).toBe(1);
    expect(inbox.requests).toBe(2);
    expect(inbox.events()).toEqual([event]);
  });

  it('counts no webhook whose signature was refused', () => {
    const inbox = new Inbox();
    inbox.add({ receivedAt, body, refusals: { sdk: 'Signature hash does not match' } });
    expect(inbox.events()).toEqual([]);
    expect(inbox.refused).toEqual(['event_1: sdk: Signature hash does not match']);
  });

  it.each(['', '[]', '{"id":"event_1"}'])('refuses a body that is no event: %s', (text) => {
    const inbox = new Inbox();
    inbox.add({ receivedAt, body: text, refusals: {} });
    expect(inbox.refused).toEqual(['a webhook: the body is no event']);
  });
});
