import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { startRollcall, type RunningRollcall } from '../support/start-rollcall.js';
import { fillDirectory, request, sdk11, sdk8 } from './sdk-support.js';

describe('what only one SDK version names so, and what none has', () => {
  let rollcall: RunningRollcall;

  beforeAll(async () => {
    rollcall = await startRollcall();
  });
  afterAll(() => rollcall.stop());

  it('manages organization domains with SDK 11 and 8', async () => {
    const { id: organizationId } = await sdk11(rollcall).organizations.createOrganization({
      name: 'Domains',
    });
    const domains11 = sdk11(rollcall).organizationDomains;
    const domains8 = sdk8(rollcall).organizationDomains;
    const created = await domains11.createOrganizationDomain({ organizationId, domain: 'eleven.test' });
    expect(created).toMatchObject({ object: 'organization_domain', state: 'pending', domain: 'eleven.test' });
    expect(await domains8.get(created.id)).toMatchObject({ id: created.id });
    expect(await domains11.verifyOrganizationDomain(created.id)).toMatchObject({ state: 'verified' });
    await expect(domains11.verifyOrganizationDomain(created.id)).rejects.toMatchObject({
      status: 400,
      code: 'domain_already_verified',
    });
    await expect(domains8.create({ organizationId, domain: 'eleven.test' })).rejects.toMatchObject({
      status: 409,
    });
    await expect(domains11.deleteOrganizationDomain(created.id)).resolves.toBeUndefined();
    await expect(domains8.get(created.id)).rejects.toMatchObject({ status: 404 });
  });

  it('manages webhook endpoints with SDK 11', async () => {
    const { webhooks } = sdk11(rollcall);
    const created = await webhooks.createWebhookEndpoint({
      endpointUrl: 'http://127.0.0.1:8099/hook',
      events: ['dsync.user.created', 'dsync.user.deleted'],
    });
    expect(created.secret).toMatch(/^whsec_[A-Za-z0-9+/]+=*$/);
    const { data } = await webhooks.listWebhookEndpoints();
    expect(data.map((endpoint) => endpoint.id)).toEqual([created.id]);
    expect(data[0]?.secret).not.toBe(created.secret);
    const updated = await webhooks.updateWebhookEndpoint({ id: created.id, status: 'disabled' });
    expect(updated).toMatchObject({
      status: 'disabled',
      events: ['dsync.user.created', 'dsync.user.deleted'],
    });
    await expect(
      webhooks.createWebhookEndpoint({
        endpointUrl: 'http://127.0.0.1:8099/hook',
        events: ['dsync.deleted'],
      }),
    ).rejects.toMatchObject({ status: 409, code: 'duplicate_endpoint' });
    await expect(
      webhooks.createWebhookEndpoint({ endpointUrl: 'http://10.0.0.1/hook', events: ['dsync.deleted'] }),
    ).rejects.toMatchObject({ status: 422, code: 'invalid_url' });
    await expect(
      webhooks.createWebhookEndpoint({
        endpointUrl: 'http://127.0.0.1:8099/b',
        events: ['dsync.nothing' as never],
      }),
    ).rejects.toMatchObject({ status: 422, message: expect.stringContaining('unknown_event_type') });
    await expect(webhooks.deleteWebhookEndpoint({ id: created.id })).resolves.toBeUndefined();
    expect((await webhooks.listWebhookEndpoints()).data).toEqual([]);
  });

  it('exposes the request id to SDK 11', async () => {
    await expect(sdk11(rollcall).directorySync.getDirectory('directory_x')).rejects.toMatchObject({
      requestID: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
  });

  it('reads the log of a directory without gaps, also after its deletion', async () => {
    const { directoryId } = await fillDirectory(rollcall, 'gapless');
    await request(rollcall, `/management/directories/${directoryId}`, { method: 'DELETE' });
    const sequences: number[] = [];
    for (let last: number | null = 0; last !== null;) {
      const url = `/management/events?directory=${directoryId}&after_sequence=${last}&limit=2`;
      const { json } = await request(rollcall, url);
      sequences.push(...(json.data as { sequence: number }[]).map((event) => event.sequence));
      last = (json.list_metadata as { last_sequence: number | null }).last_sequence;
    }
    expect(sequences).toEqual(sequences.map((_, index) => index + 1));
    expect(sequences.length).toBeGreaterThan(8);
  });

  it('keeps environments apart on every read', async () => {
    const { organizationId, directoryId } = await fillDirectory(rollcall, 'apart');
    const users = await request(rollcall, `/directory_users?directory=${directoryId}`);
    const [user] = users.json.data as [{ id: string; groups: [{ id: string }] }];
    const created = await request(rollcall, '/management/environments', { body: { name: 'other' } });
    const key = await request(rollcall, `/management/environments/${String(created.json.id)}/api_keys`, {
      body: { name: 'other' },
    });
    const other = { baseUrl: rollcall.baseUrl, apiKey: String(key.json.key) };
    for (const path of [
      `/organizations/${organizationId}`,
      `/directories/${directoryId}`,
      `/directory_users?directory=${directoryId}`,
      `/directory_groups?directory=${directoryId}`,
      `/directory_users/${user.id}`,
      `/management/directories/${directoryId}/tokens`,
    ])
      expect([path, (await request(other, path)).status]).toEqual([path, 404]);
    const events = await request(other, `/management/events?directory=${directoryId}`);
    expect(events.json.data).toEqual([]);
    expect((await request(other, '/management/environments')).status).toBe(403);
  });

  it('rotates SCIM tokens without downtime', async () => {
    const { directoryId, endpoint, token } = await fillDirectory(rollcall, 'rotates');
    const tokens = `/management/directories/${directoryId}/tokens`;
    const fresh = await request(rollcall, tokens, { body: { name: 'second' } });
    const statusWith = async (bearer: string): Promise<number> =>
      (await fetch(`${endpoint}/Users`, { headers: { authorization: `Bearer ${bearer}` } })).status;
    expect([await statusWith(token), await statusWith(String(fresh.json.bearer_token))]).toEqual([200, 200]);
    const list = await request(rollcall, tokens);
    const [oldest] = list.json.data as [{ id: string }];
    expect((await request(rollcall, `${tokens}/${oldest.id}`, { method: 'DELETE' })).status).toBe(204);
    // Credentials are remembered for three seconds.
    for (let tries = 0; tries < 50 && (await statusWith(token)) !== 401; tries += 1) await sleep(100);
    expect(await statusWith(token)).toBe(401);
    expect(await statusWith(String(fresh.json.bearer_token))).toBe(200);
  });

  it('answers DELETE with 202 and neither body nor content type', async () => {
    const { organizationId } = await fillDirectory(rollcall, 'deleted');
    const answer = await request(rollcall, `/organizations/${organizationId}`, { method: 'DELETE' });
    expect([answer.status, answer.text, answer.headers.get('content-type')]).toEqual([202, '', null]);
  });

  it('keeps the shape of errors where Fastify answers itself', async () => {
    for (const path of ['/nowhere', '/directories/%zz']) {
      const { json, headers } = await request(rollcall, path);
      expect(typeof json.message).toBe('string');
      expect(json).not.toHaveProperty('error');
      expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    }
  });
});
