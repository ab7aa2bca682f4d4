import { readFileSync } from 'node:fs';

/** Linux counts CPU time in hundredths of a second, whatever the kernel was built with. */
const TICKS_PER_SECOND = 100;

/**
 * CPU seconds that the server's processes for one database have used so far, by process id. On a machine that does other
 * things as well they say more than the time on the clock. Empty where there is no /proc.
 */
export async function serverCpu(admin, database) {
  const { rows } = await admin.query('SELECT pid FROM pg_stat_activity WHERE datname = $1', [database]);
  return new Map(
    rows.map(({ pid }) => [pid, cpuSeconds(pid)]).filter(([, seconds]) => seconds !== undefined),
  );
}

/** What was used between two looks. */
export function usedBetween(before, after) {
  let seconds = 0;
  for (const [pid, total] of after) seconds += total - (before.get(pid) ?? 0);
  return seconds;
}

function cpuSeconds(pid) {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1).split(' ');
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
  } catch {
    return undefined;
  }
}
