/*
 * The floor of the benchmark of single SCIM operations: for each the least that keeps the promise "answered means durable,
 * and what changed is in the outbox". Bare node:http and pg, prepared statements, no authentication, no SCIM, no guard.
 */
import { randomUUID } from 'node:crypto';
import pg from 'pg';

import { answer } from '../harness/probe.mjs';
import { filteredName, readJson, sendJson, serve } from './http-server.mjs';

const SCHEMA = `
CREATE TABLE users (id uuid PRIMARY KEY, user_name text NOT NULL UNIQUE, data jsonb NOT NULL);
CREATE TABLE groups (id uuid PRIMARY KEY, data jsonb NOT NULL);
CREATE TABLE members (group_id uuid REFERENCES groups, user_id uuid REFERENCES users, PRIMARY KEY (group_id, user_id));
CREATE TABLE outbox (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, type text NOT NULL, payload text NOT NULL);`;

const STATEMENTS = {
  look_up: 'SELECT id, data FROM users WHERE user_name = $1',
  insert_user: 'INSERT INTO users (id, user_name, data) VALUES ($1, $2, $3)',
  insert_group: 'INSERT INTO groups (id, data) VALUES ($1, $2)',
  lock_user: 'SELECT data FROM users WHERE id = $1 FOR UPDATE',
  lock_group: 'SELECT data FROM groups WHERE id = $1 FOR UPDATE',
  update_user: 'UPDATE users SET data = $2 WHERE id = $1',
  insert_members: `INSERT INTO members SELECT $1, id FROM unnest($2::uuid[]) AS id ON CONFLICT DO NOTHING
    RETURNING user_id`,
  delete_members: 'DELETE FROM members WHERE group_id = $1 AND user_id = ANY($2::uuid[]) RETURNING user_id',
  select_users: 'SELECT data FROM users WHERE id = ANY($1::uuid[])',
  insert_outbox: 'INSERT INTO outbox (type, payload) SELECT $1, payload FROM unnest($2::text[]) AS payload',
};

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: Number(process.env.POOL_SIZE) });
await pool.query(SCHEMA);
const origin = await serve(handle);

answer('targets', () => [{ url: `${origin}/scim`, token: 'none' }]);

async function handle(request, response) {
  const url = new URL(request.url, origin);
  const [, , type, id] = url.pathname.split('/');
  if (request.method === 'GET') return lookUp(response, filteredName(url.searchParams));
  const body = await readJson(request);
  if (request.method === 'POST') return create(response, type, body);
  return type === 'Users' ? patchUser(response, id, body) : patchGroup(response, id, body);
}

async function lookUp(response, name) {
  const rows = await run(pool, 'look_up', [name]);
  const resources = rows.map(({ id, data }) => ({ ...data, id }));
  sendJson(response, 200, { totalResults: resources.length, Resources: resources });
}

async function create(response, type, { members, ...resource }) {
  const id = randomUUID();
  const data = JSON.stringify(resource);
  await transaction(async (client) => {
    if (type === 'Users') await run(client, 'insert_user', [id, resource.userName, data]);
    else await run(client, 'insert_group', [id, data]);
    await run(client, 'insert_outbox', ['created', [data]]);
    if (members?.length > 0) await add(client, { id, data: resource }, members);
  });
  sendJson(response, 201, { ...resource, id });
}

/** Read, changed and written whole under a lock, as a PATCH needs it. */
async function patchUser(response, id, { Operations }) {
  const data = await transaction(async (client) => {
    const [{ data: before }] = await run(client, 'lock_user', [id]);
    const after = { ...before };
    for (const { path, value } of Operations)
      Object.assign(after, path === undefined ? value : { [path]: value });
    await run(client, 'update_user', [id, JSON.stringify(after)]);
    await run(client, 'insert_outbox', ['updated', [JSON.stringify({ before, after })]]);
    return after;
  });
  sendJson(response, 200, { ...data, id });
}

async function patchGroup(response, id, { Operations }) {
  await transaction(async (client) => {
    const [{ data }] = await run(client, 'lock_group', [id]);
    for (const { op, path, value } of Operations)
      if (op === 'add') await add(client, { id, data }, value);
      else await remove(client, { id, data }, /"(.*)"/.exec(path)[1]);
  });
  response.writeHead(204).end();
}

/** Each membership is announced with whom and what it connects. */
async function add(client, group, members) {
  const rows = await run(client, 'insert_members', [group.id, members.map(({ value }) => value)]);
  await announce(client, { group, type: 'added', rows });
}

async function remove(client, group, userId) {
  const rows = await run(client, 'delete_members', [group.id, [userId]]);
  await announce(client, { group, type: 'removed', rows });
}

async function announce(client, { group, type, rows }) {
  const users = await run(client, 'select_users', [rows.map((row) => row.user_id)]);
  const payloads = users.map(({ data }) => JSON.stringify({ user: data, group: group.data }));
  await run(client, 'insert_outbox', [type, payloads]);
}

async function run(client, name, values) {
  return (await client.query({ name, text: STATEMENTS[name], values })).rows;
}

async function transaction(work) {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  } finally {
    client.release();
  }
}
