import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { newId } from '#kernel';
import { createTestDatabase, type TestDatabase } from '#testing';

let test: TestDatabase;
let environmentId: string;

beforeAll(async () => {
  test = await createTestDatabase();
});
afterAll(() => test.drop());

beforeEach(async () => {
  environmentId = newId('environment');
  await test.pool.query('INSERT INTO environments (id, name) VALUES ($1, $1)', [environmentId]);
  for (const directory of ['d1', 'd2']) {
    await test.pool.query(
      `INSERT INTO directories (environment_id, id, organization_id, name, type, external_key, state, created_at, updated_at)
       VALUES ($1, $2, 'o', 'D', 'scim', $1 || $2, 'linked', now(), now())`,
      [environmentId, directory],
    );
    for (const id of ['u1', 'u2', 'u3'])
      await test.pool.query(
        `INSERT INTO directory_users (environment_id, directory_id, id, user_name, user_name_key, emails, active,
           asserted_active, raw, folded, custom_attributes, version, created_at, updated_at)
         VALUES ($1, $2, $2 || $3, $3, $3, '[]', true, true, '{}', '{}', '{}', 1, now(), now())`,
        [environmentId, directory, id],
      );
    for (const id of ['g1', 'g2'])
      await test.pool.query(
        `INSERT INTO directory_groups (environment_id, directory_id, id, name, name_key, raw, folded, version,
           created_at, updated_at, last_modified)
         VALUES ($1, $2, $2 || $3, $3, $3, '{}', '{}', 1, now(), now(), now())`,
        [environmentId, directory, id],
      );
  }
});

const add = (directory: string, ...pairs: string[]): Promise<unknown> =>
  test.pool.query(
    `INSERT INTO memberships (environment_id, directory_id, group_id, user_id, created_at)
     SELECT $1, $2, split_part(pair, ' ', 1), split_part(pair, ' ', 2), now() FROM unnest($3::text[]) AS pair`,
    [environmentId, directory, pairs],
  );
/** The rows of the directory `d1`, in another environment. */
async function copyInto(other: string, table: string, externalKey: string): Promise<void> {
  const { rows } = await test.pool.query<{ name: string }>(
    `SELECT column_name AS name FROM information_schema.columns WHERE table_name = $1 AND is_generated = 'NEVER'`,
    [table],
  );
  const from: Readonly<Record<string, string>> = { environment_id: '$2', external_key: externalKey };
  const names = rows.map(({ name }) => name);
  await test.pool.query(
    `INSERT INTO ${table} (${names.join(', ')}) SELECT ${names.map((name) => from[name] ?? name).join(', ')}
     FROM ${table} WHERE environment_id = $1 AND ${table === 'directories' ? 'id' : 'directory_id'} = 'd1'`,
    [environmentId, other],
  );
}

const known = async (): Promise<number> =>
  (await test.pool.query('SELECT FROM memberships WHERE environment_id = $1', [environmentId])).rows.length;

describe('the database takes a membership only', () => {
  it('when both ends are in its directory', async () => {
    await add('d1', 'd1g1 d1u1', 'd1g1 d1u2', 'd1g2 d1u1');
    expect(await known()).toBe(3);
  });

  it.each([
    ['a user who is not there', ['d1g1 nobody']],
    ['a group that is not there', ['nothing d1u1']],
    ['a user of another directory', ['d1g1 d2u1']],
    ['a group of another directory', ['d2g1 d1u1']],
    ['one of many that is wrong', ['d1g1 d1u1', 'd1g1 d1u2', 'd1g2 d2u3']],
  ])('not for %s', async (_, pairs) => {
    await expect(add('d1', ...pairs)).rejects.toMatchObject({ code: '23503', table: 'memberships' });
    expect(await known()).toBe(0);
  });

  it.each(['directory_users', 'directory_groups'])(
    'not with one of %s of another environment, whatever its ids are',
    async (table) => {
      const other = newId('environment');
      await test.pool.query('INSERT INTO environments (id, name) VALUES ($1, $1)', [other]);
      // A directory of the same id that lacks nothing but the one end.
      const copied = { directories: "'k' || external_key", directory_users: '', directory_groups: '' };
      for (const [name, key] of Object.entries(copied)) if (name !== table) await copyInto(other, name, key);
      await expect(
        add('d1', 'd1g1 d1u1').then(() => copyInto(other, 'memberships', '')),
      ).rejects.toMatchObject({
        code: '23503',
        table: 'memberships',
      });
      await copyInto(other, table, '');
      await copyInto(other, 'memberships', '');
    },
  );

  it('also when it is changed into another', async () => {
    await add('d1', 'd1g1 d1u1', 'd1g1 d1u2');
    await expect(
      test.pool.query(
        `UPDATE memberships SET user_id = 'd2u1' WHERE environment_id = $1 AND user_id = 'd1u2'`,
        [environmentId],
      ),
    ).rejects.toMatchObject({ code: '23503' });
  });
});

describe('the database lets go', () => {
  const drop = (table: string, id: string): Promise<unknown> =>
    test.pool.query(`DELETE FROM ${table} WHERE environment_id = $1 AND id = $2`, [environmentId, id]);

  it.each([
    ['directory_users', 'd1u1'],
    ['directory_groups', 'd1g1'],
  ])('of a row of %s only without memberships', async (table, id) => {
    await add('d1', 'd1g1 d1u1', 'd1g2 d1u2');
    await expect(drop(table, id)).rejects.toMatchObject({ code: '23503', table });
    await test.pool.query('DELETE FROM memberships WHERE environment_id = $1 AND user_id = $2', [
      environmentId,
      'd1u1',
    ]);
    await drop(table, id);
    expect(await known()).toBe(1);
  });
});

it('keeps streams, which events belong to', async () => {
  await expect(test.pool.query('DELETE FROM streams')).rejects.toThrow('permission denied');
});
