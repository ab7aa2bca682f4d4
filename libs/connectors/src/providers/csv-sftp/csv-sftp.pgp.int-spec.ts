import { gzipSync } from 'node:zlib';
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import * as openpgp from 'openpgp';
import type { JsonValue } from '#kernel';
import {
  fakeCsvSftp,
  FakeTenant,
  fakeTime,
  readSource,
  startFakeCsv,
  type FakeServer,
  type ReadResult,
} from '#testing';
import type { Connector } from '../../sdk/contract.js';
import connector from './index.js';
import { loadKeys } from './pgp/keys.js';
import { MAX_CONTENT, MAX_MESSAGE } from './pgp/open-pgp-file.js';

type Key = openpgp.PrivateKey;
type Contents = Readonly<Record<string, string | Uint8Array>>;

const MADE = new Date('2026-01-01T00:00:00Z');
const SIGNED = new Date('2026-02-28T03:00:00Z');
const PASSPHRASE = 'a passphrase of the canary kind';
const sheet = (...ids: readonly (number | string)[]): string =>
  ['id,email', ...ids.map((id) => `${id},p${id}@example.com`), ''].join('\n');
const bytes = (text: string | Uint8Array): Uint8Array => new Uint8Array(Buffer.from(text));

async function newKey(email: string, keyExpirationTime = 0): Promise<Key> {
  const options = { userIDs: [{ email }], date: MADE, keyExpirationTime, format: 'object' as const };
  return (await openpgp.generateKey(options)).privateKey;
}

