import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ConflictError, InvalidInputError, newId, NotFoundError } from '#kernel';
import { createTestDatabase, type TestDatabase } from '#testing';
import { DispatchWorld } from '../../test-support/dispatch-world.js';
import { MASKED_SECRET } from './webhook-endpoint.js';

const URL = 'http://127.0.0.1:9999/hooks';

describe('WebhookEndpoints', () => {
  let test: TestDatabase;
  let world: DispatchWorld;

  beforeAll(async () => {
    test = await createTestDatabase();
  });
  afterAll(() => test.drop());
  beforeEach(async () => {
    world = await new DispatchWorld(test.database).create();
  });
  afterEach(async () => {
    await world.close();
    await test.asOwner('TRUNCATE environments CASCADE');
  });

  it('shows the secret at creation and by reveal only, and stores nothing readable', async () => {
    const customHeaders = { Authorization: 'Bearer plain-text' };
    const created = await world.endpoint(URL, { customHeaders });
    expect(created.secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(created).toMatchObject({
      endpointUrl: URL,
      status: 'enabled',
      disabledReason: null,
      ordering: 'none',
      concurrency: 8,
      directoryIds: null,
      customHeaderNames: ['Authorization'],
    });
    const shown = await world.endpoints.get(world.environmentId, created.id);
    expect(shown).toEqual({ ...created, secret: MASKED_SECRET });
    expect(await world.endpoints.revealSecret(world.environmentId, created.id)).toBe(created.secret);
    const stored = JSON.stringify(
      await world.sql('SELECT w.*, s.sealed FROM webhook_endpoints w, webhook_secrets s'),
    );
    expect(stored).not.toContain('plain-text');
    expect(stored).not.toContain(created.secret);
  });

  it('takes the positions of all streams at that moment', async () => {
    await world.append('directory_a', 3);
    await world.append(world.environmentId, 2);
    await world.endpoint(URL);
    const lanes = await world.sql('SELECT stream_id, sequence FROM webhook_lanes ORDER BY sequence');
    expect(lanes).toEqual([
      { stream_id: world.environmentId, sequence: 2 },
      { stream_id: 'directory_a', sequence: 3 },
    ]);
  });

  it('refuses a second endpoint with the same URL, also by update, and leaves no trace', async () => {
    await world.endpoint(URL);
    const other = await world.endpoint(`${URL}/2`);
    const duplicate = { code: 'duplicate_endpoint', reason: 'uniqueness' };
    await expect(world.endpoint(URL)).rejects.toMatchObject(duplicate);
    await expect(world.endpoint(URL)).rejects.toBeInstanceOf(ConflictError);
    await expect(
      world.endpoints.update(world.environmentId, other.id, { endpointUrl: URL }),
    ).rejects.toMatchObject(duplicate);
    expect(await world.sql('SELECT FROM webhook_secrets')).toHaveLength(2);
  });

  it('refuses addresses and types that can never work', async () => {
    await expect(world.endpoint('http://10.0.0.1:8080/')).rejects.toMatchObject({ code: 'invalid_url' });
    await expect(world.endpoint(URL, { events: ['dsync.nothing'] })).rejects.toBeInstanceOf(
      InvalidInputError,
    );
  });

  it('changes what is given and nothing else', async () => {
    const { id, secret: _, ...before } = await world.endpoint(URL, { directoryIds: ['directory_1'] });
    const update = { events: ['dsync.deleted'], concurrency: 3, ordering: 'directory' } as const;
    const after = await world.endpoints.update(world.environmentId, id, update);
    expect(after).toMatchObject({ ...before, ...update, updatedAt: after.updatedAt });
    const all = await world.endpoints.update(world.environmentId, id, { directoryIds: null });
    expect(all).toMatchObject({ directoryIds: null, concurrency: 3 });
  });

  it('disables and enables, which forgets the failures', async () => {
    const { id } = await world.endpoint(URL);
    const off = await world.endpoints.update(world.environmentId, id, { status: 'disabled' });
    expect(off).toMatchObject({ status: 'disabled', disabledReason: 'manual' });
    await world.sql('UPDATE webhook_leases SET failing_since = now()');
    const on = await world.endpoints.update(world.environmentId, id, { status: 'enabled' });
    expect(on).toMatchObject({ status: 'enabled', disabledReason: null });
    expect(await world.sql('SELECT failing_since FROM webhook_leases')).toEqual([{ failing_since: null }]);
  });

  it('rotates secrets with an overlap, ten at most', async () => {
    const { id, secret } = await world.endpoint(URL);
    const rotated = await world.endpoints.rotateSecret(world.environmentId, id, { overlapSeconds: 60 });
    expect(rotated.secret).not.toBe(secret);
    expect(Date.parse(rotated.previousExpiresAt) - Date.now()).toBeGreaterThan(55_000);
    expect(await world.endpoints.revealSecret(world.environmentId, id)).toBe(rotated.secret);
    const live = await world.sql('SELECT expires_at IS NULL AS lasting FROM webhook_secrets ORDER BY id');
    expect(live).toEqual([{ lasting: false }, { lasting: true }]);
    for (let i = 0; i < 8; i++) await world.endpoints.rotateSecret(world.environmentId, id);
    await expect(world.endpoints.rotateSecret(world.environmentId, id)).rejects.toMatchObject({
      code: 'too_many_secrets',
    });
  });

  it('removes an endpoint with its lanes and retries but keeps its attempts', async () => {
    await world.append('directory_a', 1);
    const { id } = await world.endpoint(URL);
    await world.sql(`INSERT INTO webhook_retries VALUES ($1, $2, 'directory_a', 1, 1, now())`, [
      world.environmentId,
      id,
    ]);
    await world.sql(
      `INSERT INTO webhook_attempts VALUES ($1, $2, 'attempt_1', 'event_1', 'directory_a', 1, 1, 'succeeded',
        200, NULL, NULL, 1, now())`,
      [world.environmentId, id],
    );
    await world.endpoints.remove(world.environmentId, id);
    for (const table of ['endpoints', 'secrets', 'leases', 'lanes', 'retries'])
      expect(await world.sql(`SELECT FROM webhook_${table}`)).toEqual([]);
    expect(await world.sql('SELECT FROM webhook_attempts')).toHaveLength(1);
    await expect(world.endpoints.remove(world.environmentId, id)).rejects.toBeInstanceOf(NotFoundError);
  });

  it('shows nobody the endpoints of another environment', async () => {
    const { id } = await world.endpoint(URL);
    const other = newId('environment');
    const { endpoints } = world;
    expect((await endpoints.list(other, { limit: 10, order: 'desc' })).items).toEqual([]);
    for (const attempt of [
      () => endpoints.get(other, id),
      () => endpoints.update(other, id, { concurrency: 1 }),
      () => endpoints.remove(other, id),
      () => endpoints.rotateSecret(other, id),
      () => endpoints.revealSecret(other, id),
    ])
      await expect(attempt()).rejects.toMatchObject({ code: 'entity_not_found', entityId: id });
  });

  it('lists page by page in both directions', async () => {
    const ids: string[] = [];
    for (let i = 0; i < 5; i++) ids.push((await world.endpoint(`${URL}/${i}`)).id);
    const page = (request: { after?: string; before?: string }): ReturnType<typeof world.endpoints.list> =>
      world.endpoints.list(world.environmentId, { limit: 2, order: 'desc', ...request });
    const first = await page({});
    expect(first.items.map((item) => item.id)).toEqual([ids[4], ids[3]]);
    expect(first).toMatchObject({ before: null, after: ids[3] });
    const second = await page({ after: ids[3] });
    expect(second.items.map((item) => item.id)).toEqual([ids[2], ids[1]]);
    expect(second).toMatchObject({ before: ids[2], after: ids[1] });
    const back = await page({ before: ids[2] });
    expect(back.items.map((item) => item.id)).toEqual([ids[4], ids[3]]);
  });
});
