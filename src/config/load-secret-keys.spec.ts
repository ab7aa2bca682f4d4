import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { loadSecretKeys } from './load-secret-keys.js';

describe('loadSecretKeys', () => {
  let folder = '';
  let dataDir = '';

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'rollcall-keys-'));
    dataDir = join(folder, 'new', 'data');
  });

  afterEach(() => rm(folder, { recursive: true }));

  it('makes a file that only its owner reads, and finds it again', async () => {
    const keys = await loadSecretKeys({ secretKeys: undefined, dataDir });
    expect(keys).toMatch(/^k1:[A-Za-z0-9+/]{43}=$/);
    expect((await stat(join(dataDir, 'secret-keys'))).mode & 0o777).toBe(0o600);
    expect(await loadSecretKeys({ secretKeys: undefined, dataDir })).toBe(keys);
  });

  it('gives the same keys to everybody who starts at once', async () => {
    const all = await Promise.all(
      Array.from({ length: 5 }, () => loadSecretKeys({ secretKeys: undefined, dataDir })),
    );
    expect(new Set(all).size).toBe(1);
    expect((await readFile(join(dataDir, 'secret-keys'), 'utf8')).trim()).toBe(all[0]);
  });

  it('prefers the configuration', async () => {
    expect(await loadSecretKeys({ secretKeys: 'k2:x', dataDir })).toBe('k2:x');
  });

  it('says which file is damaged instead of making new keys', async () => {
    await loadSecretKeys({ secretKeys: undefined, dataDir });
    await writeFile(join(dataDir, 'secret-keys'), '');
    await expect(loadSecretKeys({ secretKeys: undefined, dataDir })).rejects.toThrow(
      'secret-keys: holds no keys',
    );
  });
});
