// npm test: every check there is. Each counts as a test, none stops the others, the last line is the count.
//   node scripts/check.mjs                        everything
//   node scripts/check.mjs lint unit              some of it
//   node scripts/check.mjs unit -- --testPathPatterns filter     the rest goes to Jest
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const bin = join(root, 'node_modules', '.bin');
const PROJECTS = ['unit', 'int', 'e2e'];

// Cheap ones; `needs` is a file without which there is nothing to check yet.
const CHECKS = [
  { name: 'format', args: ['prettier/bin/prettier.cjs', '--check', '--log-level=warn', '.'] },
  { name: 'lint', args: ['oxlint/bin/oxlint', '--deny-warnings'] },
  { name: 'typecheck', args: ['typescript/bin/tsc', '--noEmit', '-p', 'tsconfig.json'] },
  {
    name: 'boundaries',
    args: [
      'dependency-cruiser/bin/dependency-cruise.mjs',
      '--config=.dependency-cruiser.cjs',
      'src',
      'libs',
      'migrations',
      'test',
    ],
  },
  { name: 'unused', args: ['knip/bin/knip.js', '--no-progress'] },
  { name: 'lock-file', script: ['scripts/complete-lock.mjs', '--check'] },
  { name: 'config-docs', script: ['scripts/write-configuration.mjs', '--check'] },
  {
    name: 'openapi',
    script: ['scripts/run-built.mjs', 'dist/src/write-openapi.js', '--check'],
    needs: 'src/write-openapi.ts',
  },
];

const [names, jestArgs] = readArguments(process.argv.slice(2));
const total = { passed: 0, failed: 0 };
const skipped = [];

await runLight(CHECKS.filter(({ name }) => names.includes(name)));
const projects = PROJECTS.filter((name) => names.includes(name));
if (projects.length > 0) await runJest(projects);

for (const line of skipped) console.log(`SKIP  ${line}`);
console.log(`${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed === 0 ? 0 : 1;

function readArguments(args) {
  const end = args.includes('--') ? args.indexOf('--') : args.length;
  const chosen = args.slice(0, end);
  const known = [...CHECKS.map(({ name }) => name), ...PROJECTS];
  const unknown = chosen.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    console.error(`There is no check "${unknown}". There are: ${known.join(', ')}.`);
    console.log('0 passed, 1 failed');
    process.exit(1);
  }
  return [chosen.length > 0 ? chosen : known, args.slice(end + 1)];
}

/** As many at a time as there are processors. */
async function runLight(checks) {
  const queue = [...checks];
  const worker = async () => {
    for (let check = queue.shift(); check !== undefined; check = queue.shift()) await runOne(check);
  };
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), 4) }, worker));
}

async function runOne({ name, args, script, needs }) {
  if (needs !== undefined && !existsSync(join(root, needs))) {
    skipped.push(`${name}: there is no ${needs} yet`);
    return;
  }
  const command = script ?? [join('node_modules', ...args[0].split('/')), ...args.slice(1)];
  const { code, output, seconds } = await run(command, { captured: true });
  count(code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 });
  if (code !== 0) console.log(output.trimEnd());
  summary(code === 0, { name, seconds });
}

async function runJest(selected) {
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-check-'));
  const result = join(folder, 'result.json');
  const { code, seconds } = await run(
    [
      '--experimental-vm-modules',
      '--disable-warning=ExperimentalWarning',
      'node_modules/jest/bin/jest.js',
      '--passWithNoTests',
      '--reporters=./scripts/jest-reporter.mjs',
      '--selectProjects',
      ...selected,
      ...jestArgs,
    ],
    { captured: false, env: { ROLLCALL_JEST_RESULT: result } },
  );
  const found = readResult(result);
  rmSync(folder, { recursive: true });
  let failed = 0;
  for (const name of selected) {
    const project = found.projects[name];
    if (project === undefined) continue;
    count(project);
    failed += project.failed;
    const text = `${project.passed} passed, ${project.failed} failed`;
    summary(project.failed === 0, { name, seconds: project.seconds, text });
  }
  skipped.push(...found.skipped);
  // Jest itself went wrong: a setup that failed, a handle that was left open, a crash.
  const isBroken = code !== 0 && failed === 0;
  if (isBroken) count({ passed: 0, failed: 1 });
  summary(!isBroken && failed === 0, {
    name: 'jest',
    seconds,
    text: isBroken ? `ended with code ${code}` : '',
  });
}

function readResult(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return { projects: {}, skipped: [] };
  }
}

function run(args, { captured, env = {} }) {
  const startedAt = performance.now();
  const local = join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  const child = spawn(existsSync(local) ? local : process.execPath, args, {
    cwd: root,
    stdio: ['ignore', captured ? 'pipe' : 'inherit', captured ? 'pipe' : 'inherit'],
    env: { ...process.env, ...env, PATH: `${bin}${delimiter}${process.env.PATH}` },
  });
  let output = '';
  child.stdout?.setEncoding('utf8').on('data', (text) => (output += text));
  child.stderr?.setEncoding('utf8').on('data', (text) => (output += text));
  return new Promise((resolve) => {
    const end = (code) => resolve({ code, output, seconds: (performance.now() - startedAt) / 1000 });
    child.on('error', (error) => ((output += error.message), end(1)));
    child.on('close', (code, signal) => end(code ?? signal));
  });
}

function count({ passed, failed }) {
  total.passed += passed;
  total.failed += failed;
}

function summary(isOk, { name, seconds, text = '' }) {
  console.log(
    `${isOk ? '  ok' : 'FAIL'}  ${name.padEnd(12)} ${seconds.toFixed(1).padStart(6)} s  ${text}`.trimEnd(),
  );
}
