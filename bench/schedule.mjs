/* Polled directories by the thousand on one worker: nearly all of their runs find nothing new. */
import { setTimeout as sleep } from 'node:timers/promises';

import { PolledDirectories } from './contestants/schedule.mjs';
import { Child } from './harness/child.mjs';
import { two } from './harness/results.mjs';
import { withUsage } from './harness/rounds.mjs';
import { median, quantile } from './harness/stats.mjs';
import { BEAT_SECONDS, MODES, SIZE } from './schedule-report.mjs';

export { reportSchedule } from './schedule-report.mjs';

const DATABASE = 'bench_schedule';
const PER_SMALL_TENANT = 10;
const LOOK_MS = 250;
const LIMIT_MS = 1_800_000;
/** Of the 96 quarters of an hour of a day, one begins with a full run. */
const FULL_SHARE = 1 / 96;

export async function runSchedule(cluster, options) {
  const source = new Child({ name: 'okta', file: new URL('load/okta.mjs', import.meta.url) });
  const bench = { cluster, options, source };
  try {
    const answers = await source.ask('open', SIZE);
    const databaseUrl = await cluster.createDatabase(DATABASE);
    const spread = spreadOf(options.directories);
    console.log(`  connecting a directory, and copying it ${options.directories} times …`);
    bench.directories = await PolledDirectories.create({ databaseUrl, answers, spread });
    const results = { spread };
    for (const mode of MODES) results[mode] = await withWorker(bench, mode, () => runRounds(bench, mode));
    results.beat = await withWorker(bench, 'beat', () => runBeat(bench));
    results.tenants = await withWorker(bench, 'tenants', () => runTenants(bench));
    return results;
  } finally {
    await Promise.allSettled([source.stop(), bench.directories?.stop()]);
  }
}

/** One tenant has nine tenths of all directories, the others ten each. */
function spreadOf(directories) {
  const large = Math.floor(directories * 0.9);
  return { directories, large, environments: Math.ceil((directories - large) / PER_SMALL_TENANT) };
}

/** A worker of its own, and what was sent and written while it ran. */
async function withWorker(bench, title, work) {
  const { cluster, directories, options } = bench;
  await cluster.checkpoint();
  const before = await rowsWritten(directories);
  bench.worker = await directories.startWorker(options.profile === title ? options.profileArgs : []);
  const { result, statements } = await cluster.counted(DATABASE, work);
  // Counters of rows are complete when the connections are closed.
  await bench.worker.stop();
  const after = await rowsWritten(directories);
  if (options.profile === title) tellStatements(title, statements, result.number);
  const rows = Object.entries(after).map(([table, count]) => [table, count - (before[table] ?? 0)]);
  return { ...result, statements, rows: Object.fromEntries(rows.filter(([, count]) => count > 0)) };
}

function tellStatements(title, statements, number) {
  const lines = statements
    .slice(0, 40)
    .map(
      ({ calls, query }) =>
        `${(calls / number).toFixed(2).padStart(8)}  ${query.replaceAll(/\s+/g, ' ').slice(0, 100)}`,
    );
  console.log(`\n  Statements for each run, ${title}\n${lines.join('\n')}\n`);
}

async function rowsWritten(directories) {
  await directories.query('SELECT pg_stat_force_next_flush()');
  const rows = await directories.query(
    `SELECT coalesce(pg_partition_root(relid), relid)::regclass::text AS name,
       sum(n_tup_ins + n_tup_upd + n_tup_del)::float8 AS count
     FROM pg_stat_user_tables WHERE relname NOT LIKE 'bench_%' GROUP BY 1`,
  );
  return Object.fromEntries(rows.map(({ name, count }) => [name, count]));
}

async function runRounds(bench, mode) {
  const { runs, rounds } = bench.options;
  const measured = [];
  for (let round = 0; round <= rounds; round += 1) {
    const result = await runRound(bench, mode);
    console.log(`  ${mode}, round ${round}/${rounds}: ${describe(result)}`);
    if (round > 0) measured.push({ rollcall: result });
  }
  const number = runs * (rounds + 1);
  return { rounds: measured, number, marked: number };
}

/** The first round only warms up. */
async function runRound({ cluster, directories, options: { runs }, worker, source }, mode) {
  const began = await now(directories);
  await source.ask('requests');
  const { cpuSeconds, peakBytes, serverCpuSeconds } = await cluster.withServerCpu(DATABASE, () =>
    withUsage(worker, async () => {
      await directories.query(
        `UPDATE sync_schedules s SET due_at = now(),
           next_full_at = CASE WHEN $2 = 'full' THEN now() ELSE now() + interval '1 day' END
         FROM (SELECT environment, directory FROM bench_copies ORDER BY random() LIMIT $1) c
         WHERE s.environment_id = c.environment AND s.directory_id = c.directory`,
        [runs, mode],
      );
      await untilNothingIsDue(directories);
    }),
  );
  const { count, seconds } = await runsSince(directories, began, mode);
  if (count !== runs) throw new Error(`${count} of ${runs} runs were ${mode} and succeeded`);
  return {
    rate: runs / seconds,
    cpuMs: (cpuSeconds * 1_000) / runs,
    serverCpuMs: (serverCpuSeconds * 1_000) / runs,
    peakMb: peakBytes / 2 ** 20,
    requests: (await source.ask('requests')) / runs,
  };
}

