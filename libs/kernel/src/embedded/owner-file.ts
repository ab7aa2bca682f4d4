import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';

import { EmbeddedPostgresError } from './embedded-postgres.errors.js';
import { isAlive, startTimeOf } from './process-table.js';

interface Owner {
  readonly pid: number;
  readonly startTime: string | undefined;
}

/** Our claim on a data folder. */
export interface Ownership {
  /** True when a process that is dead by now had the folder before and did not give it back. */
  readonly wasAbandoned: boolean;
  release(): void;
}

/**
 * Claims the data folder for this process: an owner file with process id and start time, made by link(2) so that it
 * appears whole and only once. The claim of a dead process is taken over.
 * @throws EmbeddedPostgresError `in_use` naming the process that has the folder.
 */
export function claimFolder(folder: string, file: string): Ownership {
  const own = JSON.stringify({ pid: process.pid, startTime: startTimeOf(process.pid) });
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, own, { mode: 0o600 });
  try {
    const wasAbandoned = takeOver(folder, file, draft);
    return {
      wasAbandoned,
      release: () => (readText(file) === own ? rmSync(file, { force: true }) : undefined),
    };
  } finally {
    rmSync(draft, { force: true });
  }
}

function takeOver(folder: string, file: string, draft: string): boolean {
  for (let wasAbandoned = false; ; wasAbandoned = true) {
    try {
      linkSync(draft, file);
      return wasAbandoned;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const found = readText(file);
    if (found === undefined) continue;
    refuseLiving(folder, found);
    setAside(file, found);
  }
}

function refuseLiving(folder: string, text: string): void {
  const owner = parseOwner(text);
  if (owner === undefined || !isAlive(owner.pid)) return;
  const isSame = owner.startTime === undefined || owner.startTime === startTimeOf(owner.pid);
  if (!isSame) return;
  throw new EmbeddedPostgresError(
    'in_use',
    `The data folder ${folder} is in use by the running process ${owner.pid}. Stop that process, or set ROLLCALL_DATA_DIR to another folder.`,
    { processId: owner.pid },
  );
}

/** Between reading and renaming another starter may have made its own claim; then that one is put back. */
function setAside(file: string, expected: string): void {
  const stale = `${file}.stale-${process.pid}`;
  try {
    renameSync(file, stale);
    if (readText(stale) !== expected) linkSync(stale, file);
  } catch (error) {
    if (!['ENOENT', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  } finally {
    rmSync(stale, { force: true });
  }
}

function parseOwner(text: string): Owner | undefined {
  try {
    const owner = JSON.parse(text) as Partial<Owner>;
    return typeof owner.pid === 'number' ? { pid: owner.pid, startTime: owner.startTime } : undefined;
  } catch {
    return undefined;
  }
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
