import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '#testing';
import { textArray } from './text-array.js';

let db: TestDatabase;

beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.drop());

it.each([
  ['nothing', []],
  ['one word', ['a']],
  ['null among values', ['a', null, '', null]],
  ['what has to be escaped as text', ['"', '\\', '{a,b}', 'NULL', ' spaces ', 'line\nbreak']],
  ['characters of one to four bytes', ['aéह𐍈', '名前', '😀']],
  ['long values', ['x'.repeat(100_000), 'é'.repeat(70_000)]],
])('carries %s to the database as it is', async (_, values) => {
  const [row] = await db.database.query<{ values: unknown; text: boolean }>({
    text: `SELECT $1::text[] AS "values", $1::text[]::text = $2::text[]::text AS text`,
    values: [textArray(values), values],
  });
  expect(row).toEqual({ values, text: true });
});

it('is understood by UNNEST beside other arrays', async () => {
  const rows = await db.database.query({
    text: 'SELECT * FROM unnest($1::text[], $2::text[], $3::integer[]) AS r (a, b, c)',
    values: [textArray(['x', 'y']), textArray([null, '"']), [1, 2]],
  });
  expect(rows).toEqual([
    { a: 'x', b: null, c: 1 },
    { a: 'y', b: '"', c: 2 },
  ]);
});
