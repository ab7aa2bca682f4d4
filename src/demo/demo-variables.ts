import { demoApiKey } from './demo-api-key.js';
import { freePort } from './free-port.js';

type Variables = Record<string, string | undefined>;

type DemoVariables = Variables & { readonly ROLLCALL_BOOTSTRAP_API_KEY: string };

const LOOPBACK = ['127.0.0.0/8', '::1/128'];
const DEFAULT_PORT = 3_000;

/**
 * The variables of `npm start` as they are, with these differences: the receiver on this machine may be reached, logs
 * tell of errors only (held removals, which the demo shows, are a warning), another port is taken when the usual one is
 * not free, and the demo has a key to create its environments with. What is set explicitly stays.
 */
export async function demoVariables(env: Variables): Promise<DemoVariables> {
  const allowed = (env.ROLLCALL_OUTBOUND_ALLOW ?? '').split(',').map((part) => part.trim());
  return {
    ...env,
    ROLLCALL_OUTBOUND_ALLOW: [...new Set([...allowed, ...LOOPBACK])].filter((part) => part !== '').join(','),
    ROLLCALL_BOOTSTRAP_API_KEY: env.ROLLCALL_BOOTSTRAP_API_KEY || (await demoApiKey(env.ROLLCALL_DATA_DIR)),
    LOG_LEVEL: env.LOG_LEVEL || 'error',
    PORT: env.PORT || String(await freePort(env.HOST || '127.0.0.1', DEFAULT_PORT)),
  };
}
