/* Third budget: single SCIM operations beside their floors, and changes of huge groups beside those of small ones. */
import { SCIM_CONTESTANTS, startScript } from './contestants/scim.mjs';
import { Child } from './harness/child.mjs';
import { budgetTable, conditions, show, table, two, writeSection } from './harness/results.mjs';
import { runRounds, withUsage } from './harness/rounds.mjs';
import { ratio, spread } from './harness/stats.mjs';

const OPERATIONS = [
  { kind: 'create', title: 'Create', share: 1 },
  { kind: 'patch', title: 'PATCH one attribute', share: 1 },
  { kind: 'active', title: 'PATCH active', share: 1 },
  { kind: 'filter', title: 'Filter by userName', share: 2 },
  { kind: 'members', title: 'Group PATCH, 100 members more', share: 0.1 },
];
const SIDES = ['rollcall', 'floor'];
const SMALL = 10;
const CHURN = 200;

export async function runScimOperations(cluster, options) {
  const contestants = [];
  try {
    for (const name of options.only ?? SIDES) contestants.push(await start(name, cluster, options));
    const operations = {};
    for (const operation of OPERATIONS)
      operations[operation.kind] = await runOperation(operation, contestants, { cluster, options });
    const rollcall = contestants.find(({ name }) => name === 'rollcall');
    return { operations, groups: rollcall ? await runGroups(rollcall, cluster, options) : [] };
  } finally {
    await Promise.allSettled(contestants.flatMap(({ load, stop }) => [load.stop(), stop()]));
  }
}

/** Each has a load of its own, which knows the ids of its people. */
async function start(name, cluster, options) {
  const databaseUrl = await cluster.createDatabase(`bench_scim_operations_${name}`);
  const nodeArgs = name === options.profile ? options.profileArgs : [];
  const { poolSize, users, inFlight } = options;
  const contestant =
    name === 'floor'
      ? await startScript(
          'operations-floor',
          { DATABASE_URL: databaseUrl, POOL_SIZE: String(poolSize) },
          nodeArgs,
        )
      : await SCIM_CONTESTANTS[name]({ databaseUrl, poolSize, nodeArgs });
  const load = new Child({ name: 'load', file: new URL('load/scim-operations.mjs', import.meta.url) });
  const [target] = await contestant.createTargets(1);
  // That half of a company leaves within the hour is what the removal guard is for; here it says so and lets it pass.
  await contestant.neverHold?.(target);
  await load.ask('begin', { ...target, users, inFlight });
  return { ...contestant, name, load };
}

function runOperation({ kind, title, share }, contestants, { cluster, options }) {
  const count = Math.ceil(options.users * share);
  const run = async (contestant, round) => {
    const work = () => contestant.load.ask('operation', { kind, count, inFlight: options.inFlight, round });
    const { result, cpuSeconds, rssBytes } = await withUsage(contestant.child, work);
    const { seconds, count: done } = result;
    return {
      rate: done / seconds,
      cpuPerThousand: (cpuSeconds / done) * 1_000,
      rssBytes,
      ...result,
    };
  };
  return runRounds({
    scenario: title,
    rounds: options.rounds,
    contestants,
    measure: async (contestant, round) => {
      if (round === 1) await run(contestant, 0);
      await cluster.checkpoint();
      return run(contestant, round);
    },
  });
}

/** In turn, so that both sizes see the same minutes. */
async function runGroups({ child, load }, cluster, { rounds, members, inFlight }) {
  const sizes = [SMALL, members];
  await load.ask('hire', { count: members + CHURN, inFlight });
  for (const size of sizes) await load.ask('group', { name: `Group of ${size}`, size });
  const results = [];
  for (let round = 0; round <= rounds; round += 1) {
    await cluster.checkpoint();
    const result = {};
    for (const size of sizes) {
      const work = () => load.ask('churn', { name: `Group of ${size}`, size, count: CHURN });
      const measured = await withUsage(child, work);
      result[size] = { ...measured.result, rssMb: measured.rssBytes / 2 ** 20 };
      console.log(
        `  group of ${size}, round ${round}/${rounds}: ${measured.result.p50.toFixed(2)} ms, ${Math.round(result[size].rssMb)} MB`,
      );
    }
    if (round > 0) results.push(result);
  }
  return results;
}

/** Writes the section of RESULTS.md; returns the budgets for the console. */
export function reportScimOperations({ operations, groups }, options, clusterText) {
  const { members, users, rounds, inFlight } = options;
  const budgets = [
    ...OPERATIONS.map(({ kind, title }) => ({
      what: `${title}, × its floor`,
      value: ratio(operations[kind], SIDES),
      atLeast: 0.5,
    })),
    {
      what: `one member more or less in a group of ${members}, time × group of ${SMALL}`,
      value: ratio(groups, [members, SMALL], 'p50'),
      atMost: 3,
    },
    { what: 'memory (RSS) last round ÷ first round', value: growth(groups, members), atMost: 1.2 },
  ];
  const settings = `${rounds} rounds of ${users} requests (twice as many filters, a tenth as many group PATCHes), ${inFlight} in flight, one directory; ${CHURN} people join and leave each group one after the other.`;
  const text = [
    '## SCIM operations',
    conditions(clusterText, settings),
    budgetTable(budgets),
    ...OPERATIONS.map(({ kind, title }) => `### ${title}\n\n${table(operations[kind], SIDES, 'requests')}`),
    `### One member more or less\n\n${groupTable(groups, [SMALL, members])}`,
    NOTES,
  ];
  writeSection('scim-operations', text.join('\n\n'));
  return budgets;
}

function growth(groups, members) {
  const value = groups.at(-1)[members].rssMb / groups[0][members].rssMb;
  return { median: value, min: value, max: value };
}

function groupTable(groups, sizes) {
  const rows = sizes.map((size) => [
    `group of ${size}`,
    show(spread(groups, size, 'p50'), two),
    show(spread(groups, size, 'p95'), two),
    `${Math.round(spread(groups, size, 'rssMb').max)} MB`,
  ]);
  const head = ['', 'ms, median of a round (min–max)', 'p95, ms', 'memory (RSS)'];
  return [head, Array(head.length).fill('---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

const NOTES = `* **floor**: bare \`node:http\` and \`pg\` with prepared statements; each change is one transaction with its rows in an outbox, read and written under a row lock where it depends on what was there; no authentication, no SCIM, no guard, no order of events.
* **rollcall**: one API process. The removal guard of its directory counts and warns, but holds nothing, because half of the people leave and come back in every round.
* PATCH of a group is answered with 204 by both.`;
