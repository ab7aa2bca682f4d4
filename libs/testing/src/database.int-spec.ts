import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { createTestDatabase, type TestDatabase } from './database.js';

describe('createTestDatabase', () => {
  let test: TestDatabase;

  beforeAll(async () => {
    test = await createTestDatabase();
  });

  afterAll(() => test.drop());

  it('gives connections that are the application and own nothing', async () => {
    const [row] = await test.database.query({
      text: `SELECT current_user AS user, current_setting('timezone') AS zone,
                    current_setting('statement_timeout') AS statement, current_setting('lock_timeout') AS lock`,
    });
    expect(row).toEqual({ user: 'rollcall_app', zone: 'UTC', statement: '30s', lock: '15s' });
    await expect(test.pool.query('CREATE TABLE t (id int)')).rejects.toThrow('permission denied');
  });

  it('keeps its data apart from other test databases', async () => {
    const other = await createTestDatabase();
    await test.pool.query(`INSERT INTO environments (id, name) VALUES ('environment_1', 'one')`);
    expect((await other.pool.query('SELECT FROM environments')).rowCount).toBe(0);
    await other.drop();
  });

  it('reads bigint as number and times as ISO 8601 text, by pool and by TypeORM', async () => {
    const sql = `SELECT 9007199254740991::bigint AS big, '2026-11-23 22:00:00.12+02'::timestamptz(3) AS at, '{"a":[1]}'::jsonb AS json`;
    const expected = { big: 9007199254740991, at: '2026-11-23T20:00:00.120Z', json: { a: [1] } };
    expect((await test.pool.query(sql)).rows).toEqual([expected]);
    expect(await test.dataSource.query(sql)).toEqual([expected]);
  });

  it('survives the loss of a connection that somebody holds', async () => {
    const held = await test.pool.connect();
    const { rows } = await held.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    await test.asOwner('SELECT pg_terminate_backend($1)', [rows[0]?.pid]);
    await expect(held.query('SELECT 1')).rejects.toThrow();
    held.release(true);
    expect((await test.pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  });
});
