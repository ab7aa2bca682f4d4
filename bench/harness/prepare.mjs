import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const BENCH = new URL('../', import.meta.url);
const ROOT = new URL('../../', import.meta.url);

/** Installs the peers when they are absent, and builds the service. */
export async function prepare({ build }) {
  if (!existsSync(new URL('node_modules/', BENCH))) {
    console.log('Installing the peers of the benchmarks (once) …');
    // Not "npm ci": it insists on packages for other platforms that some mirrors do not have.
    await npm(['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'], BENCH);
  }
  if (build) {
    console.log('Building Rollcall …');
    await npm(['run', '--silent', 'build'], ROOT);
  }
}

async function npm(args, folder) {
  const child = spawn('npm', args, {
    cwd: fileURLToPath(folder),
    stdio: 'inherit',
    // npm is a batch file there.
    shell: process.platform === 'win32',
  });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`"npm ${args.join(' ')}" failed`);
}
