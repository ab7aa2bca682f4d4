import { parseArgs } from 'node:util';
import { runDemo } from './run-demo.js';

const INTERRUPTED = 130;

/** `npm run demo [-- --once]`. Exit code 0 when everything held, 1 when not, 130 when interrupted on the way. */
async function main(): Promise<number> {
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const)
    process.on(name, () => {
      if (stop.signal.aborted) process.exit(INTERRUPTED);
      process.stdout.write('\n  Stopping; once more ends at once.\n');
      stop.abort();
    });
  try {
    const { values } = parseArgs({ options: { once: { type: 'boolean', default: false } } });
    const good = await runDemo({ once: values.once, env: process.env, signal: stop.signal });
    return good ? 0 : 1;
  } catch (error) {
    if (stop.signal.aborted) return INTERRUPTED;
    process.stderr.write(`\nThe demo cannot go on: ${explain(error)}\n`);
    return 1;
  }
}

/** One line; `cause` says why a fetch failed. */
function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? ` (${error.cause.message})` : '';
  return `${error.message}${cause}`.replaceAll(/\s*\n\s*/g, ' ');
}

process.exit(await main());
