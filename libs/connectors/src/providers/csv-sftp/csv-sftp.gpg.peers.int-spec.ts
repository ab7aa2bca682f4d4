import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { JsonValue } from '#kernel';
import {
  describeWithPeer,
  fakeCsvSftp,
  FakeTenant,
  fakeTime,
  GNUPG,
  readSource,
  startFakeCsv,
  type FakeServer,
  type ReadResult,
} from '#testing';
import type { Connector } from '../../sdk/contract.js';
import connector from './index.js';

const run = promisify(execFile);
const SHEET = 'id,email\n1,p1@example.com\n2,p2@example.com\n';
const PASSPHRASE = 'peer-passphrase';
const OURS = 'rollcall@example.com';
const SENDER = 'hr@example.test';

describeWithPeer(GNUPG, (program) => {
  // Nobody has waited for a signature for hours, and no signature is from the future.
  const time = fakeTime(new Date().toISOString());
  let home = '';
  let server: FakeServer | undefined;
  const keys: Record<string, JsonValue> = {};

  const gpg = async (...args: readonly string[]): Promise<string> => {
    const always = [
      '--homedir',
      home,
      '--batch',
      '--yes',
      '--pinentry-mode',
      'loopback',
      '--trust-model',
      'always',
    ];
    return (await run(program, [...always, '--passphrase', PASSPHRASE, ...args])).stdout;
  };

  beforeAll(async () => {
    // Short: the agent's socket lies in it.
    home = await mkdtemp(join(tmpdir(), 'gpg-'));
    for (const [address, algorithm] of [
      [OURS, 'default'],
      [SENDER, 'future-default'],
    ] as const)
      await gpg('--quick-generate-key', address, algorithm, 'default', '1y');
    keys['pgp_private_key'] = await gpg('--armor', '--export-secret-keys', OURS);
    keys['pgp_public_keys'] = await gpg('--armor', '--export', SENDER);
    keys['pgp_passphrase'] = PASSPHRASE;
    await writeFile(join(home, 'users.csv'), SHEET);
  }, 120_000);
  afterAll(async () => {
    await server?.close();
    await run('gpgconf', ['--homedir', home, '--kill', 'all']).catch(() => undefined);
    await rm(home, { recursive: true, force: true });
  }, 30_000);

  async function read(names: readonly string[], settings: Record<string, JsonValue>): Promise<ReadResult> {
    const files = await Promise.all(
      names.map(async (name) => {
        const content = await readFile(join(home, name));
        return [name, { content, modifiedAt: new Date(Date.now() - 3_600_000) }] as const;
      }),
    );
    await server?.close();
    const tenant = new FakeTenant({ users: 0, groups: 0, membersPerGroup: 0 }, time.clock);
    server = await startFakeCsv(tenant, { files: () => new Map(files) });
    const answers = { ...fakeCsvSftp.answers(server.url), ...keys, ...settings };
    return readSource(connector as Connector, { time, answers });
  }

  const made = async (name: string, ...args: readonly string[]): Promise<string> => {
    await gpg('--output', join(home, name), ...args, join(home, 'users.csv'));
    return name;
  };
  const expectRead = (result: ReadResult): void => {
    expect(result).toMatchObject({ complete: true, error: null });
    expect([...result.users.keys()]).toEqual(['1', '2']);
  };
  const both = { pgp_encrypted: true, pgp_signed: true };

  it('reads what gpg has encrypted and signed', async () => {
    const name = await made('users.csv.gpg', '--encrypt', '--sign', '-u', SENDER, '-r', OURS);
    expectRead(await read([name], both));
  }, 60_000);

  it('reads text, with bzip2 inside, and without the name of the key', async () => {
    const options = ['--armor', '--compress-algo', 'bzip2', '--hidden-recipient', OURS];
    const name = await made('users.csv.asc', '--encrypt', ...options);
    expectRead(await read([name], { pgp_encrypted: true }));
  }, 60_000);

  it.each(['users.csv.sig', 'users.csv.asc'])(
    'takes a signature in %s',
    async (file) => {
      const armor = file.endsWith('.asc') ? ['--armor'] : [];
      const name = await made(file, ...armor, '-u', SENDER, '--detach-sign');
      expectRead(await read(['users.csv', name], { pgp_signed: true }));
      await made(file, ...armor, '-u', OURS, '--detach-sign');
      const other = await read(['users.csv', name], { pgp_signed: true });
      expect(other.error?.message).toMatch(/none of those entered/);
    },
    60_000,
  );

  it('takes a signed file that is not encrypted, and refuses an encrypted one without a signature', async () => {
    const signed = await made('users.csv.pgp', '--sign', '-u', SENDER);
    expectRead(await read([signed], { pgp_signed: true }));
    const sealed = await made('users.csv.gpg', '--encrypt', '-r', OURS);
    expect((await read([sealed], both)).error?.message).toMatch(/is not signed/);
  }, 60_000);
});
