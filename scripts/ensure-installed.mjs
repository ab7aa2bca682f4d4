// Installs the locked dependencies when they are absent or others. Runs before the npm scripts, on whatever Node the
// machine has (18 or newer) and without any dependency.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const OLDEST_NODE = 18;
const RUNTIME_MAJOR = 24;
const root = fileURLToPath(new URL('..', import.meta.url));
const isWindows = process.platform === 'win32';

if (Number(process.versions.node.split('.')[0]) < OLDEST_NODE) {
  fail(`Installing needs Node ${OLDEST_NODE} or newer, this is ${process.versions.node}.`);
}
if (!isInstalled()) install();
if (runtimeVersion() === undefined) repairRuntime();

/** Compares what npm wrote down about node_modules with the lock file; times of files say nothing after a checkout. */
function isInstalled() {
  const wanted = packagesOf('package-lock.json');
  const found = packagesOf('node_modules/.package-lock.json');
  if (found === undefined || wanted === undefined) return false;
  return Object.entries(wanted).every(([path, { version, optional }]) => {
    if (path === '') return true;
    if (found[path] === undefined) return optional === true;
    return found[path].version === version;
  });
}

function packagesOf(file) {
  try {
    return JSON.parse(readFileSync(`${root}/${file}`, 'utf8')).packages;
  } catch {
    return undefined;
  }
}

function install() {
  console.log('Installing the locked dependencies (npm ci), this takes a minute …');
  // Scripts must run even where they are off by default: one of them fetches the Node that everything runs on.
  const done = npm(['ci', '--no-audit', '--no-fund', '--loglevel=error', '--ignore-scripts=false']);
  if (done.status === 0) return;
  process.stderr.write(done.output);
  fail('"npm ci" failed. Its message stands above; remove the cause and try again.');
}

function repairRuntime() {
  npm(['rebuild', 'node', '--ignore-scripts=false', '--loglevel=error']);
  if (runtimeVersion() !== undefined) return;
  fail(
    `Node ${RUNTIME_MAJOR} is missing in node_modules: the install script of the package "node" did not run or failed. ` +
      'Allow install scripts (npm config set ignore-scripts false), remove node_modules and try again.',
  );
}

/** Undefined: the Node that npm scripts run on is not there. */
function runtimeVersion() {
  const binary = `${root}/node_modules/node/bin/node${isWindows ? '.exe' : ''}`;
  if (!existsSync(binary)) return undefined;
  const { stdout } = spawnSync(binary, ['--version'], { encoding: 'utf8' });
  return stdout?.startsWith(`v${RUNTIME_MAJOR}.`) ? stdout : undefined;
}

function npm(args) {
  // npm says by npm_execpath which npm it is; a script of it may not find one by name.
  const own = process.env.npm_execpath;
  const [command, first] = own?.endsWith('.js') ? [process.execPath, [own]] : ['npm', []];
  const result = spawnSync(command, [...first, ...args], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    shell: isWindows,
    maxBuffer: 1 << 26,
  });
  return { status: result.status, output: result.error?.message ?? `${result.stdout}${result.stderr}` };
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}
