/*
 * The floor of the SCIM benchmark: the least that keeps the promise "answered means durable, and its event is in the
 * outbox". Bare node:http and pg, prepared statements, no authentication, no SCIM.
 */
import { randomUUID } from 'node:crypto';
import pg from 'pg';

import { answer } from '../harness/probe.mjs';
import { filteredName, readJson, sendJson, serve } from './http-server.mjs';

const SCHEMA = `
CREATE TABLE users (
  id uuid PRIMARY KEY,
  directory_id integer NOT NULL,
  user_name text NOT NULL,
  data jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (directory_id, user_name)
);
CREATE TABLE outbox (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  directory_id integer NOT NULL,
  type text NOT NULL,
  payload text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);`;

const LOOK_UP = {
  name: 'look_up',
  text: 'SELECT id, data FROM users WHERE directory_id = $1 AND user_name = $2',
};
const INSERT_USER = {
  name: 'insert_user',
  text: 'INSERT INTO users (id, directory_id, user_name, data) VALUES ($1, $2, $3, $4)',
};
const INSERT_OUTBOX = {
  name: 'insert_outbox',
  text: 'INSERT INTO outbox (directory_id, type, payload) VALUES ($1, $2, $3)',
};

const pool = new pg.Pool({
  connectionString: process.env.DATABASE_URL,
  max: Number(process.env.POOL_SIZE),
});
await pool.query(SCHEMA);
const origin = await serve(handle);

let directories = 0;
answer('targets', ({ count }) =>
  Array.from({ length: count }, () => ({ url: `${origin}/${(directories += 1)}`, token: 'none' })),
);

async function handle(request, response) {
  const url = new URL(request.url, origin);
  const directoryId = Number(url.pathname.split('/')[1]);
  if (request.method === 'GET') return lookUp(response, directoryId, filteredName(url.searchParams));
  return create(response, directoryId, await readJson(request));
}

async function lookUp(response, directoryId, name) {
  const { rows } = await pool.query({ ...LOOK_UP, values: [directoryId, name] });
  const resources = rows.map(({ id, data }) => ({ ...data, id }));
  sendJson(response, 200, { totalResults: resources.length, Resources: resources });
}

async function create(response, directoryId, user) {
  const id = randomUUID();
  const data = JSON.stringify(user);
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await client.query({ ...INSERT_USER, values: [id, directoryId, user.userName, data] });
    await client.query({ ...INSERT_OUTBOX, values: [directoryId, 'user.created', data] });
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  } finally {
    client.release();
  }
  sendJson(response, 201, { ...user, id });
}
