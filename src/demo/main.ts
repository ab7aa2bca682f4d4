import { parseArgs } from 'node:util';
import { runDemo } from './run-demo.js';

const INTERRUPTED = 130;
const REPEAT_MS = 1_000;
const DRAIN_LIMIT_MS = 28_000;

/** `npm run demo [-- --once]`. Exit code 0 when everything held, 1 when not, 130 when interrupted on the way. */
async function main(): Promise<number> {
  const stop = stopSignal();
  try {
    const { values } = parseArgs({ options: { once: { type: 'boolean', default: false } } });
    const good = await runDemo({ once: values.once, env: process.env, signal: stop });
    return good ? 0 : 1;
  } catch (error) {
    if (stop.aborted) return INTERRUPTED;
    process.stderr.write(`\nThe demo cannot go on: ${explain(error)}\n`);
    return 1;
  }
}

/** Aborted by the first Ctrl-C; a second one ends at once. npm passes on what the terminal has sent already, hence the pause. */
function stopSignal(): AbortSignal {
  const stop = new AbortController();
  let since = 0;
  const onSignal = (): void => {
    if (stop.signal.aborted) {
      if (Date.now() - since > REPEAT_MS) process.exit(INTERRUPTED);
      return;
    }
    since = Date.now();
    process.stdout.write('\n  Stopping; Ctrl-C once more ends at once.\n');
    setTimeout(() => process.exit(1), DRAIN_LIMIT_MS).unref();
    stop.abort();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return stop.signal;
}

/** One line; `cause` says why a fetch failed. */
function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? ` (${error.cause.message})` : '';
  return `${error.message}${cause}`.replaceAll(/\s*\n\s*/g, ' ');
}

process.exit(await main());
