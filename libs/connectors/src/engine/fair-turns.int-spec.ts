import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { newId } from '#kernel';
import { createTestDatabase, ScriptedSource, type TestDatabase } from '#testing';
import { SyncWorld } from '../../test-support/sync-world.js';

/** Who is next among the organizations of one environment: the customers of who runs Rollcall. */
let db: TestDatabase;
let world: SyncWorld;

beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.drop());
beforeEach(async () => {
  await db.asOwner('DELETE FROM sync_schedules');
  world = await new SyncWorld(db.database, [new ScriptedSource({ streams: {} }).connector()]).create();
});

/** So many directories of an organization of their own that are due for so many minutes. */
async function organization(count: number, minutes: number): Promise<string[]> {
  const id = newId('org');
  const ids: string[] = [];
  for (let index = 0; index < count; index += 1) {
    const directory = await world.directory();
    ids.push(directory);
    await world.sql('UPDATE directories SET organization_id = $2 WHERE id = $1', [directory, id]);
    await world.sql(
      `UPDATE sync_schedules SET due_at = now() - make_interval(mins => $2) WHERE directory_id = $1`,
      [directory, minutes - index],
    );
  }
  return ids;
}

async function claimed(limit: number): Promise<string[]> {
  const claims = await world.leases.claim({ worker: 'w', limit, perEnvironment: 100 });
  return claims.map(({ directoryId }) => directoryId);
}

it('is one of each organization, however long the backlog of one of them is', async () => {
  const many = await organization(30, 600);
  const [one] = await organization(1, 10);
  const [two, three] = await organization(2, 5);
  expect(new Set(await claimed(3))).toEqual(new Set([many[0], one, two]));
  // Whoever has runs under way waits for the others.
  const [late] = await organization(1, 1);
  expect(await claimed(1)).toEqual([late]);
  expect(new Set(await claimed(2))).toEqual(new Set([many[1], three]));
});

it('is first of all what somebody has asked for', async () => {
  const many = await organization(5, 600);
  await claimed(3);
  await organization(1, 10);
  await world.sql(`UPDATE sync_schedules SET due_at = '-infinity' WHERE directory_id = $1`, [many[4]]);
  expect(await claimed(1)).toEqual([many[4]]);
});
