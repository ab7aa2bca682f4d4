/* Second budget: a whole read of a large directory, compared with what was believed before, and applied. */
import { SERVICE_FLAGS } from './contestants/rollcall.mjs';
import { Child } from './harness/child.mjs';
import { budgetTable, conditions, show, two, writeSection } from './harness/results.mjs';
import { withUsage } from './harness/rounds.mjs';
import { ratio, spread } from './harness/stats.mjs';

const CONTESTANTS = ['floor', 'rollcall'];
const STAGES = ['stageMs', 'applyMs', 'discardMs'];

export async function runReconcile(cluster, options) {
  const size = sizeFor(options.people);
  const contestants = [];
  for (const name of options.only ?? CONTESTANTS)
    contestants.push(await load(name, cluster, { size, options }));
  const bench = { cluster, contestants, options };
  // What is missing counts as removed once two reads have missed it: from the second round on, every round removes.
  const changed = await runRounds(bench, { title: '1 % changed', first: 1, isChanging: true });
  const unchanged = await runRounds(bench, {
    title: 'unchanged',
    first: options.rounds + 1,
    isChanging: false,
  });
  await Promise.all(contestants.map(({ child }) => child.stop()));
  return { size, changed, unchanged, loads: contestants.map(({ name, loaded }) => ({ name, ...loaded })) };
}

/** As in a company of 75 000 with 5 000 groups and 500 000 memberships; one group has everybody. */
function sizeFor(people) {
  return { people, groups: Math.ceil(people / 15), memberships: Math.ceil((people * 20) / 3) };
}

/** The first load has a process of its own, so that its memory is not counted for what follows. */
async function load(name, cluster, { size, options }) {
  const isProfiled = name === options.profile;
  const databaseUrl = await cluster.createDatabase(databaseOf(name));
  const first = start(name, databaseUrl, isProfiled ? options.profileArgs : []);
  const directory = await first.ask('setup', { size, directory: null });
  const loaded = await withStatements(cluster, { name, isProfiled, title: 'the first load' }, () =>
    measure(cluster, { name, child: first }, 0),
  );
  await first.ask('settle');
  await first.stop();
  console.log(`  ${name}: first load ${describe(loaded)}`);
  const child = start(name, databaseUrl, isProfiled ? options.profileArgs : []);
  await child.ask('setup', { size, directory });
  return { name, child, loaded, isProfiled };
}

function databaseOf(name) {
  return `bench_reconcile_${name}`;
}

/** What is profiled also tells which statements it spent the server's time in. */
function withStatements(cluster, { name, isProfiled, title }, work) {
  return isProfiled ? cluster.profiled(databaseOf(name), `${name}, ${title}`, work) : work();
}

function start(name, databaseUrl, nodeArgs = []) {
  const file = new URL(`contestants/reconcile-${name}.mjs`, import.meta.url);
  const flags = name === 'rollcall' ? SERVICE_FLAGS : [];
  return new Child({ name, file, env: { DATABASE_URL: databaseUrl }, nodeArgs: [...flags, ...nodeArgs] });
}

/** In turn; the round before the first only warms up. */
async function runRounds({ cluster, contestants, options }, { title, first, isChanging }) {
  const results = [];
  for (let round = 0; round <= options.rounds; round += 1) {
    const result = {};
    for (const { name, child, isProfiled } of contestants) {
      await cluster.checkpoint();
      const told = { name, isProfiled: isProfiled && round === options.rounds, title };
      result[name] = await withStatements(cluster, told, () =>
        measure(cluster, { name, child }, isChanging ? first + round : first),
      );
      await child.ask('settle');
      console.log(`  ${title}, round ${round}/${options.rounds}: ${name} ${describe(result[name])}`);
    }
    if (round > 0) results.push(result);
  }
  return results;
}

async function measure(cluster, { name, child }, round) {
  const { result, cpuSeconds, peakBytes, serverCpuSeconds } = await cluster.withServerCpu(
    databaseOf(name),
    () => withUsage(child, () => child.ask('run', { round })),
  );
  const seconds = STAGES.reduce((sum, stage) => sum + (result[stage] ?? 0), 0) / 1_000;
  const allCpuSeconds = cpuSeconds + serverCpuSeconds;
  return { ...result, seconds, cpuSeconds, serverCpuSeconds, allCpuSeconds, peakMb: peakBytes / 2 ** 20 };
}

