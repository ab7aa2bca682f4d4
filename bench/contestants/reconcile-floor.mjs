/*
 * The floor of the reconcile benchmark: COPY into unlogged tables without an index, the set difference in SQL, and the
 * difference applied in one transaction with one outbox row for each change. No guard, no proof of absence, no resume,
 * no identity of its own, no full event bodies.
 */
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';

import { answer, stayAlive } from '../harness/probe.mjs';
import { edgesOf, groupsOf, peopleOf } from '../load/source-people.mjs';

const CHUNK = 64 * 1_024;

const SCHEMA = `
CREATE TABLE people (id text COLLATE "C" PRIMARY KEY, digest text NOT NULL, record jsonb NOT NULL);
CREATE TABLE groups (id text COLLATE "C" PRIMARY KEY, digest text NOT NULL, record jsonb NOT NULL);
CREATE TABLE members (group_id text COLLATE "C", person_id text COLLATE "C", PRIMARY KEY (group_id, person_id));
CREATE TABLE outbox (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, type text NOT NULL, body jsonb NOT NULL);
CREATE UNLOGGED TABLE staged_people (id text COLLATE "C", digest text, record text);
CREATE UNLOGGED TABLE staged_groups (id text COLLATE "C", digest text, record text);
CREATE UNLOGGED TABLE staged_members (group_id text COLLATE "C", person_id text COLLATE "C")`;

const records = (table) => `
WITH changed AS (
  INSERT INTO ${table} SELECT s.id, s.digest, s.record::jsonb FROM staged_${table} s
  LEFT JOIN ${table} t ON t.id = s.id WHERE t.digest IS DISTINCT FROM s.digest
  ON CONFLICT (id) DO UPDATE SET digest = excluded.digest, record = excluded.record RETURNING record)
INSERT INTO outbox (type, body) SELECT '${table}.changed', record FROM changed`;

const gone = (table) => `
WITH gone AS (
  DELETE FROM ${table} t WHERE NOT EXISTS (SELECT FROM staged_${table} s WHERE s.id = t.id) RETURNING record)
INSERT INTO outbox (type, body) SELECT '${table}.gone', record FROM gone`;

const MEMBERS_GONE = `
WITH gone AS (
  DELETE FROM members m WHERE NOT EXISTS (
    SELECT FROM staged_members s WHERE s.group_id = m.group_id AND s.person_id = m.person_id) RETURNING *)
INSERT INTO outbox (type, body) SELECT 'member.gone', to_jsonb(gone) FROM gone`;

const MEMBERS_NEW = `
WITH added AS (
  INSERT INTO members SELECT s.group_id, s.person_id FROM staged_members s
  LEFT JOIN members m ON m.group_id = s.group_id AND m.person_id = s.person_id WHERE m.group_id IS NULL
  ON CONFLICT DO NOTHING RETURNING *)
INSERT INTO outbox (type, body) SELECT 'member.added', to_jsonb(added) FROM added`;

const STEPS = [
  records('people'),
  records('groups'),
  gone('people'),
  gone('groups'),
  MEMBERS_GONE,
  MEMBERS_NEW,
];

const client = new pg.Client(process.env.DATABASE_URL);
let size;

answer('setup', async (options) => {
  size = options.size;
  await client.connect();
  if (options.directory === null) await client.query(SCHEMA);
  return {};
});

answer('run', async ({ round }) => {
  const started = performance.now();
  await client.query('TRUNCATE staged_people, staged_groups, staged_members');
  await copy('staged_people (id, digest, record)', recordLines(peopleOf(size, round)));
  await copy('staged_groups (id, digest, record)', recordLines(groupsOf(size)));
  await copy('staged_members (group_id, person_id)', edgeLines(edgesOf(size, round)));
  const staged = performance.now();
  await client.query('ANALYZE staged_people, staged_groups, staged_members');
  await client.query('BEGIN');
  await client.query(`SET LOCAL work_mem = '64MB'`);
  let rows = 0;
  for (const step of STEPS) rows += (await client.query(step)).rowCount;
  await client.query('COMMIT');
  const applied = performance.now();
  return { rows, stageMs: staged - started, applyMs: applied - staged };
});

answer('settle', () => client.query('VACUUM ANALYZE'));

function copy(target, lines) {
  return pipeline(Readable.from(inChunks(lines)), client.query(copyFrom(`COPY ${target} FROM STDIN`)));
}

function* inChunks(lines) {
  let chunk = '';
  for (const line of lines) {
    chunk += line;
    if (chunk.length < CHUNK) continue;
    yield chunk;
    chunk = '';
  }
  if (chunk !== '') yield chunk;
}

function* recordLines(items) {
  for (const item of items) {
    const content = item.user ?? item.group;
    const text = JSON.stringify(content);
    const digest = createHash('sha256').update(text).digest('base64url');
    yield `${content.sourceId}\t${digest}\t${text.replaceAll('\\', '\\\\')}\n`;
  }
}

function* edgeLines(edges) {
  for (const [group, person] of edges) yield `${group}\t${person}\n`;
}
stayAlive();
