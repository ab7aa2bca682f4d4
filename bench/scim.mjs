/* First budget: SCIM onboarding, into one directory and across many. */
import { SCIM_CONTESTANTS } from './contestants/scim.mjs';
import { Child } from './harness/child.mjs';
import { budgetTable, conditions, table, writeSection } from './harness/results.mjs';
import { runRounds, withUsage } from './harness/rounds.mjs';
import { ratio } from './harness/stats.mjs';

const SCENARIOS = [
  { key: 'one', title: 'One directory', takesPart: () => true },
  // The peers show nothing here: a directory is only one more value of a column to them.
  { key: 'many', title: 'Many directories', takesPart: (name) => name === 'floor' || name === 'rollcall' },
];

export async function runScim(cluster, options) {
  const contestants = [];
  const client = new Child({ name: 'load', file: new URL('load/scim-client.mjs', import.meta.url) });
  try {
    for (const name of options.only ?? Object.keys(SCIM_CONTESTANTS))
      contestants.push(await start(name, cluster, options));
    const results = {};
    for (const scenario of SCENARIOS)
      results[scenario.key] = await runScenario(scenario, contestants, { cluster, client, options });
    return results;
  } finally {
    await Promise.allSettled([client.stop(), ...contestants.map((contestant) => contestant.stop())]);
  }
}

async function start(name, cluster, options) {
  const databaseUrl = await cluster.createDatabase(`bench_scim_${name}`);
  const nodeArgs = name === options.profile ? options.profileArgs : [];
  return SCIM_CONTESTANTS[name]({ databaseUrl, poolSize: options.poolSize, nodeArgs });
}

async function runScenario(scenario, all, { cluster, client, options }) {
  const contestants = all.filter(({ name }) => scenario.takesPart(name));
  const count = scenario.key === 'one' ? 1 : options.directories;
  const targets = new Map();
  for (const contestant of contestants) targets.set(contestant, await contestant.createTargets(count));
  const { users, inFlight } = options;
  const onboard = (contestant, prefix, some) =>
    client.ask('onboard', { targets: targets.get(contestant), users: some, inFlight, prefix });
  for (const contestant of contestants) await onboard(contestant, `${scenario.key}0`, users);
  return runRounds({
    scenario: scenario.title.toLowerCase(),
    rounds: options.rounds,
    contestants,
    measure: async (contestant, round) => {
      await cluster.checkpoint();
      const work = () => onboard(contestant, `${scenario.key}${round}`, users);
      const { result, cpuSeconds, rssBytes } = await withUsage(contestant.child, work);
      const { seconds, ...latency } = result;
      return { rate: users / seconds, cpuPerThousand: (cpuSeconds / users) * 1_000, rssBytes, ...latency };
    },
  });
}

/** Writes the section of RESULTS.md; returns the budgets for the console. */
export function reportScim(results, options, clusterText) {
  const { one, many } = results;
  const budgets = [
    { what: 'one directory, × floor', value: ratio(one, ['rollcall', 'floor']), atLeast: 0.7 },
    { what: 'one directory, × Polis', value: ratio(one, ['rollcall', 'polis']), atLeast: 4 },
    { what: 'one directory, × SCIMMY in memory', value: ratio(one, ['rollcall', 'scimmy']), atLeast: 1 },
    {
      what: `${options.directories} directories, × floor`,
      value: ratio(many, ['rollcall', 'floor']),
      atLeast: 0.8,
    },
  ];
  const settings = `${options.rounds} rounds of ${options.users} people for each contestant, ${options.inFlight} requests in flight, kept-alive connections. One person is a look-up by user name and a create of about 900 bytes.`;
  const text = [
    '## SCIM onboarding',
    conditions(clusterText, settings),
    budgetTable(budgets),
    `### One directory\n\n${table(one, Object.keys(one[0]), 'people')}`,
    `### ${options.directories} directories\n\n${table(many, Object.keys(many[0]), 'people')}`,
    NOTES,
  ];
  writeSection('scim', text.join('\n\n'));
  return budgets;
}

const NOTES = `* **floor**: bare \`node:http\` and \`pg\` with prepared statements; one transaction with the user, a unique index and an outbox row; no authentication, no SCIM.
* **polis**: \`@boxyhq/saml-jackson\` embedded, on the same PostgreSQL; its events go to a callback that does nothing.
* **scimmy**: \`scimmy\` on bare \`node:http\` over a \`Map\`; nothing is stored, nobody is authenticated.`;
