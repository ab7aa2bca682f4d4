import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createScimDirectory, RestClient, type CreatedScimDirectory } from '../support/rest-client.js';
import { startRollcall, type RunningRollcall } from '../support/start-rollcall.js';
import { startWebhookSink, type WebhookSink } from '../support/webhook-sink.js';

interface Hold {
  readonly id: string;
  readonly state: string;
  readonly pending: Record<string, number>;
  readonly names: { readonly users: readonly string[] };
}

interface User {
  readonly state: string;
  readonly pending_removal?: boolean;
}

let rollcall: RunningRollcall;
let sink: WebhookSink;
let rest: RestClient;
let directory: CreatedScimDirectory;
let ids: string[];

beforeAll(async () => {
  rollcall = await startRollcall();
  sink = await startWebhookSink();
  rest = new RestClient(rollcall.baseUrl, rollcall.apiKey);
  await rest.call('POST', '/webhook_endpoints', {
    endpoint_url: sink.url,
    events: ['dsync.user.updated', 'directory.removals_held', 'directory.hold_approved'],
  });
  directory = await createScimDirectory(rest, rollcall.baseUrl, 'okta scim v2.0');
  ids = [];
  for (let index = 0; index < 30; index++) {
    const { id } = await scim('POST', '/Users', { userName: `person${index}@example.com`, active: true });
    ids.push(id);
  }
}, 60_000);

afterAll(async () => {
  await rollcall.stop();
  await sink.close();
}, 30_000);

describe('29 of 30 people deactivated by SCIM', () => {
  it('wait for an approval, and go with it', async () => {
    for (const id of ids.slice(0, 29)) {
      const answer = await scim('PATCH', `/Users/${id}`, {
        schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
        Operations: [{ op: 'replace', value: { active: false } }],
      });
      expect(answer.active).toBe(false);
    }
    const held = await userAt(28);
    expect(held).toMatchObject({ state: 'active', pending_removal: true });
    expect(await scim('GET', `/Users/${ids[28]}`)).toMatchObject({ active: false });
    expect(await userAt(0)).toMatchObject({ state: 'inactive' });

    const [open] = await holds();
    const hold = await rest.call<Hold>('GET', `/management/holds/${open?.id}`);
    expect(hold).toMatchObject({ state: 'open', pending: { users: 23 } });
    expect(hold.names.users).toHaveLength(20);
    await receive(['directory.removals_held']);
    expect(received('dsync.user.updated')).toHaveLength(6);

    const approved = await rest.call<Hold>('POST', `/management/holds/${hold.id}/approve`);
    expect(approved).toMatchObject({ state: 'approved', pending: { users: 0 } });
    await receive(['directory.hold_approved'], 29);
    expect(received('dsync.user.updated')).toHaveLength(29);
    const gone = await userAt(28);
    expect(gone).toMatchObject({ state: 'inactive' });
    expect(gone.pending_removal).toBeUndefined();
  }, 30_000);

  it('come back by one request', async () => {
    const [hold] = await holds();
    const restored = await rest.call('POST', `/management/directories/${directory.id}/restores`, {
      hold_id: hold?.id,
    });
    expect(restored).toMatchObject({ users: 23 });
    expect(await userAt(28)).toMatchObject({ state: 'active', pending_removal: true });
  });

  it('leave the policy adjustable within its bounds', async () => {
    const path = `/management/directories/${directory.id}/guard`;
    expect(await rest.call('GET', path)).toMatchObject({ action: 'hold', relaxed: null });
    const set = await rest.call('PUT', path, { action: 'alert_only', relaxed_percent: 80 });
    expect(set).toMatchObject({ action: 'alert_only', relaxed: { percent: 80 } });
    await expect(rest.call('PUT', path, { relaxed_percent: 101 })).rejects.toThrow('422');
  });
});

async function userAt(index: number): Promise<User> {
  return rest.call<User>('GET', `/directory_users/${ids[index]}`);
}

async function holds(): Promise<Hold[]> {
  const list = await rest.call<{ data: Hold[] }>('GET', `/management/directories/${directory.id}/holds`);
  return list.data;
}

function received(type: string): string[] {
  return sink.received.map(({ body }) => body).filter((body) => body.includes(`"event":"${type}"`));
}

/** Waits until events of these types, and so many updates, have arrived. */
async function receive(types: readonly string[], updates = 6): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const complete = types.every((type) => received(type).length === 1);
    if (complete && received('dsync.user.updated').length >= updates) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function scim(method: string, path: string, body?: unknown): Promise<{ id: string; active: boolean }> {
  const response = await fetch(directory.endpoint + path, {
    method,
    headers: { authorization: `Bearer ${directory.token}`, 'content-type': 'application/scim+json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}`);
  return (await response.json()) as { id: string; active: boolean };
}
