import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, loadavg, totalmem } from 'node:os';

import { ratio, spread } from './stats.mjs';

const FILE = new URL('../RESULTS.md', import.meta.url);
const SECTIONS = ['scim', 'scim-operations', 'reconcile', 'schedule', 'webhooks', 'protocol'];
const HEAD = `# Benchmark results

Written by \`npm run bench\`; each benchmark replaces its own section. All contestants of a section ran in one run, in
turn, each in a process of its own with the load generator and PostgreSQL on the same machine. Rates depend on the
machine and on what else it does; **ratios** compare what ran in the same minute, and are what the budgets are about.
`;

/** Replaces the section of one benchmark and leaves the others as they are. */
export function writeSection(name, text) {
  const old = readOld();
  const sections = SECTIONS.map((section) => (section === name ? mark(section, text) : find(old, section)));
  writeFileSync(FILE, [HEAD.trim(), ...sections.filter((section) => section !== '')].join('\n\n') + '\n');
}

/** Date, command and machine, in general words. */
export function conditions(cluster, settings) {
  const memory = Math.round(totalmem() / 2 ** 30);
  return [
    `* Command: \`npm run bench -- ${process.argv.slice(2).join(' ')}\``,
    `* Date: ${new Date().toISOString().slice(0, 10)}`,
    `* Machine: ${availableParallelism()} shared cores, ${memory} GB memory, ${process.platform} ${process.arch}, load average at the end ${loadavg()[0].toFixed(1)}; Node ${process.versions.node}, ${cluster}`,
    `* ${settings}`,
  ].join('\n');
}

/** One row for each contestant; `unit` is what is counted. */
export function table(rounds, names, unit) {
  const head = [
    `${unit}/s, median (min–max)`,
    '× floor of the same round, median (min–max)',
    'CPU s of the process per 1 000',
    'CPU × floor',
    'memory (RSS)',
  ];
  const rows = names.map((name) => [
    name,
    show(spread(rounds, name, 'rate'), whole),
    optional(ratio(rounds, [name, 'floor'])),
    spread(rounds, name, 'cpuPerThousand').median.toFixed(3),
    optional(ratio(rounds, [name, 'floor'], 'cpuPerThousand')),
    `${Math.round(spread(rounds, name, 'rssBytes').max / 2 ** 20)} MB`,
  ]);
  return [['', ...head], Array(head.length + 1).fill('---'), ...rows]
    .map((row) => `| ${row.join(' | ')} |`)
    .join('\n');
}

function optional(value) {
  return value === undefined ? '–' : show(value, two);
}

/**
 * A budget has `atLeast` or `atMost`.
 * @param {{ what: string, value?: { median: number, min: number, max: number }, atLeast?: number, atMost?: number }[]} budgets
 */
export function budgetTable(budgets) {
  const rows = budgets.map(({ what, value, ...limits }) => {
    const measured = value ? show(value, two) : 'not measured';
    const verdict = value ? (isMet(value.median, limits) ? 'met' : '**not met**') : '–';
    return `| ${what} | ${asked(limits)} | ${measured} | ${verdict} |`;
  });
  return ['| budget | asked | measured | |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

export function asked({ atLeast, atMost }) {
  return atMost === undefined ? `≥ ${atLeast}` : `≤ ${atMost}`;
}

function isMet(value, { atLeast, atMost }) {
  return atMost === undefined ? value >= atLeast : value <= atMost;
}

/** Median, smallest and largest value as text. */
export function show({ median, min, max }, format) {
  return `**${format(median)}** (${format(min)}–${format(max)})`;
}

function whole(value) {
  return Math.round(value).toLocaleString('en').replaceAll(',', ' ');
}

export function two(value) {
  return value.toFixed(2);
}

function mark(name, text) {
  return `<!-- ${name} -->\n${text.trim()}\n<!-- /${name} -->`;
}

function find(text, name) {
  return new RegExp(`<!-- ${name} -->[\\s\\S]*?<!-- /${name} -->`).exec(text)?.[0] ?? '';
}

function readOld() {
  try {
    return readFileSync(FILE, 'utf8');
  } catch {
    return '';
  }
}
