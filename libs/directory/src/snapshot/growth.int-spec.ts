import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '#testing';
import { people, snapshotWorld, team } from '../../test-support/snapshot-world.js';
import { Growth, refreshStatistics } from './growth.js';

let db: TestDatabase;

beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.drop());

async function known(table: string): Promise<number> {
  const rows = await db.asOwner(`SELECT count(*)::int AS n FROM pg_stats WHERE tablename = '${table}'`);
  return Number(rows[0]?.['n']);
}

it('lets the server look at the tables of a first load before it would by itself', async () => {
  await db.asOwner('ALTER TABLE directory_users SET (autovacuum_enabled = false)');
  await db.asOwner('ALTER TABLE memberships SET (autovacuum_enabled = false)');
  const world = await snapshotWorld(db);
  const everybody = people(1_200);
  const ids = everybody.map((record) => (record.kind === 'user' ? record.user.sourceId : ''));
  expect(await known('directory_users')).toBe(0);
  await world.run([...everybody, ...team('red', ...ids), ...team('blue', ...ids)]);
  expect(await known('directory_users')).toBeGreaterThan(5);
  expect(await known('memberships')).toBeGreaterThan(3);
}, 60_000);

it('does not look again at what has hardly grown', async () => {
  const looked = (): Promise<unknown> =>
    db.asOwner(`SELECT pg_stat_force_next_flush() IS NULL AS f, relname, analyze_count FROM pg_stat_user_tables
      WHERE analyze_count > 0 ORDER BY relname`);
  const before = await looked();
  for (let i = 0; i < 3; i++) await refreshStatistics(db.database);
  expect(await looked()).toEqual(before);
});

it('lets the server look at what only SCIM fills', async () => {
  for (const [table, column] of [
    ['pending_memberships', 'value'],
    ['nested_groups', 'member_id'],
  ] as const) {
    await db.asOwner(`ALTER TABLE ${table} SET (autovacuum_enabled = false)`);
    // Whether the groups are there makes no difference here.
    await db.asOwner(`SET session_replication_role = replica;
      INSERT INTO ${table} (environment_id, directory_id, group_id, ${column}, created_at)
      SELECT 'environment_1', 'directory_1', 'group_1', 'value ' || n, now() FROM generate_series(1, 1000) n;
      RESET session_replication_role`);
    expect(await known(table)).toBe(0);
    await refreshStatistics(db.database);
    expect(await known(table)).toBeGreaterThan(4);
  }
});

it('asks once for every thousand things', async () => {
  let asked = 0;
  const query = (): Promise<[]> => {
    asked += 1;
    return Promise.resolve([]);
  };
  const growth = new Growth({ query });
  for (let i = 0; i < 30; i++) await growth.add(100);
  expect(asked).toBe(3);
});

it('may be asked for by the service only', async () => {
  const rows =
    await db.asOwner(`SELECT has_function_privilege('rollcall_app', 'refresh_statistics()', 'EXECUTE') AS app,
    EXISTS (SELECT FROM pg_proc p, aclexplode(p.proacl) a WHERE p.proname = 'refresh_statistics' AND a.grantee = 0) AS everybody`);
  expect(rows).toEqual([{ app: true, everybody: false }]);
});
