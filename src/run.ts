import { RollcallError } from '#kernel';
import { startRollcall, type Rollcall } from './rollcall.js';

/** How long a graceful end may take before the process leaves anyway. */
const DRAIN_LIMIT_MS = 28_000;

/** Starts the service, ends it on SIGTERM and SIGINT; a start that fails says why in one line and exits with 1. */
export async function run(env: NodeJS.ProcessEnv): Promise<void> {
  let rollcall: Rollcall;
  try {
    rollcall = await startRollcall(env);
  } catch (error) {
    process.stderr.write(`${explain(error)}\n`);
    process.exit(1);
  }
  announce(rollcall);
  let ending = false;
  const end = (signal: string): void => {
    if (ending) return;
    ending = true;
    rollcall.log.info({ signal }, 'draining: finishing what is under way');
    setTimeout(() => process.exit(1), DRAIN_LIMIT_MS).unref();
    rollcall.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`${explain(error)}\n`);
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', () => end('SIGTERM'));
  process.on('SIGINT', () => end('SIGINT'));
}

function announce(rollcall: Rollcall): void {
  rollcall.log.info({ url: rollcall.baseUrl, roles: rollcall.roles }, 'ready');
  if (rollcall.generatedApiKey !== undefined)
    process.stdout.write(`API key with all scopes (shown only now): ${rollcall.generatedApiKey}\n`);
}

/** One line for the operator; a stack only for what nobody foresaw. */
function explain(error: unknown): string {
  if (!(error instanceof Error)) return `Rollcall cannot start: ${String(error)}`;
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'EADDRINUSE')
    return `Rollcall cannot start: ${error.message}. Another program uses this port; stop it, or set PORT or ROLLCALL_SFTP_PORT.`;
  const isForeseen = error instanceof RollcallError || code !== undefined;
  return `Rollcall cannot start: ${isForeseen ? error.message : (error.stack ?? error.message)}`;
}
