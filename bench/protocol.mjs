/* What reading and applying a PATCH, and parsing a filter, cost beside npm packages that do the same. */
import { Child } from './harness/child.mjs';
import { conditions, writeSection } from './harness/results.mjs';
import { ratio, spread } from './harness/stats.mjs';

const TIMES = 60_000;
const JOBS = [
  { key: 'patch', title: 'read and apply a PATCH', peer: 'scim-patch 0.8.3' },
  { key: 'filter', title: 'parse a filter', peer: 'scim2-parse-filter 0.2.10' },
];
const SIDES = ['rollcall', 'peer'];

export async function runProtocol(_cluster, { rounds }) {
  const child = new Child({ name: 'protocol', file: new URL('load/protocol.mjs', import.meta.url) });
  try {
    const results = {};
    for (const { key } of JOBS) results[key] = await runJob(child, key, rounds);
    return results;
  } finally {
    await child.stop();
  }
}

/** In turn, so that whatever else the machine does meets both. The first round only warms up. */
async function runJob(child, job, rounds) {
  const results = [];
  for (let round = 0; round <= rounds; round += 1) {
    const result = {};
    for (const side of SIDES) result[side] = await child.ask('run', { job, side, times: TIMES });
    if (round > 0) results.push(result);
  }
  return results;
}

/** Writes the section of RESULTS.md; there is no budget, so nothing is returned for the console but the ratios. */
export function reportProtocol(results, options) {
  const rows = JOBS.map(({ key, title, peer }) => {
    const [own, other] = SIDES.map((side) => spread(results[key], side, 'micros'));
    const times = ratio(results[key], SIDES.toReversed(), 'micros');
    return `| ${title} | ${micros(own)} | ${peer}: ${micros(other)} | **${times.median.toFixed(2)}** (${times.min.toFixed(2)}–${times.max.toFixed(2)}) |`;
  });
  const settings = `${options.rounds} rounds of ${TIMES} runs for each side, in one process, in turn.`;
  const head = '| work | Rollcall, µs | package, µs | package ÷ Rollcall |\n| --- | --- | --- | --- |';
  const text = ['## Protocol', conditions('no database', settings), [head, ...rows].join('\n'), NOTES];
  writeSection('protocol', text.join('\n\n'));
  return [];
}

function micros({ median, min, max }) {
  return `**${median.toFixed(2)}** (${min.toFixed(2)}–${max.toFixed(2)})`;
}

const NOTES = `* A PATCH begins as text: Rollcall checks depth, width, and characters while parsing, types every value by its schema, and leaves the resource as it was; the package gets \`JSON.parse\`, its own validation, and \`mutateDocument: false\`.
* Filters: a look-up by user name, a value path, a condition with \`and\`, \`or\`, \`not\` and parentheses, a date.`;