function describe({ seconds, cpuSeconds, serverCpuSeconds, peakMb, stageMs, applyMs, rows }) {
  const parts = `read and staged ${(stageMs / 1_000).toFixed(1)}, compared and applied ${(applyMs / 1_000).toFixed(1)}`;
  return `${seconds.toFixed(2)} s (${parts}; ${rows} changes), CPU ${cpuSeconds.toFixed(2)} s + server ${serverCpuSeconds.toFixed(2)} s, peak ${Math.round(peakMb)} MB`;
}

/** Writes the section of RESULTS.md; returns the budgets for the console. */
export function reportReconcile({ size, changed, unchanged, loads }, options, clusterText) {
  const sides = ['rollcall', 'floor'];
  const memory = spread(changed, 'rollcall', 'peakMb');
  const budgets = [
    { what: '1 % changed, time × floor', value: ratio(changed, sides, 'seconds'), atMost: 1.5 },
    { what: 'memory of the worker (peak RSS), MB', value: memory, atMost: 250 },
  ];
  const { people, groups, memberships } = size;
  const settings = `${people} people, ${groups} groups (one has everybody), ${memberships} memberships in pages of 1 000; ${options.rounds} rounds. In a round half a percent of the people changes its title and as many change back; every 200th membership moves.`;
  const text = [
    '## Reconcile',
    conditions(clusterText, settings),
    budgetTable(budgets),
    `### 1 % changed\n\n${table(changed)}`,
    `### Unchanged\n\n${table(unchanged)}`,
    `### First load\n\n${table([Object.fromEntries(loads.map((loaded) => [loaded.name, loaded]))])}`,
    NOTES,
  ];
  writeSection('reconcile', text.join('\n\n'));
  return budgets;
}

function table(rounds) {
  const rows = Object.keys(rounds[0]).map((name) => [
    name,
    show(spread(rounds, name, 'seconds'), two),
    show(ratio(rounds, [name, 'floor'], 'seconds') ?? { median: NaN, min: NaN, max: NaN }, two),
    show(spread(rounds, name, 'stageMs'), inSeconds),
    show(spread(rounds, name, 'applyMs'), inSeconds),
    spread(rounds, name, 'cpuSeconds').median.toFixed(1),
    spread(rounds, name, 'serverCpuSeconds').median.toFixed(1),
    show(ratio(rounds, [name, 'floor'], 'allCpuSeconds') ?? { median: NaN, min: NaN, max: NaN }, two),
    `${Math.round(spread(rounds, name, 'peakMb').max)} MB`,
    spread(rounds, name, 'rows').median,
  ]);
  const head = [
    '',
    's, median (min–max)',
    '× floor',
    'read and staged, s',
    'compared and applied, s',
    'CPU s of the process',
    'of the server',
    'both × floor',
    'peak RSS',
    'changes',
  ];
  return [head, Array(head.length).fill('---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

function inSeconds(ms) {
  return (ms / 1_000).toFixed(2);
}

const NOTES = `* **floor**: COPY into unlogged tables without an index, the set difference in SQL, and one transaction that applies it with an outbox row for each change. No guard, no proof of absence, no resume, no ids of its own; the tables of the floor hold text keys and a digest.
* **rollcall**: every page is staged in a transaction of its own, as a worker does that can be killed at any moment, while the next one is made; absences are counted over two runs and judged by the removal guard; every change goes through the directory store with its event, which names the person and the group in full. Node runs with the flags of the image.
* CPU time of the server is that of its processes for the contestant's database, as far as they live to the end of the round. It says more than the time on the clock where the machine does other things as well.
* The first load of Rollcall writes about six times as much to the write-ahead log as that of the floor (see --profile): bodies of events, and two tables of memberships with two indexes each, one as the source has it and one in effect.
* The source is made up while it is read, and its making is part of both times.
* VACUUM and ANALYZE run between the rounds, outside the measurement.`;
