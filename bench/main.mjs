/* npm run bench -- scim|scim-operations|reconcile|schedule|webhooks|protocol [options]: measures a part of the service against its floor and its peers. */
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { stopChildren } from './harness/child.mjs';
import { Cluster } from './harness/cluster.mjs';
import { prepare } from './harness/prepare.mjs';
import { asked } from './harness/results.mjs';

const USAGE = `npm run bench -- scim|scim-operations|reconcile|schedule|webhooks|protocol [options]

  --rounds N        rounds that every contestant runs (5)
  --only a,b        some of the contestants; RESULTS.md is left alone then
  --no-build        measure the service as it was built last
  --profile NAME    write a CPU profile of this contestant to bench/.rollcall/profiles; reconcile also prints what its
                    statements cost the server
scim
  --users N         people for each contestant and round (3000)
  --in-flight N     requests in flight (32)
  --directories N   directories of the second scenario (100)
  --pool N          database connections of the floor and of Polis (16)
scim-operations     --users, --in-flight and --pool as above
  --members N       members of the huge group (100000)
reconcile
  --people N        people of the source (75000); groups and memberships are in proportion
schedule            --profile incremental, full, beat or tenants: the worker's; also prints its statements
  --directories N   polled directories of 20 people (10000)
  --runs N          runs of each round (1000)
  --beat N          seconds that the beat is watched (60)
webhooks
  --events N        deliveries for each contestant and round (20000)
  --full            100 000 deliveries
  --in-flight N     requests in flight (64)
  --endpoints N     endpoints of the second scenario (100)`;

const OPTIONS = {
  rounds: { type: 'string', default: '5' },
  users: { type: 'string', default: '3000' },
  people: { type: 'string', default: '75000' },
  events: { type: 'string', default: '20000' },
  members: { type: 'string', default: '100000' },
  directories: { type: 'string' },
  runs: { type: 'string', default: '1000' },
  beat: { type: 'string', default: '60' },
  endpoints: { type: 'string', default: '100' },
  'in-flight': { type: 'string' },
  pool: { type: 'string', default: '16' },
  only: { type: 'string' },
  profile: { type: 'string' },
  full: { type: 'boolean', default: false },
  'no-build': { type: 'boolean', default: false },
};

const BENCHES = {
  scim: async () => {
    const { runScim, reportScim } = await import('./scim.mjs');
    return { run: runScim, report: reportScim, inFlight: 32 };
  },
  'scim-operations': async () => {
    const { runScimOperations, reportScimOperations } = await import('./scim-operations.mjs');
    return { run: runScimOperations, report: reportScimOperations, inFlight: 32 };
  },
  reconcile: async () => {
    const { runReconcile, reportReconcile } = await import('./reconcile.mjs');
    return { run: runReconcile, report: reportReconcile, inFlight: 1 };
  },
  schedule: async () => {
    const { runSchedule, reportSchedule } = await import('./schedule.mjs');
    return { run: runSchedule, report: reportSchedule, inFlight: 1, directories: 10_000, isCounted: true };
  },
  webhooks: async () => {
    const { runWebhooks, reportWebhooks } = await import('./webhooks.mjs');
    return { run: runWebhooks, report: reportWebhooks, inFlight: 64 };
  },
  protocol: async () => {
    const { runProtocol, reportProtocol } = await import('./protocol.mjs');
    return { run: runProtocol, report: reportProtocol, inFlight: 1, withoutDatabase: true };
  },
};

function readOptions(values, { inFlight, directories = 100 }) {
  const folder = new URL('.rollcall/profiles/', import.meta.url);
  return {
    rounds: count(values, 'rounds'),
    users: count(values, 'users'),
    people: count(values, 'people'),
    events: values.full ? 100_000 : count(values, 'events'),
    members: count(values, 'members'),
    directories: values.directories === undefined ? directories : count(values, 'directories'),
    runs: count(values, 'runs'),
    beatSeconds: count(values, 'beat'),
    endpoints: count(values, 'endpoints'),
    inFlight: values['in-flight'] === undefined ? inFlight : count(values, 'in-flight'),
    poolSize: count(values, 'pool'),
    only: values.only?.split(','),
    profile: values.profile,
    profileArgs: ['--cpu-prof', `--cpu-prof-dir=${fileURLToPath(folder)}`],
    profileFolder: folder,
  };
}

function count(values, name) {
  const value = Number(values[name]);
  if (!Number.isSafeInteger(value) || value < 1) throw new Error(`--${name} is a whole number from 1`);
  return value;
}

function startCluster(isCounted, { profile }) {
  return Cluster.start({ isProfiled: isCounted === true || profile !== undefined });
}

async function measure({ run, report, withoutDatabase, isCounted }, options) {
  if (options.profile !== undefined) mkdirSync(options.profileFolder, { recursive: true });
  let cluster;
  try {
    if (!withoutDatabase) cluster = await startCluster(isCounted, options);
    const results = await run(cluster, options);
    if (options.only !== undefined) return;
    for (const { what, value, atLeast, atMost } of report(results, options, await cluster?.describe()))
      console.log(
        `${what}: ${value?.median.toFixed(2) ?? 'not measured'} (asked: ${asked({ atLeast, atMost })})`,
      );
    console.log('Written to bench/RESULTS.md');
  } finally {
    await stopChildren();
    await cluster?.stop();
  }
}

async function main() {
  if (Number(process.versions.node.split('.')[0]) < 24)
    throw new Error(`needs Node 24, this is ${process.versions.node}; "npm run bench" brings its own`);
  const { values, positionals } = parseArgs({ options: OPTIONS, allowPositionals: true });
  const load = BENCHES[positionals[0]];
  if (positionals.length !== 1 || load === undefined) throw new Error(`say which one:\n\n${USAGE}`);
  const bench = await load();
  const options = readOptions(values, bench);
  await prepare({ build: !values['no-build'] });
  await measure(bench, options);
}

// Whoever ends the run early ends everything it has started, too.
process.once('SIGINT', () => void stopChildren().then(() => process.exit(130)));
process.once('SIGTERM', () => void stopChildren().then(() => process.exit(143)));

main().catch((error) => {
  console.error(`bench: ${error.message}`);
  process.exitCode = 1;
});
