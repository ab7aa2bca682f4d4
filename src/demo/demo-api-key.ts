import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

/**
 * The key for the whole instance, with which the demo makes its environments. A key that the service generates is
 * shown at the first start only, so the demo brings its own: made once, kept in the data folder (0600).
 */
export async function demoApiKey(dataDir: string | undefined): Promise<string> {
  const folder = resolve(dataDir || '.rollcall');
  const file = join(folder, 'demo-api-key');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  try {
    await writeFile(file, `sk_${randomBytes(24).toString('base64url')}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return (await readFile(file, 'utf8')).trim();
}
