import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Pool } from 'pg';
import { createTestDatabase, type TestDatabase } from '#testing';
import { Database } from './database.js';
import { RetryableError } from './errors.js';
import { poolOptions } from './pool.js';

const INSERT = 'INSERT INTO environments (id, name) VALUES ($1, $2)';

describe.each([true, false])('Database.pipelined with pipeline: %s', (pipeline) => {
  let test: TestDatabase;
  let pool: Pool;
  let database: Database;

  beforeAll(async () => {
    test = await createTestDatabase();
    pool = new Pool(poolOptions(test.url, { role: 'app', poolSize: 2, pipeline }));
    database = new Database(pool);
  });
  afterAll(async () => {
    await pool.end();
    await test.drop();
  });
  beforeEach(() => test.asOwner('TRUNCATE environments CASCADE'));

  function names(): Promise<{ name: string }[]> {
    return database.query({ text: 'SELECT name FROM environments ORDER BY id' });
  }

  function insert(...rows: [string, string][]): Promise<string> {
    return database.pipelined((tx) =>
      Promise.resolve({
        result: 'done',
        writes: Promise.all(rows.map((values) => tx.query({ name: 'insert', text: INSERT, values }))),
      }),
    );
  }

  it('commits the writes that it does not wait for, in their order', async () => {
    expect(await insert(['e1', 'first'], ['e2', 'second'])).toBe('done');
    expect(await names()).toEqual([{ name: 'first' }, { name: 'second' }]);
  });

  it('keeps nothing when one of them fails, and says which', async () => {
    await expect(insert(['e1', 'first'], ['e1', 'again'], ['e2', 'second'])).rejects.toMatchObject({
      code: '23505',
    });
    expect(await names()).toEqual([]);
    expect(await insert(['e3', 'the connection is good'])).toBe('done');
  });

  it('keeps nothing when the work fails after it has started a write', async () => {
    const work = database.pipelined(async (tx) => {
      await tx.query({ text: INSERT, values: ['e1', 'first'] });
      throw new Error('no');
    });
    await expect(work).rejects.toThrow('no');
    expect(await names()).toEqual([]);
  });

  it('tells why there was no lock, not what failed because of it', async () => {
    const holder = await pool.connect();
    await holder.query('BEGIN; SELECT pg_advisory_xact_lock(7)');
    const work = database.pipelined(
      (tx) => Promise.resolve({ result: 1, writes: tx.query({ text: INSERT, values: ['e1', 'first'] }) }),
      `SET LOCAL lock_timeout = '50ms'; SELECT pg_advisory_xact_lock(7)`,
    );
    await expect(work).rejects.toBeInstanceOf(RetryableError);
    await holder.query('ROLLBACK');
    holder.release();
    expect(await names()).toEqual([]);
  });

  it('refuses a statement that would come after the COMMIT', async () => {
    const late = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
    const work = database.pipelined((tx) =>
      Promise.resolve({
        result: 1,
        writes: late(20).then(() => tx.query({ text: INSERT, values: ['e1', 'first'] })),
      }),
    );
    await expect(work).rejects.toThrow('after the end of its transaction');
    expect(await names()).toEqual([]);
  });
});
