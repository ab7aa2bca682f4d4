import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';

import { createTestDatabase, type TestDatabase } from '#testing';

import { createDataSource } from './create-data-source.js';
import { ensureEpoch } from './ensure-epoch.js';

describe('ensureEpoch', () => {
  let test: TestDatabase;
  let owner: DataSource;

  beforeEach(async () => {
    test = await createTestDatabase();
    owner = await createDataSource(test.url, { role: 'owner' }).initialize();
    await test.pool.query(`INSERT INTO environments (id, name) VALUES ('environment_1', 'one')`);
    await test.pool.query(
      `INSERT INTO streams (environment_id, stream_id) VALUES ('environment_1', 'directory_1')`,
    );
  });

  afterEach(async () => {
    await owner.destroy();
    await test.drop();
  });

  function insertEvent(xid: string): Promise<unknown> {
    return test.asOwner(
      `INSERT INTO events (environment_id, stream_id, sequence, id, type, body, epoch, xid, created_at)
       SELECT 'environment_1', 'directory_1', count(*) + 1, 'event_' || count(*), 'dsync.user.created', '{}', 1, $1::text::xid8, now()
         FROM events`,
      [xid],
    );
  }

  it('starts with the first and stays with it', async () => {
    await test.asOwner('DELETE FROM log_epochs');
    expect([await ensureEpoch(owner), await ensureEpoch(owner)]).toEqual([1, 1]);
    const [row] = await test.asOwner('SELECT epoch, cluster_identity FROM log_epochs');
    expect(row).toEqual({ epoch: 1, cluster_identity: expect.stringMatching(/^\d{10,}\/[0-9A-F]{8}$/) });
  });

  it('goes up when the database has come to another cluster', async () => {
    await test.asOwner(`UPDATE log_epochs SET cluster_identity = '4711/00000001'`);
    expect([await ensureEpoch(owner), await ensureEpoch(owner)]).toEqual([2, 2]);
  });

  it('goes up when the log has seen later transaction ids than are given out', async () => {
    await insertEvent('5');
    expect(await ensureEpoch(owner)).toBe(1);
    await insertEvent('99999999999');
    expect([await ensureEpoch(owner), await ensureEpoch(owner)]).toEqual([2, 2]);
  });

  it('goes up once when several processes notice', async () => {
    // Connections that are there already, or they would come one after the other.
    await Promise.all([1, 2, 3, 4].map(() => owner.query('SELECT pg_sleep(0.2)')));
    await test.asOwner(`UPDATE log_epochs SET cluster_identity = '4711/00000001'`);
    expect(await Promise.all([1, 2, 3, 4].map(() => ensureEpoch(owner)))).toEqual([2, 2, 2, 2]);
  });
});