function describe({ rate, cpuMs, serverCpuMs, peakMb, requests }) {
  return `${rate.toFixed(1)} runs/s, CPU ${cpuMs.toFixed(1)} ms + server ${serverCpuMs.toFixed(1)} ms a run, peak ${Math.round(peakMb)} MB, ${requests.toFixed(1)} requests a run`;
}

/** As it is in the long run: every directory due once in a quarter of an hour, evenly spread. Looked at for a while. */
async function runBeat({ directories, options: { beatSeconds }, worker }) {
  await directories.query('DROP TABLE IF EXISTS bench_due');
  await directories.query(
    `CREATE TABLE bench_due AS SELECT environment, directory,
       now() + interval '2 seconds' + random() * ${BEAT_SECONDS} * interval '1 second' AS due_at FROM bench_copies`,
  );
  await directories.query("DELETE FROM bench_due WHERE due_at > now() + $1 * interval '1 second'", [
    beatSeconds + 2,
  ]);
  const began = await now(directories);
  const { cpuSeconds, peakBytes } = await withUsage(worker, async () => {
    await directories.query(
      `UPDATE sync_schedules s SET due_at = c.due_at,
         next_full_at = CASE WHEN random() < ${FULL_SHARE} THEN c.due_at ELSE now() + interval '1 day' END
       FROM bench_due c WHERE s.environment_id = c.environment AND s.directory_id = c.directory`,
    );
    await sleep((beatSeconds + 2) * 1_000);
    await untilNothingIsDue(directories);
  });
  const late = await directories.query(
    `SELECT extract(epoch FROM r.started_at - c.due_at)::float8 AS seconds FROM bench_due c
     JOIN sync_runs r ON r.environment_id = c.environment AND r.directory_id = c.directory AND r.created_at >= $1`,
    [began],
  );
  const seconds = late.map((run) => run.seconds);
  const result = {
    number: seconds.length,
    marked: seconds.length,
    median: median(seconds),
    p95: quantile(seconds, 0.95),
    worst: Math.max(...seconds),
    busy: cpuSeconds / beatSeconds,
    peakMb: peakBytes / 2 ** 20,
  };
  console.log(
    `  beat: ${result.number} runs in ${beatSeconds} s, begun ${two(result.median)} s after they were due, the latest ${two(result.worst)} s; CPU ${Math.round(result.busy * 100)} % of a core`,
  );
  return result;
}

/** Everything is due at once: those of the small tenants must not wait for the large one's. */
async function runTenants({ directories }) {
  const began = await now(directories);
  await directories.query(
    `UPDATE sync_schedules SET due_at = now(), next_full_at = now() + interval '1 day'`,
  );
  await until(async () => {
    const [{ waiting }] = await directories.query(
      `SELECT count(*)::int AS waiting FROM sync_schedules WHERE environment_id <> 'environment_large' AND due_at <= now()`,
    );
    return waiting === 0;
  });
  const marked = (await directories.query('SELECT count(*)::int AS number FROM sync_schedules'))[0].number;
  await directories.query(`UPDATE sync_schedules SET due_at = 'infinity' WHERE due_at <= now()`);
  await sleep(2_000);
  const [{ small, place, number }] = await directories.query(
    `SELECT count(*) FILTER (WHERE NOT is_large)::int AS small, max(place) FILTER (WHERE NOT is_large)::int AS place,
       count(*)::int AS number
     FROM (SELECT environment_id = 'environment_large' AS is_large, row_number() OVER (ORDER BY started_at) AS place
       FROM sync_runs WHERE created_at >= $1) r`,
    [began],
  );
  console.log(`  tenants: the last of ${small} directories of small tenants was run ${place}th`);
  return { small, place, number, marked: marked + marked - number };
}

async function untilNothingIsDue(directories) {
  await until(async () => {
    const [{ waiting }] = await directories.query(
      'SELECT count(*)::int AS waiting FROM sync_schedules WHERE due_at <= now() OR worker IS NOT NULL',
    );
    return waiting === 0;
  });
}

async function until(holds) {
  for (const end = Date.now() + LIMIT_MS; Date.now() < end; await sleep(LOOK_MS)) if (await holds()) return;
  throw new Error('the worker does not get on');
}

async function now(directories) {
  return (await directories.query(`SELECT date_trunc('milliseconds', now())::text AS now`))[0].now;
}

async function runsSince(directories, began, mode) {
  const [row] = await directories.query(
    `SELECT count(*)::int AS count, extract(epoch FROM max(finished_at) - min(started_at))::float8 AS seconds
     FROM sync_runs WHERE created_at >= $1 AND status = 'succeeded' AND mode = $2`,
    [began, mode],
  );
  return row;
}
