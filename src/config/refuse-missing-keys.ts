import { ConfigError } from './config.errors.js';

/**
 * Without its key nothing that was sealed can be used: better no start than a thousand directories or endpoints that fail.
 * @throws ConfigError that names the keys and what needs them.
 */
export function refuseMissingKeys(missing: readonly string[], what: string): void {
  if (missing.length === 0) return;
  throw new ConfigError([
    {
      variable: 'ROLLCALL_SECRET_KEYS',
      message: `lacks the key "${missing.join('", "')}" that ${what} are sealed with; put it back behind the first one`,
    },
  ]);
}
