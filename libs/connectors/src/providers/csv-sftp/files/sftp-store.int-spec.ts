import { mkdtemp, rm, stat } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import ssh2, { type Attributes, type Connection, type FileEntry, type SFTPWrapper } from 'ssh2';
import { fakePorts, fakeTime, newSshKey } from '#testing';
import type { FileStore } from './file-store.js';
import { openSftpStore } from './sftp-store.js';

const { STATUS_CODE } = ssh2.utils.sftp;
const KEY = newSshKey();
const FILE = { mode: 0o100_600, uid: 0, gid: 0, size: 100, atime: 1_000, mtime: 1_000 };
const entry = (filename: string, attrs: object): FileEntry => ({
  filename,
  longname: filename,
  attrs: attrs as Attributes,
});

/** What a server answers; by default one empty listing, and files without end. */
interface Answers {
  /** The batch of a READDIR, counted from 0; null is the end. */
  readonly batch: (index: number) => readonly FileEntry[] | null;
  readonly stat: (path: string) => object | number;
}

/** Servers that tell little, or too much. */
describe('an SFTP store', () => {
  const ports = fakePorts({ time: fakeTime() }).ports;
  let server: ssh2.Server;
  const connections = new Set<Connection>();
  let store: FileStore;
  let folder: string;
  let served = 0;

  beforeEach(async () => {
    served = 0;
    folder = await mkdtemp(join(tmpdir(), 'rollcall-sftp-store-'));
  });
  afterEach(async () => {
    store.close();
    for (const connection of connections) connection.end();
    await new Promise<void>((resolve) => server.close(() => resolve()));
    await rm(folder, { recursive: true, force: true });
  });

  async function open(answers: Partial<Answers>): Promise<FileStore> {
    server = new ssh2.Server({ hostKeys: [KEY.privateKey] }, (connection) => {
      connections.add(connection);
      connection.on('error', () => undefined).on('close', () => connections.delete(connection));
      connection.on('authentication', (context) => context.accept());
      connection.on('session', (accept) => {
        accept().on('sftp', (acceptSftp) => serve(acceptSftp(), answers));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const credential = { password: 'any' };
    store = await openSftpStore(
      { host: '127.0.0.1', port, hostKeys: [KEY.fingerprint], username: 'export', credential },
      'out',
      ports,
    );
    return store;
  }

  function serve(sftp: SFTPWrapper, { batch = () => null, stat: told = () => FILE }: Partial<Answers>): void {
    let index = 0;
    const tell = (id: number, path: string): void => {
      const answer = told(path);
      if (typeof answer === 'number') sftp.status(id, answer);
      else sftp.attrs(id, answer as Attributes);
    };
    sftp.on('OPENDIR', (id) => sftp.handle(id, Buffer.from('dir')));
    sftp.on('READDIR', (id) => {
      const names = batch(index++);
      if (names === null) sftp.status(id, STATUS_CODE.EOF);
      else sftp.name(id, [...names]);
    });
    sftp.on('STAT', tell);
    sftp.on('FSTAT', (id) => sftp.attrs(id, FILE));
    sftp.on('OPEN', (id) => sftp.handle(id, Buffer.from('file')));
    sftp.on('READ', (...[id, , , length]) => {
      served += Math.min(length, 32_768);
      // Far beyond what a copy of the file could need, and an end for a reader who does not notice.
      if (served > 20_000_000) sftp.status(id, STATUS_CODE.EOF);
      else sftp.data(id, Buffer.alloc(Math.min(length, 32_768), 'x'));
    });
    sftp.on('CLOSE', (id) => sftp.status(id, STATUS_CODE.OK));
  }

  const once =
    (...names: FileEntry[]) =>
    (index: number): FileEntry[] | null =>
      index === 0 ? names : null;

  it('asks about what the listing does not tell, and follows links', async () => {
    const answers: Record<string, object | number> = {
      'out/bare.csv': { ...FILE, size: 7 },
      'out/link.csv': { ...FILE, size: 8 },
      'out/folder': { ...FILE, mode: 0o040_700 },
      'out/lost.csv': STATUS_CODE.NO_SUCH_FILE,
    };
    const opened = await open({
      batch: once(
        entry('whole.csv', FILE),
        entry('bare.csv', {}),
        entry('link.csv', { ...FILE, mode: 0o120_777 }),
        entry('folder', { ...FILE, mode: 0o120_777 }),
        entry('lost.csv', { ...FILE, mode: 0o120_777 }),
        entry('directory', { ...FILE, mode: 0o040_700 }),
      ),
      stat: (path) => answers[path] ?? FILE,
    });
    expect((await opened.list()).map(({ name, bytes }) => [name, bytes])).toEqual([
      ['whole.csv', 100],
      ['bare.csv', 7],
      ['link.csv', 8],
    ]);
  });

  it('takes an entry for a file where the server never says what it is, if it tells size and time', async () => {
    const opened = await open({
      batch: once(entry('a.csv', {})),
      stat: () => ({ size: 5, mtime: 9, atime: 9 }),
    });
    expect(await opened.list()).toMatchObject([{ name: 'a.csv', bytes: 5, modifiedAt: new Date(9_000) }]);
  });

  it('says so when the server tells neither size nor time', async () => {
    const opened = await open({ batch: once(entry('a.csv', {})), stat: () => ({ mode: 0o100_600 }) });
    await expect(opened.list()).rejects.toMatchObject({ code: 'source_changed_shape' });
  });

  it.each<[string, Answers['batch'], string]>([
    ['names nothing', () => [], 'incomplete_listing'],
    [
      'goes on',
      (index) => Array.from({ length: 1_000 }, (_, at) => entry(`${index}-${at}`, FILE)),
      'config_error',
    ],
  ])('gives up on a folder that %s without end', async (_case, batch, code) => {
    const opened = await open({ batch });
    await expect(opened.list()).rejects.toMatchObject({ code });
  });

  it('stops at a file that has more bytes than it was listed with', async () => {
    const opened = await open({});
    const file = { name: 'users.csv', bytes: 100, modifiedAt: new Date(1_000_000), isFresh: false };
    const copy = join(folder, 'copy');
    await expect(opened.fetch(file, copy)).rejects.toMatchObject({
      code: 'source_unavailable',
      message: expect.stringContaining('changed while it was read'),
    });
    expect((await stat(copy)).size).toBeLessThan(5_000_000);
    expect(served).toBeLessThan(5_000_000);
  });
});
