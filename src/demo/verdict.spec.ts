import { Writable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import type { ReceivedEvent } from '#simulator';
import { Inbox } from './inbox.js';
import type { ReceivedWebhook } from './receiver-messages.js';
import { Screen } from './screen.js';
import { judge, type Trial } from './verdict.js';

const AT = '2026-01-01T00:00:00.000Z';
const wire = {
  id: 'u1',
  idp_id: 'x',
  directory_id: 'd1',
  organization_id: 'o1',
  email: 'rita@acme.test',
  first_name: 'Rita',
  last_name: 'Ng',
  state: 'active',
  raw_attributes: {},
  custom_attributes: {},
  created_at: AT,
  updated_at: AT,
};
const rita = {
  id: 'u1',
  idpId: 'x',
  directoryId: 'd1',
  organizationId: 'o1',
  email: 'rita@acme.test',
  firstName: 'Rita',
  lastName: 'Ng',
  state: 'active',
  rawAttributes: {},
  customAttributes: {},
  groups: [],
  createdAt: AT,
  updatedAt: AT,
};

function webhook(sequence: number, refusals: ReceivedWebhook['refusals'] = {}): ReceivedWebhook {
  const event: ReceivedEvent = {
    id: `event_${sequence}`,
    event: sequence === 1 ? 'dsync.user.created' : 'dsync.user.updated',
    data: wire,
    created_at: AT,
    directory_id: 'd1',
    sequence,
  };
  return { receivedAt: Date.parse(AT) + 5, body: JSON.stringify(event), refusals };
}

interface Scene {
  readonly webhooks: readonly ReceivedWebhook[];
  /** Ids in the feed, two per page. */
  readonly log: readonly string[];
  readonly users?: readonly object[];
}

async function verdict({ webhooks, log, users = [rita] }: Scene): Promise<{ good: boolean; text: string }> {
  let text = '';
  const out = new Writable({
    write: (chunk, _encoding, done) => {
      text += String(chunk);
      done();
    },
  });
  const inbox = new Inbox();
  for (const one of webhooks) inbox.add(one);
  const page = (data: readonly object[]): object => ({ data, listMetadata: { after: null } });
  const sdk = {
    events: {
      listEvents: async ({ after }: { after?: string }) => {
        const from = after === undefined ? 0 : log.indexOf(after) + 1;
        const data = log.slice(from, from + 2).map((id) => ({ id }));
        return Promise.resolve({
          data,
          listMetadata: { after: from + 2 < log.length ? data.at(-1)?.id : null },
        });
      },
    },
    directorySync: {
      listUsers: async () => Promise.resolve(page(users)),
      listGroups: async () => Promise.resolve(page([])),
    },
  } as unknown as Trial['sdk'];
  const good = await judge({
    screen: new Screen(out as unknown as NodeJS.WriteStream),
    inbox,
    sdk,
    directories: [{ id: 'd1', label: 'Okta' }],
    signal: new AbortController().signal,
    patienceMs: 0,
  });
  return { good, text };
}

describe('judge', () => {
  it('is content when all came, all were signed, and the state is the same', async () => {
    const { good, text } = await verdict({
      webhooks: [webhook(3), webhook(1), webhook(2), webhook(2)],
      log: ['event_1', 'event_2', 'event_3'],
    });
    expect(text).not.toContain('✗');
    expect(text).toContain('3 of 3 events of the log, 1 twice');
    expect(text).toContain('equals the REST API: 1 users');
    expect(good).toBe(true);
  });

  it.each<[string, Scene, string]>([
    [
      'an event is missing',
      { webhooks: [webhook(1)], log: ['event_1', 'event_2', 'event_3'] },
      'event_3 is in the log, but no webhook came',
    ],
    [
      'a webhook has no event in the log',
      { webhooks: [webhook(1), webhook(2)], log: ['event_1'] },
      'event_2 came as a webhook, but is not in the log',
    ],
    [
      'a signature was refused once, although the repetition was good',
      { webhooks: [webhook(1, { standard: 'no match' }), webhook(1)], log: ['event_1'] },
      'event_1: standard: no match',
    ],
    [
      'an attribute differs',
      { webhooks: [webhook(1)], log: ['event_1'], users: [{ ...rita, state: 'inactive' }] },
      'state is "active" in the events, "inactive" in REST',
    ],
    ['nothing happened at all', { webhooks: [], log: [], users: [] }, '0 of 0 events'],
  ])('is not when %s', async (_case, scene, words) => {
    const { good, text } = await verdict(scene);
    expect(text).toContain('✗');
    expect(text).toContain(words);
    expect(good).toBe(false);
  });
});
