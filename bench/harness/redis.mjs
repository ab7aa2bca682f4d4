import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { endWithRun } from './child.mjs';
import { freePort } from './free-port.mjs';

const PROGRAMS = ['redis-server', 'valkey-server'];
const START_MS = 1_000;

/** A Redis for one run, or undefined when the machine has none. It writes its log of changes once a second. */
export async function startRedis() {
  for (const program of PROGRAMS) {
    const folder = mkdtempSync(join(tmpdir(), 'rollcall-bench-'));
    const port = await freePort();
    const args = [
      '--port',
      String(port),
      '--bind',
      '127.0.0.1',
      '--dir',
      folder,
      '--save',
      '',
      '--appendonly',
      'yes',
    ];
    const child = spawn(program, args, { stdio: 'ignore' });
    const failed = once(child, 'error').then(() => true);
    const remove = () => rmSync(folder, { recursive: true, force: true });
    if (await Promise.race([failed, sleep(START_MS, false)])) {
      remove();
      continue;
    }
    return endWithRun({ port, stop: () => stop(child).finally(remove) });
  }
  return undefined;
}

async function stop(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  await exit;
}
