import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import * as openpgp from 'openpgp';
import type { PgpFile } from './open-pgp-file.js';
import { startPgp, type PgpThread } from './pgp-thread.js';

const SHEET = 'id,email\n1,p1@example.com\n';
const NOW = new Date('2026-03-02T12:00:00Z');

/** Stands in for the real thread; the first message asks for the keys. */
const acting = (onFile: string) => (): Worker =>
  new Worker(
    `const { parentPort } = require('node:worker_threads');
     parentPort.on('message', ({ kind }) => {
       if (kind === 'check-keys') parentPort.postMessage({ kind: 'keys-checked' });
       else { ${onFile} }
     });`,
    { eval: true },
  );

describe('the thread that opens PGP files', () => {
  const abort = new AbortController();
  const { signal } = abort;
  let [folder, privateKey] = ['', ''];
  let key: openpgp.PrivateKey;
  let thread: PgpThread | undefined;

  beforeAll(async () => {
    const options = { userIDs: [{ email: 'rollcall@example.com' }], date: new Date('2026-01-01T00:00:00Z') };
    key = (await openpgp.generateKey({ ...options, format: 'object' })).privateKey;
    privateKey = key.armor();
  });
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'rollcall-pgp-spec-'));
  });
  afterEach(async () => {
    await thread?.close();
    thread = undefined;
    await rm(folder, { recursive: true, force: true });
  });

  const settings = (): Parameters<typeof startPgp>[0]['settings'] => ({
    decryption: { privateKey, passphrase: null },
    signers: null,
  });
  async function file(content: string | Uint8Array): Promise<PgpFile> {
    const path = join(folder, 'users');
    await writeFile(path, content);
    return { path, name: 'users.csv.pgp', isMessage: true, signature: null };
  }
  async function encrypted(text: string): Promise<PgpFile> {
    const message = await openpgp.createMessage({ binary: new Uint8Array(Buffer.from(text)) });
    const made = await openpgp.encrypt({ message, encryptionKeys: key.toPublic(), format: 'binary' });
    return file(made as Uint8Array);
  }

  it('opens a file while this thread does nothing but wait for it', async () => {
    thread = await startPgp({ settings: settings(), signal });
    const given = await encrypted(SHEET);
    const opening = thread.open(given, NOW);
    await new Promise((resolve) => setImmediate(resolve));
    const turn = new Int32Array(new SharedArrayBuffer(4));
    // Blocks this thread: whoever decrypts here as well will never be done.
    for (let waited = 0; waited < 2_000 && !existsSync(`${given.path}.open`); waited += 1)
      Atomics.wait(turn, 0, 0, 10);
    expect(existsSync(`${given.path}.open`)).toBe(true);
    expect(await readFile((await opening).path, 'utf8')).toBe(SHEET);
  });

  it('goes on with another file, also after one so large that the thread gave its memory back', async () => {
    thread = await startPgp({ settings: settings(), signal });
    for (const text of [SHEET, SHEET.repeat(200_000), SHEET]) {
      const { path } = await thread.open(await encrypted(text), NOW);
      expect((await readFile(path)).length).toBe(text.length);
    }
  });

  it('ends with a file that takes too much memory, and this process goes on', async () => {
    thread = await startPgp({ settings: settings(), signal, limits: { maxOldGenerationSizeMb: 32 } });
    const lines = `${'A'.repeat(64)}\n`.repeat(480_000);
    const given = await file(`-----BEGIN PGP MESSAGE-----\n\n${lines}-----END PGP MESSAGE-----\n`);
    await expect(thread.open(given, NOW)).rejects.toMatchObject({
      code: 'incomplete_listing',
      message: expect.stringMatching(
        /^users\.csv\.pgp took more memory.*compress it.*The last state stays\.$/,
      ),
    });
  });

  it.each([
    ['ends', 'process.exit(3)'],
    ['fails', 'throw new Error("out of luck")'],
  ])('says to try again when it %s in the middle, and nothing about the file', async (_case, onFile) => {
    thread = await startPgp({ settings: settings(), signal, start: acting(onFile) });
    const given = await encrypted(SHEET);
    const failure = { code: 'source_unavailable', message: expect.stringContaining('users.csv.pgp') };
    await expect(thread.open(given, NOW)).rejects.toMatchObject(failure);
    await expect(thread.open(given, NOW)).rejects.toMatchObject(failure);
  });

  it('is stopped with the run, in the middle of a file', async () => {
    let worker: Worker | undefined;
    const stopping = new AbortController();
    const start = (): Worker => (worker = acting('parentPort.close(); for (;;);')());
    thread = await startPgp({ settings: settings(), signal: stopping.signal, start });
    const opening = thread.open(await encrypted(SHEET), NOW);
    const exited = new Promise((resolve) => worker?.once('exit', resolve));
    setImmediate(() => stopping.abort(new Error('cancelled')));
    await expect(opening).rejects.toThrow('cancelled');
    await exited;
    await expect(thread.open(await encrypted(SHEET), NOW)).rejects.toThrow('cancelled');
  });

  it('refuses keys that cannot be used before any file is fetched, without repeating them', async () => {
    const locked = await openpgp.encryptKey({ privateKey: key, passphrase: 'canary' });
    const decryption = { privateKey: locked.armor(), passphrase: 'the wrong canary' };
    const starting = startPgp({ settings: { decryption, signers: null }, signal });
    await expect(starting).rejects.toMatchObject({
      code: 'config_error',
      message: 'The passphrase does not open the PGP private key.',
    });
  });
});
