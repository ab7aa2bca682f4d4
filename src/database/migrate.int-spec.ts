import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { createEmptyDatabase, type EmptyDatabase } from '#testing';

import { createDataSource } from './create-data-source.js';
import { DatabaseError } from './database.errors.js';
import { migrate } from './migrate.js';
import { MIGRATION_NAMES } from './migrations.js';

describe('migrate', () => {
  let test: EmptyDatabase;
  let roles: string[] = [];

  beforeEach(async () => {
    test = await createEmptyDatabase();
    roles = [];
  });

  afterEach(async () => {
    const { asOwner } = test;
    for (const role of roles)
      await asOwner(`DROP OWNED BY ${role}; REASSIGN OWNED BY ${role} TO CURRENT_USER`);
    await test.drop();
    const other = await createEmptyDatabase();
    for (const role of roles) await other.asOwner(`DROP ROLE ${role}`);
    await other.drop();
  });

  /** A user without superuser rights who owns the database, as on a managed service. */
  async function ownedBy(name: string, options: string): Promise<string> {
    const role = `${name}_${new URL(test.url).pathname.slice(1)}`;
    await test.asOwner(`CREATE ROLE ${role} LOGIN PASSWORD 'secret' ${options}`);
    await test.asOwner(`ALTER DATABASE ${new URL(test.url).pathname.slice(1)} OWNER TO ${role}`);
    roles.push(role);
    const url = new URL(test.url);
    url.username = role;
    url.password = 'secret';
    return url.href;
  }

  async function refusal(url: string): Promise<DatabaseError> {
    const error = await migrate(url).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(DatabaseError);
    expect((error as Error).message).not.toContain('\n');
    return error as DatabaseError;
  }

  it('runs every migration, and nothing the second time', async () => {
    expect(await migrate(test.url)).toEqual(MIGRATION_NAMES);
    expect(await migrate(test.url)).toEqual([]);
    const records = await test.asOwner('SELECT name FROM migrations ORDER BY id');
    expect(records.map(({ name }) => name)).toEqual(MIGRATION_NAMES);
  });

  it('lets several processes start at once', async () => {
    const ran = await Promise.all([1, 2, 3, 4].map(() => migrate(test.url)));
    expect(ran.filter((names) => names.length > 0)).toEqual([MIGRATION_NAMES]);
  });

  it('keeps the application from the record of migrations and from changing the log', async () => {
    await migrate(test.url);
    const app = await createDataSource(test.url, { role: 'app' }).initialize();
    await expect(app.query('DELETE FROM migrations')).rejects.toThrow('permission denied');
    await expect(app.query('UPDATE events SET body = body')).rejects.toThrow('permission denied');
    expect(await app.query('SELECT count(*) AS n FROM migrations')).toEqual([{ n: MIGRATION_NAMES.length }]);
    await app.destroy();
  });

  it('works for an owner who is no superuser but may create roles', async () => {
    const url = await ownedBy('creator', 'CREATEROLE');
    await test
      .asOwner(`GRANT rollcall_app TO ${roles[0]} WITH ADMIN TRUE, INHERIT FALSE, SET FALSE`)
      .catch(() => undefined);
    await migrate(url);
    const app = await createDataSource(url, { role: 'app' }).initialize();
    expect(await app.query('SELECT current_user AS name')).toEqual([{ name: 'rollcall_app' }]);
    await app.destroy();
  });

  it('says what a superuser has to run when the owner may not have the role', async () => {
    const url = await ownedBy('plain', '');
    const error = await refusal(url);
    expect(error.code).toBe('privilege');
    expect(error.message).toContain(`GRANT rollcall_app TO "${roles[0]}";`);
  });

  it('gives the role its rights back after a restore that lost them', async () => {
    await migrate(test.url);
    await test.asOwner('REVOKE ALL ON ALL TABLES IN SCHEMA public FROM rollcall_app');
    await migrate(test.url);
    const app = await createDataSource(test.url, { role: 'app' }).initialize();
    expect(await app.query('SELECT FROM directories')).toEqual([]);
    await expect(app.query('DELETE FROM events')).rejects.toThrow('permission denied');
    await app.destroy();
  });

  it('refuses a database that has the tables but not the record', async () => {
    await migrate(test.url);
    await test.asOwner('DELETE FROM migrations');
    const error = await refusal(test.url);
    expect(error.code).toBe('half_migrated');
    expect(error.message).toContain(MIGRATION_NAMES[0]);
  });

  it('refuses a database that a newer release has migrated', async () => {
    await migrate(test.url);
    await test.asOwner(`INSERT INTO migrations (timestamp, name) VALUES (1, 'AddTomorrow20991231000000')`);
    const error = await refusal(test.url);
    expect(error.code).toBe('newer');
    expect(error.message).toContain('AddTomorrow20991231000000');
  });

  it('keeps nothing of a migration that fails, and says which one it was', async () => {
    await test.asOwner('CREATE TABLE organizations ()');
    const error = await refusal(test.url);
    expect(error).toMatchObject({ code: 'migration_failed' });
    expect(error.message).toMatch(/^The migration CreateSchema\d+ failed: .*"organizations" already exists/);
    await test.asOwner('DROP TABLE organizations');
    expect(await migrate(test.url)).toEqual(MIGRATION_NAMES);
  });

  it.each([
    ['unreachable', (url: URL) => (url.port = '1')],
    ['refused', (url: URL) => (url.password = 'wrong')],
    ['missing', (url: URL) => (url.pathname = '/nowhere')],
  ])('says in one line that the server is %s', async (code, spoil) => {
    const url = new URL(test.url);
    spoil(url);
    expect((await refusal(url.href)).code).toBe(code);
  });
});
