/*
 * Rollcall's dispatcher: a worker process, and an API process beside it that is idle while the worker is measured.
 * Events are put into the log by SQL, in one transaction, in a stream that the endpoints already listen to.
 */
import pg from 'pg';

import { makeEvents } from '../load/events.mjs';
import { Rollcall } from './rollcall.mjs';

const CHUNK = 5_000;
const SETTLE_MS = 1_000;

const TAKE_NUMBERS = `
UPDATE streams SET sequence = sequence + $3 WHERE environment_id = $1 AND stream_id = $2 RETURNING sequence`;

const INSERT = `
INSERT INTO events (environment_id, stream_id, sequence, id, type, organization_id, body, epoch, created_at)
SELECT $1, $2, e.sequence, e.id, 'dsync.user.created', NULL, e.body, (SELECT max(epoch) FROM log_epochs),
  to_timestamp(e."timeMs" / 1000.0)
FROM json_to_recordset($3::json) AS e (sequence bigint, id text, body text, "timeMs" bigint)`;

export async function startRollcallWorker({ databaseUrl, nodeArgs }) {
  const rollcall = new Rollcall(databaseUrl);
  const database = new pg.Client(databaseUrl);
  database.on('error', () => undefined);
  const stop = async () => {
    await rollcall.stop();
    await database.end();
  };
  try {
    await rollcall.start('api');
    const child = await rollcall.start('worker', nodeArgs);
    await database.connect();
    return { name: 'rollcall', child, stop, ...work(rollcall, database) };
  } catch (error) {
    await stop().catch(() => undefined);
    throw error;
  }
}

function work(rollcall, database) {
  const scenarios = new Map();
  let pending;
  return {
    /** An environment of its own, so that no endpoint hears the events of the other scenario. */
    setup: async ({ scenario, urls, inFlight }) => {
      const environment = await rollcall.post('/management/environments', { name: scenario });
      const keys = `/management/environments/${environment.id}/api_keys`;
      const { key } = await rollcall.post(keys, { name: 'bench' });
      const directory = await rollcall.createDirectory(scenario, key);
      const endpoints = [];
      for (const url of urls)
        endpoints.push(
          await rollcall.post(
            '/webhook_endpoints',
            {
              endpoint_url: url,
              events: ['dsync.user.created'],
              concurrency: Math.max(1, Math.floor(inFlight / urls.length)),
            },
            key,
          ),
        );
      scenarios.set(scenario, { environmentId: environment.id, directoryId: directory.id });
      return endpoints.map((endpoint) => endpoint.secret);
    },
    enqueue: async ({ scenario, deliveries, endpoints }) => {
      pending = { ...scenarios.get(scenario), count: deliveries / endpoints };
    },
    start: () => append(database, pending),
    // The positions of the last answers are written a moment after them.
    finish: () => new Promise((resolve) => setTimeout(resolve, SETTLE_MS)),
  };
}

async function append(database, { environmentId, directoryId, count }) {
  await database.query('BEGIN');
  const { rows } = await database.query(TAKE_NUMBERS, [environmentId, directoryId, count]);
  const events = makeEvents({ count, after: Number(rows[0].sequence) - count, directoryId });
  for (let start = 0; start < count; start += CHUNK)
    await database.query(INSERT, [
      environmentId,
      directoryId,
      JSON.stringify(events.slice(start, start + CHUNK)),
    ]);
  await database.query('COMMIT');
}
