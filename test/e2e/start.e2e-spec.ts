import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '#testing';

const SECRET_KEYS = `k1:${Buffer.alloc(32, 1).toString('base64')}`;

let database: TestDatabase;
let folder: string;
let busy: Server;

beforeAll(async () => {
  database = await createTestDatabase();
  folder = await mkdtemp(join(tmpdir(), 'rollcall-start-'));
  busy = createServer();
  busy.listen(0, '127.0.0.1');
  await once(busy, 'listening');
}, 60_000);

afterAll(async () => {
  busy.close();
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

describe('a start that cannot work says why in one line and exits with 1', () => {
  it.each<[string, () => NodeJS.ProcessEnv, RegExp]>([
    [
      'a key that is too short',
      () => ({ DATABASE_URL: database.url, ROLLCALL_SECRET_KEYS: 'k1:c2hvcnQ=' }),
      /ROLLCALL_SECRET_KEYS/,
    ],
    ['no key at all', () => ({ DATABASE_URL: database.url }), /ROLLCALL_SECRET_KEYS.*required/],
    [
      'a database that does not answer',
      () => ({
        DATABASE_URL: 'postgres://nobody:secret@127.0.0.1:1/none',
        ROLLCALL_SECRET_KEYS: SECRET_KEYS,
      }),
      /127\.0\.0\.1:1/,
    ],
    [
      'a port in use',
      () => ({
        DATABASE_URL: database.url,
        ROLLCALL_SECRET_KEYS: SECRET_KEYS,
        PORT: String((busy.address() as AddressInfo).port),
      }),
      /EADDRINUSE/,
    ],
  ])(
    '%s',
    async (_name, env, message) => {
      const { code, errors } = await start(env());
      expect(errors.trim().split('\n')).toHaveLength(1);
      expect(errors).toMatch(message);
      expect(errors).not.toContain('secret@');
      expect(code).toBe(1);
    },
    60_000,
  );

  it('a half-migrated database', async () => {
    const half = await createTestDatabase();
    try {
      await half.asOwner('DELETE FROM migrations');
      const { code, errors } = await start({ DATABASE_URL: half.url, ROLLCALL_SECRET_KEYS: SECRET_KEYS });
      expect(errors.trim().split('\n')).toHaveLength(1);
      expect(errors).toMatch(/migrat/i);
      expect(code).toBe(1);
    } finally {
      await half.drop();
    }
  }, 60_000);
});

async function start(env: NodeJS.ProcessEnv): Promise<{ code: number | null; errors: string }> {
  const child = spawn(process.execPath, ['scripts/run-built.mjs', 'dist/src/main.js'], {
    env: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      ROLLCALL_DATA_DIR: folder,
      LOG_LEVEL: 'error',
      ...env,
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  await once(child, 'exit');
  return { code: child.exitCode, errors };
}
