import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { SecretBox } from '#kernel';
import { createTestDatabase, type TestDatabase } from '#testing';
import { DispatchWorld } from '../../test-support/dispatch-world.js';
import { EndpointSecrets } from './endpoint-secrets.js';
import { WebhookEndpoints } from './webhook-endpoints.js';

const URL = 'http://127.0.0.1:9999/hooks';
const OLD = `old:${Buffer.alloc(32, 1).toString('base64')}`;
const NEW = `new:${Buffer.alloc(32, 2).toString('base64')}`;

let test: TestDatabase;
let world: DispatchWorld;

beforeAll(async () => {
  test = await createTestDatabase();
  world = await new DispatchWorld(test.database).create();
});
afterAll(async () => {
  await world.close();
  await test.drop();
});

function endpointsWith(keys: string): WebhookEndpoints {
  return new WebhookEndpoints({
    database: test.database,
    secretBox: new SecretBox(keys),
    clock: { now: () => new Date() },
    outbound: { checkEndpointUrl: () => Promise.resolve() },
  });
}

function secretsWith(keys: string): EndpointSecrets {
  return new EndpointSecrets(test.database, new SecretBox(keys));
}

it('signing secrets and custom headers move to the first key, and the older one can go', async () => {
  const events = ['dsync.user.created'] as const;
  const input = { endpointUrl: URL, events: [...events], customHeaders: { Authorization: 'Bearer x' } };
  const { id, secret } = await endpointsWith(OLD).create(world.environmentId, input);
  await endpointsWith(OLD).create(world.environmentId, { endpointUrl: `${URL}/2`, events: [...events] });
  expect(await secretsWith(NEW).missingKeys()).toEqual(['old']);

  const rotated = secretsWith(`${NEW},${OLD}`);
  expect(await rotated.missingKeys()).toEqual([]);
  expect(await rotated.reseal(100)).toBe(3);
  expect(await rotated.reseal(100)).toBe(0);
  expect(await secretsWith(NEW).missingKeys()).toEqual([]);
  const after = endpointsWith(NEW);
  expect(await after.revealSecret(world.environmentId, id)).toBe(secret);
  expect(await after.get(world.environmentId, id)).toMatchObject({ customHeaderNames: ['Authorization'] });
});

it('one that cannot be opened does not keep the others from the new key', async () => {
  for (const path of ['1', '2', '3'])
    await endpointsWith(OLD).create(world.environmentId, {
      endpointUrl: `${URL}/late/${path}`,
      events: ['dsync.user.created'],
    });
  await world.sql(`UPDATE webhook_secrets SET sealed = 'old.AAAA' || substr(sealed, 9)
    WHERE id = (SELECT min(id) FROM webhook_secrets WHERE sealed LIKE 'old.%')`);
  // Written last, the others are read after it.
  await world.sql(`UPDATE webhook_secrets SET sealed = sealed WHERE sealed NOT LIKE 'old.AAAA%'`);
  await expect(secretsWith(`${NEW},${OLD}`).reseal(100)).rejects.toThrow(/./);
  const left = await world.sql(`SELECT id FROM webhook_secrets WHERE sealed NOT LIKE 'new.%'`);
  expect(left).toHaveLength(1);
});
