import { createTestDatabase } from '#testing';
import { startRollcall as start, type Replacements } from '../../src/rollcall.js';

/** A service on a database of its own, for one test file. */
export interface RunningRollcall {
  readonly baseUrl: string;
  /** Key of the default environment with all scopes. */
  readonly apiKey: string;
  /** The database's connection string, as its owner. */
  readonly databaseUrl: string;
  /** Where files are uploaded by SFTP, if `env` asks for it. */
  readonly sftp: {
    readonly host: string;
    readonly port: number;
    readonly hostKeys: readonly string[];
  } | null;
  stop(): Promise<void>;
}

/** Starts the whole service in this process, on a free port; `env` adds to or replaces its variables. */
export async function startRollcall(
  env: Record<string, string> = {},
  replacements: Replacements = {},
): Promise<RunningRollcall> {
  const database = await createTestDatabase();
  const apiKey = 'sk_test_bootstrap_key_for_end_to_end_tests';
  const variables = {
    DATABASE_URL: database.url,
    PORT: '0',
    ROLLCALL_SECRET_KEYS: `k1:${Buffer.alloc(32, 7).toString('base64')}`,
    ROLLCALL_BOOTSTRAP_API_KEY: apiKey,
    ROLLCALL_OUTBOUND_ALLOW: '127.0.0.0/8',
    ROLLCALL_SCIM_RATE_LIMIT: '0',
    LOG_LEVEL: 'error',
    ...env,
  };
  const rollcall = await start(variables, replacements);
  return {
    baseUrl: rollcall.baseUrl,
    apiKey,
    databaseUrl: database.url,
    sftp: rollcall.sftp,
    stop: async () => {
      await rollcall.stop();
      await database.drop();
    },
  };
}
