// node scripts/run-built.mjs dist/src/main.js [arguments]
// Builds when a source is newer than the last build, then becomes that program: same process, so signals, exit code
// and terminal are its own. Has to be readable for old Nodes.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const REQUIRED_MAJOR = 24;
const SOURCES = ['src', 'libs', 'migrations', 'tsconfig.json', 'tsconfig.build.json', 'package-lock.json'];
const root = fileURLToPath(new URL('..', import.meta.url));
const stamp = join(root, 'dist', '.built');
const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
const [entry, ...args] = process.argv.slice(2);

if (Number(process.versions.node.split('.')[0]) < REQUIRED_MAJOR) {
  fail(
    `Rollcall needs Node ${REQUIRED_MAJOR} or newer, this is ${process.versions.node}. Start it by "npm run …", which brings its own.`,
  );
}
if (entry === undefined) fail('Which program? node scripts/run-built.mjs dist/src/main.js');

// An image has the built files and no compiler.
if (existsSync(compiler) && isStale()) build();
const program = resolve(root, entry);
if (!existsSync(program)) fail(`${entry} does not exist: there is no source that it would be built from.`);
process.argv = [process.argv[0], program, ...args];
process.setSourceMapsEnabled(true);
await import(pathToFileURL(program).href);

function isStale() {
  if (!existsSync(stamp)) return true;
  const builtAt = statSync(stamp).mtimeMs;
  return SOURCES.some((name) => newest(join(root, name)) > builtAt);
}

/** Newest time below a path. A folder's own time tells of files that were removed. */
function newest(path) {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return 0;
  if (!found.isDirectory()) return /[.](spec|int-spec)[.]ts$/.test(path) ? 0 : found.mtimeMs;
  return readdirSync(path).reduce(
    (latest, name) => Math.max(latest, newest(join(path, name))),
    found.mtimeMs,
  );
}

function build() {
  const startedAt = new Date();
  const { status, stdout } = spawnSync(process.execPath, [compiler, '-p', 'tsconfig.build.json'], {
    cwd: root,
    encoding: 'utf8',
  });
  if (status !== 0) {
    process.stderr.write(stdout);
    fail('The build failed, see above.');
  }
  writeFileSync(stamp, '');
  // Whatever was changed while the compiler ran is newer than the build.
  utimesSync(stamp, startedAt, startedAt);
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}
