/* Third budget: dispatch of stored events, to one endpoint and to many. */
import { WEBHOOK_CONTESTANTS } from './contestants/webhooks.mjs';
import { Child } from './harness/child.mjs';
import { budgetTable, conditions, table, writeSection } from './harness/results.mjs';
import { runRounds, withUsage } from './harness/rounds.mjs';
import { ratio, spread } from './harness/stats.mjs';

export async function runWebhooks(cluster, options) {
  const contestants = [];
  const sink = new Child({ name: 'sink', file: new URL('load/sink.mjs', import.meta.url) });
  try {
    const urls = await sink.ask('open', { ports: options.endpoints });
    for (const name of options.only ?? Object.keys(WEBHOOK_CONTESTANTS)) {
      const contestant = await start(name, cluster, options);
      if (contestant === undefined) console.log(`${name} is left out: this machine has no Redis server`);
      else contestants.push(contestant);
    }
    const bench = { cluster, sink, contestants, options };
    return {
      one: await runScenario('one', urls.slice(0, 1), bench),
      many: await runScenario('many', urls, bench),
    };
  } finally {
    await Promise.allSettled([sink.stop(), ...contestants.map((contestant) => contestant.stop())]);
  }
}

async function start(name, cluster, options) {
  const databaseUrl = await cluster.createDatabase(`bench_webhooks_${name.replaceAll('-', '_')}`);
  return WEBHOOK_CONTESTANTS[name]({
    databaseUrl,
    nodeArgs: name === options.profile ? options.profileArgs : [],
  });
}

async function runScenario(scenario, urls, { cluster, sink, contestants, options }) {
  const endpoints = urls.length;
  const inFlight = inFlightOf(endpoints, options);
  const deliveries = deliveriesOf(endpoints, options);
  const secrets = new Map();
  const dispatch = async (contestant) => {
    await cluster.checkpoint();
    const job = { scenario, deliveries, endpoints };
    await contestant.enqueue(job);
    await sink.ask('arm', { expected: deliveries, secrets: secrets.get(contestant) });
    const measured = await withUsage(contestant.child, async () => {
      const [result] = await Promise.all([sink.ask('done'), contestant.start(job)]);
      return result;
    });
    await contestant.finish(job);
    return evaluate(contestant.name, deliveries, measured);
  };
  for (const contestant of contestants) {
    secrets.set(contestant, await contestant.setup({ scenario, urls, inFlight }));
    await dispatch(contestant);
  }
  const title = endpoints === 1 ? '1 endpoint' : `${endpoints} endpoints`;
  return runRounds({ scenario: title, rounds: options.rounds, contestants, measure: dispatch });
}

/** Never more connections to an endpoint than its share, and at least one. */
function inFlightOf(endpoints, options) {
  return Math.max(options.inFlight, endpoints);
}

/** Every event goes to every endpoint, so that both scenarios have the same number of requests. */
function deliveriesOf(endpoints, options) {
  return Math.ceil(options.events / endpoints) * endpoints;
}

function evaluate(name, deliveries, { result, cpuSeconds, rssBytes }) {
  const { seconds, duplicates, wrong } = result;
  if (wrong > 0) throw new Error(`${name}: ${wrong} signatures are wrong`);
  if (duplicates > 0) console.log(`  ${name}: ${duplicates} duplicates`);
  return { rate: deliveries / seconds, cpuPerThousand: (cpuSeconds / deliveries) * 1_000, rssBytes };
}

/** Writes the section of RESULTS.md; returns the budgets for the console. */
export function reportWebhooks(results, options, clusterText) {
  const budgets = Object.entries(results).flatMap(([scenario, rounds]) => {
    const title = scenario === 'one' ? '1 endpoint' : `${options.endpoints} endpoints`;
    const peer = bestPeer(rounds);
    return [
      { what: `${title}, × floor`, value: ratio(rounds, ['rollcall', 'floor']), atLeast: 0.7 },
      { what: `${title}, × best peer (${peer})`, value: ratio(rounds, ['rollcall', peer]), atLeast: 1.7 },
    ];
  });
  const perRound = deliveriesOf(options.endpoints, options).toLocaleString('en').replaceAll(',', ' ');
  const settings = `${options.rounds} rounds of ${perRound} deliveries of 1 KiB for each contestant; requests in flight: ${inFlightOf(1, options)} to 1 endpoint, ${inFlightOf(options.endpoints, options)} to ${options.endpoints} endpoints, each on a port of its own. Measured at the receiver, from the first request to the last.`;
  const { one, many } = results;
  const hasRedis = one[0].bullmq !== undefined;
  const text = [
    '## Webhook dispatch',
    conditions(clusterText, settings),
    budgetTable(budgets),
    `### 1 endpoint\n\n${table(one, Object.keys(one[0]), 'deliveries')}`,
    `### ${options.endpoints} endpoints\n\n${table(many, Object.keys(many[0]), 'deliveries')}`,
    NOTES,
    hasRedis ? '' : '* **bullmq** is left out: this machine has no Redis server.',
  ];
  writeSection('webhooks', text.join('\n\n'));
  return budgets;
}

function bestPeer(rounds) {
  const peers = Object.keys(rounds[0]).filter((name) => name !== 'floor' && name !== 'rollcall');
  const rate = (name) => spread(rounds, name, 'rate').median;
  return peers.toSorted((a, b) => rate(b) - rate(a))[0];
}

const NOTES = `* **floor**: a loop with undici that signs and posts bodies from memory; nothing is stored or recorded. One signature for each request (the service sends two).
* **rollcall**: a worker process; the events are put into the log in one transaction, every answer is recorded as an attempt.
* **pg-boss**, **graphile-worker**: one POST for each job, on the same PostgreSQL, jobs stored before the measurement, batching on. **bullmq**: the same on Redis with its append-only file, where there is one.
* With many endpoints every event goes to every endpoint.`;
