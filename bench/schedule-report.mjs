/* What the benchmark of schedules tells. */
import { budgetTable, conditions, show, two, writeSection } from './harness/results.mjs';
import { spread } from './harness/stats.mjs';

/** How often a directory is due, seconds. */
export const BEAT_SECONDS = 900;
export const MODES = ['incremental', 'full'];
/** What the source of each directory holds. */
export const SIZE = { users: 20, groups: 3, membersPerGroup: 8 };
/** What a run has to write: itself, the date of the next one, and where that begins. */
const OWN_RECORD = ['sync_runs', 'sync_schedules', 'source_cursors'];

/** Writes the section of RESULTS.md; returns the budgets for the console. */
export function reportSchedule(
  { spread: { directories, large, environments }, ...results },
  options,
  cluster,
) {
  const { beat, tenants } = results;
  const peaks = MODES.flatMap((mode) => results[mode].rounds.map(({ rollcall }) => rollcall.peakMb));
  const one = (value) => ({ median: value, min: value, max: value });
  const budgets = [
    ...MODES.map((mode) => ({
      what: `${mode} runs that find nothing new, runs/s`,
      value: spread(results[mode].rounds, 'rollcall', 'rate'),
      atLeast: Math.round((10_000 / BEAT_SECONDS) * 10) / 10,
    })),
    ...MODES.map((mode) => ({
      what: `rows that such a run writes beside its own record, ${mode}`,
      value: one(otherRows(results[mode])),
      atMost: 0,
    })),
    { what: 'memory of the worker at that beat (peak RSS), MB', value: one(beat.peakMb), atMost: 250 },
    {
      what: 'memory of the worker as fast as it can (peak RSS), MB',
      value: one(Math.max(...peaks)),
      atMost: 250,
    },
    { what: 'at that beat, the latest run after it was due, s', value: one(beat.worst), atMost: 30 },
    {
      what: `${tenants.small} directories of small tenants beside ${large} of one: place of the last ÷ ${tenants.small}`,
      value: one(tenants.place / tenants.small),
      atMost: 1.5,
    },
  ];
  const settings = `${directories} directories of an Okta with ${SIZE.users} people and ${SIZE.groups} groups; ${large} belong to one environment, the others to ${environments}. One worker with default settings (4 runs at a time); ${options.rounds} rounds of ${options.runs} runs.`;
  const text = [
    '## Schedule',
    conditions(cluster, settings),
    budgetTable(budgets),
    `### A run that finds nothing new\n\n${runTable(results)}`,
    `### Rows written by such a run\n\n${rowsTable(results)}`,
    `### At the beat\n\n${beatText(beat, options)}`,
    NOTES,
  ];
  writeSection('schedule', text.join('\n\n'));
  return budgets;
}

function runTable(results) {
  const head = [
    '',
    'runs/s',
    'CPU ms of the worker',
    'of the server',
    'statements',
    'requests to the source',
    'peak RSS',
  ];
  const rows = MODES.map((mode) => {
    const { rounds } = results[mode];
    const of = (measure) => spread(rounds, 'rollcall', measure);
    return [
      mode,
      show(of('rate'), two),
      show(of('cpuMs'), two),
      show(of('serverCpuMs'), two),
      statementsOf(results[mode]).toFixed(1),
      of('requests').median.toFixed(1),
      `${Math.round(of('peakMb').max)} MB`,
    ];
  });
  return table([head, ...rows]);
}

/** All that the worker has sent meanwhile, looking for work included. */
function statementsOf({ statements, number }) {
  return statements.reduce((sum, { calls }) => sum + calls, 0) / number;
}

/** The bench itself has written the dates. */
function rowsOf({ rows, number, marked }) {
  return Object.entries({ ...rows, sync_schedules: (rows.sync_schedules ?? 0) - marked })
    .map(([name, count]) => [name, count / number])
    .filter(([, each]) => each >= 0.005);
}

function otherRows(result) {
  return rowsOf(result)
    .filter(([name]) => !OWN_RECORD.includes(name))
    .reduce((sum, [, each]) => sum + each, 0);
}

function rowsTable(results) {
  const rows = MODES.map((mode) => Object.fromEntries(rowsOf(results[mode])));
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))].sort();
  return table([
    ['table', ...MODES],
    ...names.map((name) => [`\`${name}\``, ...rows.map((row) => two(row[name] ?? 0))]),
  ]);
}

function beatText(beat, { beatSeconds }) {
  return `${beat.number} of the runs that are due within a quarter of an hour, one in 96 of them full, over ${beatSeconds} s: begun ${two(beat.median)} s after they were due in the middle, 95 % within ${two(beat.p95)} s, the latest after ${two(beat.worst)} s. The worker used ${Math.round(beat.busy * 100)} % of a core.`;
}

function table([head, ...rows]) {
  return [head, Array(head.length).fill('---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

const NOTES = `* The source is Okta's API as the tests play it, in a process of its own on the same machine: a token with a signed assertion for each run, users, groups, members of each group (full) or of those that changed (incremental), deletions.
* One directory is connected through the API and read; its rows are copied for all the others.
* Statements are those of the whole worker while the rounds went on, as the server counts them: BEGIN, COMMIT, and looking for work included. Rows are inserts, updates and deletes of the server's own counters.
* A worker that has nothing to do looks for work once a second, so half a second of lateness is its rest.`;
