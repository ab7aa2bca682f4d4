// Adds to package-lock.json the packages for other platforms that npm has left out: it drops those that it could not
// look up while installing, and "npm ci" then refuses the whole lock. With --check it only says whether one is missing.
import { readFileSync, writeFileSync } from 'node:fs';

const SYSTEMS = ['android', 'darwin', 'freebsd', 'linux', 'openharmony', 'win32'];
const PROCESSORS = ['arm64', 'arm', 'ia32', 'loong64', 'ppc64', 'riscv64', 's390x', 'x64', 'wasm32'];

const file = new URL('../package-lock.json', import.meta.url);
const lock = JSON.parse(readFileSync(file, 'utf8'));
const missing = Object.entries(lock.packages).flatMap(([path, entry]) => missingOf(path, entry));

if (!process.argv.includes('--check')) {
  for (const [path, entry] of missing) lock.packages[path] = entry;
  lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
  writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
} else if (missing.length > 0) {
  console.error(
    `package-lock.json lacks ${missing.length} packages for other platforms, so "npm ci" refuses it.`,
  );
  console.error('Run "node scripts/complete-lock.mjs".');
  process.exitCode = 1;
}

function missingOf(path, entry) {
  return Object.entries(entry.optionalDependencies ?? {})
    .filter(([name]) => !isLocked(path, name))
    .map(([name, version]) => [`node_modules/${name}`, stub(name, version, entry)]);
}

/** Node's own search: beside the package, then further up. */
function isLocked(path, name) {
  for (let folder = path; ; folder = folder.replace(/(^|\/)node_modules\/(@[^/]+\/)?[^/]+$/, '')) {
    if (lock.packages[`${folder === '' ? '' : `${folder}/`}node_modules/${name}`] !== undefined) return true;
    if (folder === '') return false;
  }
}

/** Enough for npm to know that it is not for this platform, and which version it is where it is. */
function stub(name, version, parent) {
  if (!/^\d+\.\d+\.\d+/.test(version)) throw new Error(`${name} is not pinned by its parent: ${version}`);
  const words = name.replace('linuxmusl', 'linux-musl').split(/[^a-z0-9]+/);
  const system = words.find((word) => SYSTEMS.includes(word));
  const processor = words
    .map((word) => (word === 'aarch64' ? 'arm64' : word))
    .find((word) => PROCESSORS.includes(word));
  if (system === undefined || processor === undefined) throw new Error(`Which platform is ${name} for?`);
  const libc = words.some((word) => word.startsWith('musl')) ? 'musl' : 'glibc';
  return {
    version,
    cpu: [processor],
    ...(parent.dev ? { dev: true } : {}),
    ...(system === 'linux' ? { libc: [libc] } : {}),
    optional: true,
    os: [system],
  };
}
