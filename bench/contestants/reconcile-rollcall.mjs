/* Rollcall's snapshots as a worker runs them: pages are staged one after the other, then compared, judged and applied. */
import { randomBytes } from 'node:crypto';

import { newId } from '../../dist/libs/kernel/src/index.js';
import { openDatabase } from '../../dist/src/database/open-database.js';
import { createServices } from '../../dist/src/services.js';
import { answer, stayAlive } from '../harness/probe.mjs';
import { pagesOf } from '../load/source-people.mjs';

const COMPLETE = ['users', 'groups', 'memberships'];
const LEASE_STANDS = () => Promise.resolve();

let database;
let snapshots;
let directory;
let size;
let known = 0;

answer('setup', async (options) => {
  size = options.size;
  database = await openDatabase({ databaseUrl: process.env.DATABASE_URL, dataDir: '.' });
  ({ snapshots } = createServices(
    { dataSource: database.appDataSource, pool: database.pool, writePool: database.writePool },
    {
      secretKeys: `k1:${randomBytes(32).toString('base64')}`,
      eventDays: 30,
      afterCommit: () => undefined,
      takesUploads: () => false,
      wasReadSince: () => () => Promise.resolve(true),
    },
  ));
  directory = options.directory ?? (await createDirectory());
  known = await countEvents();
  return directory;
});

answer('run', async ({ round }) => {
  const run = { ...directory, runId: newId('run'), mode: 'full' };
  const started = performance.now();
  await stageAll(run, pagesOf(size, round));
  const staged = performance.now();
  const report = await snapshots.apply(run, { complete: COMPLETE, listsInactive: false }, LEASE_STANDS);
  const applied = performance.now();
  await snapshots.discard(run);
  const ended = performance.now();
  if (report.holdId !== null) throw new Error(`held back: ${JSON.stringify(report.counts)}`);
  const events = await countEvents();
  const rows = events - known;
  known = events;
  return {
    rows,
    stageMs: staged - started,
    applyMs: applied - staged,
    discardMs: ended - applied,
  };
});

answer('settle', async () => {
  await database.asOwner((owner) => owner.query('VACUUM ANALYZE'));
});

/** As the engine does: the next page is read while the two before are staged. */
async function stageAll(run, pages) {
  let earlier = Promise.resolve();
  let staging = Promise.resolve();
  for (const page of pages) {
    const before = staging;
    staging = snapshots.stage(run, page, LEASE_STANDS);
    await earlier;
    earlier = before;
  }
  await Promise.all([earlier, staging]);
}

async function countEvents() {
  const { rows } = await database.pool.query('SELECT count(*)::int AS count FROM events');
  return rows[0].count;
}

async function createDirectory() {
  const ref = { environmentId: newId('environment'), directoryId: newId('directory') };
  const { environmentId, directoryId } = ref;
  const run = (text, values) => database.pool.query(text, values);
  await run('INSERT INTO environments (id, name) VALUES ($1, $1)', [environmentId]);
  await run('INSERT INTO streams (environment_id, stream_id) VALUES ($1, $2)', [environmentId, directoryId]);
  await run(
    `INSERT INTO directories (environment_id, id, organization_id, name, type, dialect, external_key, state, config,
      created_at, updated_at) VALUES ($1, $2, 'org_bench', 'Bench', 'okta', 'generic', $2, 'linked', '{}', now(), now())`,
    [environmentId, directoryId],
  );
  return ref;
}
stayAlive();