/** Files with PGP as the fake server offers them. */
describe('csv-sftp with PGP', () => {
  const time = fakeTime('2026-03-02T12:00:00Z');
  let [ours, sender, stranger, expired] = [] as unknown as [Key, Key, Key, Key];
  let contents: Contents = {};
  let modifiedAt = new Date('2026-03-01T03:00:00Z');
  let server: FakeServer | undefined;

  beforeAll(async () => {
    [ours, sender, stranger, expired] = (await Promise.all<Key>([
      newKey('rollcall@example.com'),
      newKey('hr@example.test'),
      newKey('mallory@example.test'),
      newKey('hr@example.test', 60 * 86_400),
    ])) as [Key, Key, Key, Key];
  });
  afterEach(async () => {
    await server?.close();
    server = undefined;
    modifiedAt = new Date('2026-03-01T03:00:00Z');
  });

  const decryption = (key = ours): Record<string, JsonValue> => ({
    pgp_encrypted: true,
    pgp_private_key: key.armor(),
  });
  const signers = (...keys: readonly Key[]): Record<string, JsonValue> => ({
    pgp_signed: true,
    pgp_public_keys: keys.map((key) => key.toPublic().armor()).join('\n'),
  });
  const both = (): Record<string, JsonValue> => ({ ...decryption(), ...signers(sender) });

  async function read(
    given: Contents,
    settings: Record<string, JsonValue>,
    previous?: ReadResult['cursors'],
  ): Promise<ReadResult> {
    contents = given;
    const tenant = new FakeTenant({ users: 0, groups: 0, membersPerGroup: 0 }, time.clock);
    server ??= await startFakeCsv(tenant, {
      files: () =>
        new Map(
          Object.entries(contents).map(([name, text]) => [name, { content: Buffer.from(text), modifiedAt }]),
        ),
    });
    const answers = { ...fakeCsvSftp.answers(server.url), ...settings };
    return readSource(connector as Connector, { time, answers, ...(previous && { previous }) });
  }

  async function encrypted(
    text: string | Uint8Array,
    options: Partial<openpgp.EncryptOptions> & { readonly by?: Key; readonly at?: Date } = {},
  ): Promise<string | Uint8Array> {
    const { by, at = SIGNED, ...rest } = options;
    const message = await openpgp.createMessage({ binary: bytes(text), date: at });
    const made = await openpgp.encrypt({
      message,
      encryptionKeys: ours.toPublic(),
      ...(by && { signingKeys: by }),
      date: at,
      format: 'binary',
      ...rest,
    } as openpgp.EncryptOptions & { format: 'binary' });
    return made as string | Uint8Array;
  }

  async function signed(
    text: string | Uint8Array,
    signingKeys: Key,
    options: { readonly detached?: boolean; readonly format?: 'binary' | 'armored' } = {},
  ): Promise<string | Uint8Array> {
    const message = await openpgp.createMessage({ binary: bytes(text), date: SIGNED });
    const made = await openpgp.sign({
      message,
      signingKeys,
      format: 'binary',
      date: SIGNED,
      ...options,
    } as never);
    return made as string | Uint8Array;
  }

  const idsOf = ({ users }: ReadResult): string[] => [...users.keys()];
  const expectRead = (result: ReadResult, ...ids: string[]): void => {
    expect(result).toMatchObject({ complete: true, error: null });
    expect(idsOf(result)).toEqual(ids);
  };
  it.each<[string, () => Promise<Contents>]>([
    ['as .pgp', async () => ({ 'users.csv.pgp': await encrypted(sheet(1, 2)) })],
    ['as .gpg with groups', async () => ({ 'users.csv.gpg': await encrypted(sheet(1, 2)) })],
    ['as text', async () => ({ 'users.csv.asc': await encrypted(sheet(1, 2), { format: 'armored' }) })],
    ['compressed before', async () => ({ 'users.csv.gz.pgp': await encrypted(gzipSync(sheet(1, 2))) })],
    [
      'compressed by PGP',
      async () => ({
        'users.csv.pgp': await encrypted(sheet(1, 2), {
          config: { preferredCompressionAlgorithm: openpgp.enums.compression.zlib },
        }),
      }),
    ],
    [
      'with the plain file beside it, which is not read',
      async () => ({ 'users.csv': sheet(9), 'users.csv.pgp': await encrypted(sheet(1, 2)) }),
    ],
    [
      'for several keys, without their names',
      async () => ({
        'users.csv.pgp': await encrypted(sheet(1, 2), {
          encryptionKeys: [stranger.toPublic(), ours.toPublic()],
          wildcard: true,
        }),
      }),
    ],
    [
      'with a signature that nobody asks for',
      async () => ({ 'users.csv.pgp': await encrypted(sheet(1, 2), { by: stranger }) }),
    ],
    [
      'with a manifest about the plain file',
      async () => ({
        'users.csv.pgp': await encrypted(sheet(1, 2)),
        'manifest.json': JSON.stringify({
          files: [{ name: 'users.csv', rows: 2, bytes: sheet(1, 2).length }],
        }),
      }),
    ],
  ])('reads an encrypted file %s', async (_case, files) => {
    expectRead(await read(await files(), decryption()), '1', '2');
  });

  it.each<[string, () => Promise<Contents>, () => Record<string, JsonValue>]>([
    [
      'inside of an encrypted file',
      async () => ({ 'users.csv.pgp': await encrypted(sheet(1), { by: sender }) }),
      both,
    ],
    [
      'beside an encrypted file, of that file',
      async () => {
        const file = await encrypted(sheet(1));
        return { 'users.csv.pgp': file, 'users.csv.pgp.sig': await signed(file, sender, { detached: true }) };
      },
      both,
    ],
    [
      'beside an encrypted file, of its content',
      async () => ({
        'users.csv.pgp': await encrypted(sheet(1)),
        'users.csv.sig': await signed(sheet(1), sender, { detached: true }),
      }),
      both,
    ],
    [
      'inside of a signed file',
      async () => ({ 'users.csv.gpg': await signed(sheet(1), sender) }),
      () => signers(sender),
    ],
    [
      'beside a plain file',
      async () => ({
        'users.csv': sheet(1),
        'users.csv.sig': await signed(sheet(1), sender, { detached: true }),
      }),
      () => signers(sender),
    ],
    [
      'beside a plain file, as text, with another key among those entered',
      async () => ({
        'users.csv': sheet(1),
        'users.csv.asc': await signed(sheet(1), sender, { detached: true, format: 'armored' }),
      }),
      () => signers(stranger, sender),
    ],
    [
      'by two, of whom one is known',
      async () => ({ 'users.csv.pgp': await encrypted(sheet(1), { signingKeys: [stranger, sender] }) }),
      both,
    ],
  ])('takes a signature %s', async (_case, files, settings) => {
    expectRead(await read(await files(), settings()), '1');
  });

  it.each<[string, () => Promise<Contents>, () => Record<string, JsonValue>, RegExp]>([
    ['is not encrypted', async () => ({ 'users.csv': sheet(1) }), decryption, /users\.csv is not encrypted/],
    [
      'is signed only',
      async () => ({ 'users.csv.pgp': await signed(sheet(1), sender) }),
      both,
      /pgp is not encrypted/,
    ],
    [
      'is for another key',
      async () => ({ 'users.csv.pgp': await encrypted(sheet(1), { encryptionKeys: stranger.toPublic() }) }),
      decryption,
      /is encrypted for the key [0-9A-F]{16}, and this directory has [0-9A-F]{16}/,
    ],
    [
      'is encrypted with a password',
      async () => ({
        'users.csv.pgp': await encrypted(sheet(1), { encryptionKeys: undefined, passwords: 'secret' }),
      }),
      decryption,
      /with a password/,
    ],
    ['is no PGP at all', async () => ({ 'users.csv.pgp': sheet(1) }), decryption, /cannot be opened/],
    [
      'is encrypted where nobody expects it',
      async () => ({ 'users.csv.pgp': await encrypted(sheet(1), { by: sender }) }),
      () => signers(sender),
      /has no key|have no key/,
    ],
    ['is not signed', async () => ({ 'users.csv.pgp': await encrypted(sheet(1)) }), both, /is not signed/],
    [
      'is signed by another',
      async () => ({ 'users.csv.pgp': await encrypted(sheet(1), { by: stranger }) }),
      both,
      /is signed with the key [0-9A-F]{16}, which is none of those entered \([0-9A-F]{16}\)/,
    ],
    [
      'has the signature of another file beside it',
      async () => ({
        'users.csv': sheet(1, 2),
        'users.csv.sig': await signed(sheet(1), sender, { detached: true }),
      }),
      () => signers(sender),
      /does not hold: Signed digest did not match/,
    ],
    [
      'has something else than a signature beside it',
      async () => ({ 'users.csv': sheet(1), 'users.csv.asc': 'good, trust me' }),
      () => signers(sender),
      /users\.csv\.asc is no detached PGP signature of users\.csv/,
    ],
    [
      'is signed with a key that has expired since',
      async () => ({ 'users.csv.pgp': await encrypted(sheet(1), { by: expired, at: MADE }) }),
      () => ({ ...decryption(), ...signers(expired) }),
      /not valid any more \(.*expired.*\): enter the renewed key/,
    ],
    [
      'has a signature from the future',
      async () => ({
        'users.csv.pgp': await encrypted(sheet(1), { by: sender, at: new Date('2026-03-05T00:00:00Z') }),
      }),
      both,
      /future/,
    ],
    [
      'has no signature yet for hours',
      async () => ({ 'users.csv': sheet(1) }),
      () => signers(sender),
      /no signature users\.csv\.sig/,
    ],
    [
      'is encrypted, and the settings know no PGP',
      async () => ({ 'users.csv.pgp': await encrypted(sheet(1)) }),
      () => ({}),
      /For files with PGP, enter the keys/,
    ],
    [
      'has another content than its manifest says of the plain file',
      async () => ({
        'users.csv.pgp': await encrypted(sheet(1)),
        'manifest.json': JSON.stringify({ files: [{ name: 'users.csv', sha256: '0'.repeat(64) }] }),
      }),
      decryption,
      /not the file that its marker describes/,
    ],
    [
      'is larger than PGP files may be',
      async () => ({ 'users.csv.pgp': Buffer.alloc(MAX_MESSAGE + 1) }),
      decryption,
      /has 33 MiB; with PGP a file may have 32 MiB/,
    ],
  ])(
    'takes nothing over from a file that %s',
    async (...[, files, settings, problem]) => {
      const result = await read(await files(), settings());
      expect(result).toMatchObject({ complete: false, error: { message: expect.stringMatching(problem) } });
      expect(result.users.size).toBe(0);
      expect(JSON.stringify(result.error)).not.toMatch(/canary|PRIVATE/);
    },
    60_000,
  );

  it('stops where a small file unpacks to a huge one', async () => {
    const config = { preferredCompressionAlgorithm: openpgp.enums.compression.zlib };
    const bomb = await encrypted(Buffer.alloc(MAX_CONTENT + 1, 'a'), { config });
    expect(bomb.length).toBeLessThan(1_000_000);
    const result = await read({ 'users.csv.pgp': bomb }, decryption());
    expect(result.error?.message).toMatch(/larger than 64 MiB unpacked/);
  }, 60_000);

  it('takes all of a file that was cut or changed, or nothing', async () => {
    const ids = Array.from({ length: 300 }, (_, index) => index);
    const files = [
      { file: bytes(await encrypted(sheet(...ids), { by: sender })), settings: both() },
      { file: bytes(await signed(sheet(...ids), sender)), settings: signers(sender) },
    ];
    let refused = 0;
    for (const { file, settings } of files)
      for (const at of [1, 20, 0.3, 0.6, 0.9, file.length - 30, file.length - 1]) {
        const place = at < 1 ? Math.floor(file.length * at) : at;
        // A bit that neither content nor signature depends on may be another one.
        const flipped = Uint8Array.from(file, (byte, index) => (index === place ? byte ^ 1 : byte));
        for (const damaged of [file.subarray(0, place), flipped]) {
          const result = await read({ 'users.csv.pgp': damaged }, settings);
          expect([0, ids.length]).toContain(result.users.size);
          expect(result.complete ? 'users.csv.pgp' : result.error?.message).toMatch(/users\.csv\.pgp/);
          expect(result.complete).toBe(result.users.size > 0);
          refused += Number(!result.complete);
        }
      }
    expect(refused).toBeGreaterThan(24);
  }, 120_000);

  it('waits for a signature that is on its way', async () => {
    modifiedAt = new Date('2026-03-02T11:30:00Z');
    const waiting = await read({ 'users.csv': sheet(1) }, signers(sender));
    expect(waiting.error).toMatchObject({ code: 'source_unavailable' });
    expectRead(
      await read(
        { 'users.csv': sheet(1), 'users.csv.sig': await signed(sheet(1), sender, { detached: true }) },
        signers(sender),
      ),
      '1',
    );
  });

  it('knows the same content again under another session key, and an older signature under a new date', async () => {
    const first = await read({ 'users.csv.pgp': await encrypted(sheet(1, 2), { by: sender }) }, both());
    expectRead(first, '1', '2');
    modifiedAt = new Date('2026-03-01T03:30:00Z');
    const resent = async (after: ReadResult): Promise<ReadResult> =>
      read({ 'users.csv.pgp': await encrypted(sheet(1, 2), { by: sender }) }, both(), after.cursors);
    // Signed, the file is whole, and read once more for the sake of memberships.
    const second = await resent(first);
    expectRead(second, '1', '2');
    const same = await resent(second);
    expect([...same.users.keys()]).toEqual([]);
    expect(same.complete).toBe(true);
    const older = new Date('2026-02-20T03:00:00Z');
    const replayed = await encrypted(sheet(1), { by: sender, at: older });
    const again = await read({ 'users.csv.pgp': replayed }, both(), first.cursors);
    expect([...again.users.keys()]).toEqual([]);
    expect(again.covered).toEqual([]);
  });

  it('is opened with the passphrase, which nothing repeats', async () => {
    const locked = await openpgp.encryptKey({ privateKey: ours, passphrase: PASSPHRASE });
    const files = { 'users.csv.pgp': await encrypted(sheet(1)) };
    expectRead(await read(files, { ...decryption(locked), pgp_passphrase: PASSPHRASE }), '1');
    for (const [given, problem] of [
      [{}, /has a passphrase: enter it/],
      [{ pgp_passphrase: 'the wrong canary' }, /does not open/],
    ] as const) {
      const { error } = await read(files, { ...decryption(locked), ...given });
      expect(error).toMatchObject({ code: 'config_error', message: expect.stringMatching(problem) });
      expect(error?.message).not.toMatch(/canary/);
    }
  });

  it('says which keys cannot be read', async () => {
    const files = { 'users.csv.pgp': await encrypted(sheet(1)) };
    const broken = ours.armor().replace(/\n\n.{20}/, '\n\nAAAAAAAAAAAAAAAAAAAA');
    expect((await read(files, { ...decryption(), pgp_private_key: broken })).error).toMatchObject({
      code: 'config_error',
      message: expect.stringContaining('private key cannot be read'),
    });
    const foreign = sender
      .toPublic()
      .armor()
      .replace(/\n\n.{20}/, '\n\nAAAAAAAAAAAAAAAAAAAA');
    expect((await read(files, { ...signers(sender), pgp_public_keys: foreign })).error).toMatchObject({
      code: 'config_error',
      message: expect.stringContaining('public key of the sender cannot be read'),
    });
  });

  it('refuses settings without their keys, and a public key in the place of the private one', () => {
    const check = (settings: Record<string, JsonValue>) => () =>
      connector.readConfig({ ...fakeCsvSftp.answers('sftp://127.0.0.1:22'), ...settings });
    expect(check({ pgp_encrypted: true })).toThrow('Validation failed');
    expect(check({ pgp_signed: true })).toThrow('Validation failed');
    expect(check({ pgp_signed: true, pgp_public_keys: 'x' })).toThrow('Validation failed');
    expect(check({ pgp_encrypted: true, pgp_private_key: ours.toPublic().armor() })).toThrow(
      'Validation failed',
    );
    expect(check(both())).not.toThrow();
  });

  it('says what to install where the library is not there', async () => {
    const missing = Promise.reject(new Error("Cannot find package 'openpgp'"));
    await expect(loadKeys({ decryption: null, signers: [] }, () => missing)).rejects.toMatchObject({
      code: 'config_error',
      message: expect.stringContaining('npm install openpgp'),
    });
  });
});
