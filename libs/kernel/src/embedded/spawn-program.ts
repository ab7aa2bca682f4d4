import { spawn, type ChildProcess } from 'node:child_process';

import { program, type Binaries } from './binaries.js';
import type { Account } from './account.js';

/** One program of PostgreSQL and how to run it. */
export interface ProgramCall {
  readonly binaries: Binaries;
  readonly account: Account | undefined;
  readonly name: 'postgres' | 'initdb';
  readonly args: readonly string[];
}

/**
 * Starts a program of PostgreSQL and hands every line it says to `onLine`. The server runs in a session of its own:
 * Ctrl-C in a terminal is for us, and we stop it last. Nothing of our environment goes along, least of all PG* and keys.
 */
export function spawnProgram(call: ProgramCall, onLine: (line: string) => void): ChildProcess {
  const child = spawn(program(call.binaries, call.name), call.args, {
    cwd: '/',
    env: { PATH: process.env['PATH'], SystemRoot: process.env['SystemRoot'], LC_ALL: 'C', TZ: 'UTC' },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: call.name === 'postgres' && process.platform !== 'win32',
    ...call.account,
  });
  readLines(child, 'stdout', onLine);
  readLines(child, 'stderr', onLine);
  return child;
}

function readLines(child: ChildProcess, name: 'stdout' | 'stderr', onLine: (line: string) => void): void {
  let rest = '';
  child[name]?.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    lines.forEach((line) => onLine(line));
  });
  child[name]?.on('end', () => (rest === '' ? undefined : onLine(rest)));
}
