import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Column, Entity, PrimaryColumn } from 'typeorm';

import { createEmptyDatabase } from '#testing';

import { openDatabase } from './open-database.js';

@Entity('environments')
class EnvironmentRow {
  @PrimaryColumn('text')
  id!: string;

  @Column('text')
  name!: string;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;
}

@Entity('streams')
class StreamRow {
  @PrimaryColumn('text', { name: 'environment_id' })
  environmentId!: string;

  @PrimaryColumn('text', { name: 'stream_id' })
  streamId!: string;

  @Column('bigint')
  sequence!: number;
}

describe('openDatabase', () => {
  let folder = '';

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'rollcall-open-'));
    await chmod(folder, 0o711);
  });

  afterEach(() => rm(folder, { recursive: true }));

  it('makes any PostgreSQL ready, with entities on the same connections', async () => {
    const test = await createEmptyDatabase();
    const entities = [EnvironmentRow, StreamRow];
    const opened = await openDatabase({ databaseUrl: test.url, dataDir: folder, entities });
    const environments = opened.appDataSource.getRepository(EnvironmentRow);
    await environments.save({ id: 'environment_1', name: 'one', createdAt: new Date(1_700_000_000_123) });
    const found = await environments.findOneByOrFail({ id: 'environment_1' });
    expect(found.createdAt).toEqual(new Date(1_700_000_000_123));
    await opened.appDataSource
      .getRepository(StreamRow)
      .save({ environmentId: 'environment_1', streamId: 's', sequence: 5 });
    expect((await opened.appDataSource.getRepository(StreamRow).find())[0]?.sequence).toBe(5);
    expect((await opened.pool.query('SELECT created_at FROM environments')).rows).toEqual([
      { created_at: '2023-11-14T22:13:20.123Z' },
    ]);
    expect(opened.epoch).toBe(1);
    await opened.close();
    await test.drop();
  });

  it('does the work of the owner as the owner, and only that', async () => {
    const test = await createEmptyDatabase();
    const opened = await openDatabase({ databaseUrl: test.url, dataDir: folder });
    const user = 'SELECT current_user AS name';
    const [row] = await opened.asOwner((owner) => owner.query<{ name: string }[]>(user));
    expect(row?.name).toBe(new URL(test.url).username);
    expect((await opened.pool.query(user)).rows).toEqual([{ name: 'rollcall_app' }]);
    await opened.close();
    await test.drop();
  });

  it('brings its own PostgreSQL when no other is named, and finds everything again', async () => {
    const settings = { dataDir: join(folder, 'data'), systemDir: join(folder, 'system') };
    const first = await openDatabase(settings);
    await first.pool.query(`INSERT INTO environments (id, name) VALUES ('environment_1', 'one')`);
    await first.close();
    const second = await openDatabase(settings);
    expect((await second.pool.query('SELECT name FROM environments')).rows).toEqual([{ name: 'one' }]);
    expect(second.epoch).toBe(1);
    await second.close();
  });

  it('stops its own PostgreSQL when it cannot be used', async () => {
    const settings = { dataDir: join(folder, 'data'), systemDir: join(folder, 'system') };
    const first = await openDatabase(settings);
    await first.asOwner((owner) => owner.query('DELETE FROM migrations'));
    await first.close();
    await expect(openDatabase(settings)).rejects.toMatchObject({ code: 'half_migrated' });
    await expect(openDatabase(settings)).rejects.toMatchObject({ code: 'half_migrated' });
  });
});
