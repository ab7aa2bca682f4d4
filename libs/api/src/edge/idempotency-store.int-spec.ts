import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { SecretBox } from '#kernel';
import { createTestDatabase, type TestDatabase } from '#testing';
import { IdempotencyStore, type KeyUse } from './idempotency-store.js';

const caller = { environmentId: 'environment_1', apiKeyId: 'api_key_1', scopes: [] };

function aUse(fields: Partial<KeyUse> = {}): KeyUse {
  return { caller, method: 'POST', path: '/organizations', key: 'k', body: '{"name":"Acme"}', ...fields };
}

describe('IdempotencyStore', () => {
  let test: TestDatabase;
  let store: IdempotencyStore;

  beforeAll(async () => {
    test = await createTestDatabase();
    store = new IdempotencyStore(test.database, new SecretBox(`k1:${randomBytes(32).toString('base64')}`));
    await test.asOwner(`INSERT INTO environments (id, name) VALUES ('environment_1', 'one')`);
    await test.asOwner(
      `INSERT INTO api_keys (environment_id, id, name, secret_hash, scopes)
       SELECT 'environment_1', id, id, id::bytea, '{}' FROM unnest(ARRAY['api_key_1', 'api_key_2']) AS id`,
    );
  });
  afterAll(() => test.drop());

  async function sinceOf(use: KeyUse): Promise<string> {
    const claim = await store.claim(use);
    if (claim.kind !== 'claimed') throw new Error(`not claimed but ${claim.kind}`);
    return claim.since;
  }

  it('gives a key to one of many concurrent requests', async () => {
    const use = aUse({ key: 'race' });
    const claims = await Promise.all(Array.from({ length: 8 }, () => store.claim(use)));
    expect(claims.map((claim) => claim.kind).sort()).toEqual([...Array(7).fill('busy'), 'claimed']);
  });

  it('returns the kept answer to the same request, and nothing to another body', async () => {
    const use = aUse({ key: 'kept' });
    await store.complete(use, await sinceOf(use), { status: 201, body: '{"key":"sk_secret"}' });
    expect(await store.claim(use)).toEqual({ kind: 'done', body: '{"key":"sk_secret"}' });
    expect(await store.claim({ ...use, body: '{}' })).toEqual({ kind: 'different' });
  });

  it('keeps answers unreadable, they may hold secrets', async () => {
    const use = aUse({ key: 'sealed' });
    await store.complete(use, await sinceOf(use), { status: 201, body: '{"key":"sk_secret"}' });
    expect(JSON.stringify(await test.asOwner('SELECT * FROM idempotency_keys'))).not.toContain('sk_secret');
  });

  it('keeps API keys, methods and paths apart', async () => {
    const use = aUse({ key: 'apart' });
    const others: Partial<KeyUse>[] = [
      {},
      { path: '/webhook_endpoints' },
      { method: 'PUT' },
      { caller: { ...caller, apiKeyId: 'api_key_2' } },
    ];
    for (const other of others)
      expect(await store.claim({ ...use, ...other })).toMatchObject({ kind: 'claimed' });
  });

  it('gives a released key to the next request', async () => {
    const use = aUse({ key: 'released' });
    await store.release(use, await sinceOf(use));
    expect(await store.claim({ ...use, body: '{}' })).toMatchObject({ kind: 'claimed' });
  });

  it('takes a key from a process that died, whose late answer then counts for nothing', async () => {
    const use = aUse({ key: 'dead' });
    const late = await sinceOf(use);
    await age('2 minutes');
    expect(await store.claim(use)).toMatchObject({ kind: 'claimed' });
    await store.complete(use, late, { status: 201, body: '"late"' });
    expect(await store.claim(use)).toEqual({ kind: 'busy' });
  });

  it('forgets after 24 hours', async () => {
    const use = aUse({ key: 'old' });
    await store.complete(use, await sinceOf(use), { status: 201, body: '1' });
    await age('25 hours');
    expect(await store.claim(use)).toMatchObject({ kind: 'claimed' });
    await age('25 hours');
    await store.removeExpired();
    expect(await test.asOwner('SELECT FROM idempotency_keys')).toEqual([]);
  });

  async function age(interval: string): Promise<void> {
    await test.asOwner(`UPDATE idempotency_keys SET created_at = created_at - interval '${interval}'`);
  }
});
