import { randomBytes } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { ConfigError } from './config.errors.js';
import { secretKeys } from './parse-variable.js';
import type { Config } from './read-config.js';

/**
 * The keys that encrypt stored secrets: from the configuration, or with the embedded PostgreSQL from a file in the
 * data folder (0600), which is made at the first start. Whoever backs up the database needs that file too.
 */
export async function loadSecretKeys(config: Pick<Config, 'secretKeys' | 'dataDir'>): Promise<string> {
  if (config.secretKeys !== undefined) return config.secretKeys;
  await mkdir(config.dataDir, { recursive: true, mode: 0o700 });
  const file = join(config.dataDir, 'secret-keys');
  const stored = (await readText(file)) ?? (await generate(file));
  try {
    return secretKeys(stored.trim());
  } catch {
    throw new ConfigError([
      {
        variable: file,
        message: 'holds no keys; put the file back from a backup, or set ROLLCALL_SECRET_KEYS',
      },
    ]);
  }
}

/** Made by link(2), so that the file appears whole, and once when two processes start together. */
async function generate(file: string): Promise<string> {
  const draft = `${file}.${randomBytes(6).toString('hex')}`;
  await writeFile(draft, `k1:${randomBytes(32).toString('base64')}\n`, { mode: 0o600 });
  try {
    await link(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await rm(draft, { force: true });
  }
  return readFile(file, 'utf8');
}

async function readText(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
