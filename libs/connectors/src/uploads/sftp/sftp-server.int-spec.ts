import { connect, type AddressInfo, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import ssh2, { type Client, type SFTPWrapper } from 'ssh2';
import { FailedLogins, SecretBox } from '#kernel';
import type { Directory } from '#model';
import { createTestDatabase, newSshKey, type TestDatabase } from '#testing';
import { TOKEN, UploadsWorld } from '../../../test-support/upload-world.js';
import { loadHostKeys, type HostKeys } from './host-keys.js';
import { UploadSftpServer, type SftpServerParts } from './sftp-server.js';

const { OPEN_MODE } = ssh2.utils.sftp;
const WRITE_NEW = OPEN_MODE.WRITE | OPEN_MODE.CREAT | OPEN_MODE.TRUNC;
const box = (...ids: readonly number[]): SecretBox =>
  new SecretBox(ids.map((id) => `k${id}:${Buffer.alloc(32, id).toString('base64')}`).join(','));

let db: TestDatabase;
let world: UploadsWorld;
let hostKeys: HostKeys;
beforeAll(async () => {
  db = await createTestDatabase();
  world = new UploadsWorld(db.database);
  hostKeys = await loadHostKeys(db.database, box(1));
}, 60_000);
afterAll(() => db.drop());

describe('host keys', () => {
  it('are the same in every process, and after the secret keys were rotated', async () => {
    expect(await loadHostKeys(db.database, box(1))).toEqual(hostKeys);
    expect(await loadHostKeys(db.database, box(2, 1))).toEqual(hostKeys);
    // The old key is no longer needed.
    expect(await loadHostKeys(db.database, box(2))).toEqual(hostKeys);
    await expect(loadHostKeys(db.database, box(3))).rejects.toThrow('"k2"');
    expect(await loadHostKeys(db.database, box(1, 2))).toEqual(hostKeys);
  });

  it('are those of the first of two processes that start together', async () => {
    await db.database.query({ text: 'DELETE FROM service_secrets' });
    const [one, other] = await Promise.all([1, 2].map(() => loadHostKeys(db.database, box(1))));
    expect(one).toEqual(other);
    const [row] = await db.database.query<{ sealed: string }>({ text: 'SELECT sealed FROM service_secrets' });
    expect(row?.sealed).not.toContain('PRIVATE KEY');
    hostKeys = one as HostKeys;
  }, 30_000);
});

describe('the SFTP server', () => {
  const servers: UploadSftpServer[] = [];
  const clients: Client[] = [];
  afterEach(async () => {
    for (const client of clients.splice(0)) client.end();
    await Promise.all(servers.splice(0).map((server) => server.close()));
  }, 30_000);

  async function serve(
    directories: readonly Directory[],
    times: SftpServerParts['times'] = {},
    failedLogins = new FailedLogins(),
  ): Promise<number> {
    const ignore = (): void => undefined;
    const server = new UploadSftpServer({
      hostKeys,
      access: world.access(...directories),
      uploads: world.uploads,
      failedLogins,
      log: { debug: ignore, info: ignore, warn: ignore, error: ignore },
      times,
    });
    servers.push(server);
    await server.listen(0, '127.0.0.1');
    return (server.address() as AddressInfo).port;
  }

  function login(
    port: number,
    username: string,
    secret: string | { readonly privateKey: string },
  ): Promise<Client> {
    const proof = typeof secret === 'string' ? { password: secret } : secret;
    const client = new ssh2.Client();
    clients.push(client);
    return new Promise((resolve, reject) => {
      client.once('ready', () => resolve(client));
      client.on('error', reject);
      client.once('close', () => reject(new Error('closed')));
      client.connect({ host: '127.0.0.1', port, username, ...proof });
    });
  }

  const open = (client: Client): Promise<SFTPWrapper> => call((done) => client.sftp(done));

  const stored = async ({ environmentId, id }: Directory): Promise<[string, number][]> =>
    (await world.box.stored({ environmentId, directoryId: id })).map(({ name, bytes }) => [name, bytes]);

  it('puts together what was written in any order', async () => {
    const directory = await world.directory();
    const sftp = await open(await login(await serve([directory]), directory.externalKey, TOKEN));
    const handle = await call<Buffer>((done) => sftp.open('/users.csv', WRITE_NEW, done));
    const text = Buffer.from('id,email\n1,one@example.com\n2,two@example.com\n');
    for (const [start, end] of [
      [30, text.length],
      [10, 20],
      [20, 30],
      [0, 10],
    ] as const)
      await call((done) =>
        sftp.write(handle, text, start, end - start, start, (error) => done(error, undefined)),
      );
    await call((done) => sftp.close(handle, (error) => done(error, undefined)));
    const files = world.box.filesOf({ environmentId: directory.environmentId, directoryId: directory.id });
    const [file] = await files.list();
    const parts: Uint8Array[] = [];
    for await (const part of files.read(file?.id ?? '')) parts.push(part);
    expect(Buffer.concat(parts).toString()).toBe(text.toString());
    // Closed is not finished.
    expect(file?.isResting).toBe(true);
    expect((await world.queue(directory)).due).toBeGreaterThan(30);
  });

  it('opens nothing for reading or appending', async () => {
    const directory = await world.directory();
    const sftp = await open(await login(await serve([directory]), directory.externalKey, TOKEN));
    const opening = (mode: number): Promise<Buffer> => call((done) => sftp.open('/done', mode, done));
    const handle = await opening(WRITE_NEW);
    await call((done) => sftp.close(handle, (error) => done(error, undefined)));
    await expect(opening(OPEN_MODE.READ)).rejects.toThrow('Files can be sent here, not fetched.');
    await expect(opening(OPEN_MODE.WRITE | OPEN_MODE.APPEND)).rejects.toThrow('nothing is appended');
    await expect(opening(WRITE_NEW | OPEN_MODE.EXCL)).rejects.toThrow('there already');
  });

  it('takes no file of which a part never came', async () => {
    const directory = await world.directory();
    const sftp = await open(await login(await serve([directory]), directory.externalKey, TOKEN));
    const handle = await call<Buffer>((done) => sftp.open('users.csv', WRITE_NEW, done));
    const text = Buffer.from('2,two@example.com\n');
    await call((done) => sftp.write(handle, text, 0, text.length, 100, (error) => done(error, undefined)));
    await expect(call((done) => sftp.close(handle, (error) => done(error, undefined)))).rejects.toThrow(
      /not written from its beginning/,
    );
    expect(await stored(directory)).toEqual([]);
  });

  it('waits for what is being written when the file is closed at once', async () => {
    const directory = await world.directory();
    const sftp = await open(await login(await serve([directory]), directory.externalKey, TOKEN));
    const handle = await call<Buffer>((done) => sftp.open('users.csv', WRITE_NEW, done));
    const block = Buffer.alloc(16_384, 'x');
    const writing = Array.from({ length: 40 }, (_, index) =>
      call((done) =>
        sftp.write(handle, block, 0, block.length, index * block.length, (error) => done(error, undefined)),
      ),
    );
    await Promise.all([...writing, call((done) => sftp.close(handle, (error) => done(error, undefined)))]);
    expect(await stored(directory)).toEqual([['users.csv', 40 * block.length]]);
  });

  it('forgets what was not closed when the connection ends', async () => {
    const directory = await world.directory();
    const port = await serve([directory]);
    const client = await login(port, directory.externalKey, TOKEN);
    const sftp = await open(client);
    const handle = await call<Buffer>((done) => sftp.open('users.csv', WRITE_NEW, done));
    await call((done) => sftp.write(handle, Buffer.from('id\n'), 0, 3, 0, (error) => done(error, undefined)));
    const closed = new Promise((resolve) => client.on('close', () => resolve(undefined)));
    client.destroy();
    await closed;
    // Its places are free again: as many as a directory has can be opened.
    const again = await open(await login(port, directory.externalKey, TOKEN));
    for (let round = 0; round < 4; round++)
      await eventually(() =>
        call<Buffer>((done) => again.open(`users.2026010${round + 1}.csv`, WRITE_NEW, done)),
      );
    expect(await stored(directory)).toEqual([]);
  }, 30_000);

  it('lets nobody guess for ever, and shuts out nobody who is right behind the same address', async () => {
    const key = newSshKey();
    const [directory, worked, other] = [
      await world.directory({ public_keys: [key.publicKey] }),
      await world.directory(),
      await world.directory(),
    ];
    // The clock stands still: nothing is forgiven.
    const port = await serve([directory, worked, other], {}, new FailedLogins(3, () => 0));
    await login(port, worked.externalKey, TOKEN);
    for (const { externalKey } of [directory, worked])
      for (let round = 0; round < 4; round++)
        await expect(login(port, externalKey, `guess ${round}`)).rejects.toThrow(/authentication/);
    await expect(login(port, directory.externalKey, TOKEN)).rejects.toThrow(/authentication/);
    for (let user = 0; user < 5; user++)
      await expect(login(port, `nobody-${user}`, TOKEN)).rejects.toThrow(/authentication/);
    await login(port, other.externalKey, TOKEN);
    await login(port, worked.externalKey, TOKEN);
    await login(port, directory.externalKey, { privateKey: key.privateKey });
  }, 60_000);

  it('asks for a signature by the key, not for the key alone', async () => {
    const [own, stranger] = [newSshKey(), newSshKey()];
    const directory = await world.directory({ public_keys: [own.publicKey] });
    const port = await serve([directory]);
    // The right public half with another private half.
    const forged = ssh2.utils.parseKey(stranger.privateKey) as ssh2.ParsedKey;
    const half = ssh2.utils.parseKey(own.publicKey) as ssh2.ParsedKey;
    forged.getPublicSSH = () => half.getPublicSSH();
    const client = new ssh2.Client();
    clients.push(client);
    const outcome = await new Promise((resolve) => {
      client.once('ready', () => resolve('ready'));
      // More than one may come: the refusal, and then the end of the connection.
      client.on('error', (error: Error & { level?: string }) => resolve(error.level));
      client.connect({
        host: '127.0.0.1',
        port,
        username: directory.externalKey,
        authHandler: [{ type: 'publickey', username: directory.externalKey, key: forged } as never],
      });
    });
    expect(outcome).toBe('client-authentication');
  });

  it('ends who does not sign in, and who has fallen silent', async () => {
    const directory = await world.directory();
    const port = await serve([directory], { signIn: 300, idle: 60_000 });
    await expect(closedByPeer(connect(port, '127.0.0.1'))).resolves.toBeUndefined();
    const impatient = await serve([directory], { signIn: 20_000, idle: 300 });
    const client = await login(impatient, directory.externalKey, TOKEN);
    await new Promise((resolve) => client.on('close', () => resolve(undefined)));
  }, 30_000);

  it('lets a directory have only so many connections', async () => {
    const directory = await world.directory();
    const port = await serve([directory]);
    for (let round = 0; round < 8; round++) await login(port, directory.externalKey, TOKEN);
    await expect(login(port, directory.externalKey, TOKEN)).rejects.toThrow();
  }, 30_000);

  it('lets nobody in whose files are not uploaded', async () => {
    const directory = await world.directory({ delivery: 'fetch' });
    await expect(login(await serve([directory]), directory.externalKey, TOKEN)).rejects.toThrow();
  });
});

function call<T>(ask: (done: (error: Error | null | undefined, value: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    ask((error, value) => {
      if (error) reject(error);
      else resolve(value);
    });
  });
}

async function eventually<T>(work: () => Promise<T>): Promise<T> {
  for (let left = 200; ; left--)
    try {
      return await work();
    } catch (error) {
      if (left === 0) throw error;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
}

function closedByPeer(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.on('data', () => undefined);
    socket.once('close', () => resolve());
  });
}
