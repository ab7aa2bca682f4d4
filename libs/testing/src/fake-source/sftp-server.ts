import { createHash, generateKeyPairSync } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import ssh2, { type Attributes, type AuthContext, type Connection, type SFTPWrapper } from 'ssh2';

const { STATUS_CODE } = ssh2.utils.sftp;
/** A regular file that its owner reads and writes. */
const FILE_MODE = 0o100_600;

/** A file as the fake shows it. */
export interface FakeFile {
  readonly content: Buffer;
  readonly modifiedAt: Date;
}

/** What the fake does when a file is opened. */
export type Opening =
  | { readonly kind: 'content'; readonly content: Buffer }
  | { readonly kind: 'status'; readonly code: number }
  | { readonly kind: 'hang_up' };

export interface FakeSftpOptions {
  readonly username: string;
  readonly password: string;
  readonly hostKey: string;
  /** Files of the only folder, computed when they are asked for. */
  readonly files: () => ReadonlyMap<string, FakeFile>;
  readonly open: (name: string, file: FakeFile) => Opening;
  /** Asks for the password in a dialogue only. */
  readonly isInteractive?: boolean;
  /** Whether anybody may sign in. */
  readonly admits: () => boolean;
}

export interface FakeSftp {
  readonly port: number;
  close(): Promise<void>;
}

/** An SFTP server that can be read from (draft-ietf-secsh-filexfer-02), on a free loopback port. */
export async function startFakeSftp(options: FakeSftpOptions): Promise<FakeSftp> {
  const connections = new Set<Connection>();
  const server = new ssh2.Server({ hostKeys: [options.hostKey] }, (connection) => {
    // Its types do not have it.
    (connection as Connection & { setNoDelay(on: boolean): void }).setNoDelay(true);
    connections.add(connection);
    connection.on('error', () => undefined).on('close', () => connections.delete(connection));
    connection.on('authentication', (context) => {
      if (options.isInteractive === true) return askFor(context, options);
      const isKnown =
        context.method === 'password' &&
        context.username === options.username &&
        context.password === options.password;
      if (isKnown && options.admits()) context.accept();
      else context.reject(['password']);
    });
    connection.on('session', (accept) => {
      accept().on('sftp', (acceptSftp) => new Session(acceptSftp(), connection, options).serve());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      for (const connection of connections) connection.end();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function askFor(context: AuthContext, { username, password }: FakeSftpOptions): void {
  if (context.method !== 'keyboard-interactive') return context.reject(['keyboard-interactive']);
  context.prompt([{ prompt: 'Password: ', echo: false }], (answers) => {
    if (context.username === username && answers[0] === password) context.accept();
    else context.reject(['keyboard-interactive']);
  });
}

export interface SshKey {
  /** PEM. */
  readonly privateKey: string;
  /** As a line of `authorized_keys`. */
  readonly publicKey: string;
  /** `SHA256:…`, as ssh-keygen shows it. */
  readonly fingerprint: string;
}

/** A new key. Made by Node: those that ssh2 makes cannot always be read by it again. */
export function newSshKey(): SshKey {
  const { privateKey } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'sec1', format: 'pem' },
  });
  const key = ssh2.utils.parseKey(privateKey);
  if (key instanceof Error) throw key;
  const blob = key.getPublicSSH();
  return {
    privateKey,
    publicKey: `${key.type} ${blob.toString('base64')}`,
    fingerprint: `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`,
  };
}

class Session {
  readonly #sftp: SFTPWrapper;
  readonly #connection: Connection;
  readonly #options: FakeSftpOptions;
  readonly #open = new Map<number, { content: Buffer; file: FakeFile }>();
  #handles = 0;
  #listed = false;

  constructor(sftp: SFTPWrapper, connection: Connection, options: FakeSftpOptions) {
    this.#sftp = sftp;
    this.#connection = connection;
    this.#options = options;
  }

  serve(): void {
    const sftp = this.#sftp;
    sftp.on('REALPATH', (id, path) =>
      sftp.name(id, [{ filename: path, longname: path, attrs: {} as Attributes }]),
    );
    sftp.on('OPENDIR', (id) => {
      this.#listed = false;
      sftp.handle(id, Buffer.from('dir'));
    });
    sftp.on('READDIR', (id) => this.#list(id));
    sftp.on('STAT', (id, path) => this.#stat(id, path));
    sftp.on('LSTAT', (id, path) => this.#stat(id, path));
    sftp.on('OPEN', (id, path) => this.#openFile(id, path));
    sftp.on('FSTAT', (id, handle) => this.#statOpen(id, handle));
    sftp.on('READ', (...request) => this.#read(...request));
    sftp.on('CLOSE', (id) => sftp.status(id, STATUS_CODE.OK));
  }

  #list(id: number): void {
    if (this.#listed) return this.#sftp.status(id, STATUS_CODE.EOF);
    this.#listed = true;
    const names = [...this.#options.files()].map(([filename, file]) => ({
      filename,
      longname: filename,
      attrs: attributesOf(file),
    }));
    this.#sftp.name(id, names);
  }

  #stat(id: number, path: string): void {
    const file = this.#options.files().get(nameOf(path));
    if (file === undefined) this.#sftp.status(id, STATUS_CODE.NO_SUCH_FILE);
    else this.#sftp.attrs(id, attributesOf(file));
  }

  #openFile(id: number, path: string): void {
    const file = this.#options.files().get(nameOf(path));
    if (file === undefined) return this.#sftp.status(id, STATUS_CODE.NO_SUCH_FILE);
    const opening = this.#options.open(nameOf(path), file);
    if (opening.kind === 'hang_up') return void this.#connection.end();
    if (opening.kind === 'status') return this.#sftp.status(id, opening.code);
    const handle = ++this.#handles;
    this.#open.set(handle, { content: opening.content, file });
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(handle);
    this.#sftp.handle(id, bytes);
  }

  #statOpen(id: number, handle: Buffer): void {
    const opened = this.#open.get(handle.readUInt32BE());
    if (opened === undefined) this.#sftp.status(id, STATUS_CODE.FAILURE);
    else this.#sftp.attrs(id, attributesOf(opened.file));
  }

  #read(...[id, handle, offset, length]: [number, Buffer, number, number]): void {
    const content = this.#open.get(handle.readUInt32BE())?.content ?? Buffer.alloc(0);
    if (offset >= content.length) this.#sftp.status(id, STATUS_CODE.EOF);
    else this.#sftp.data(id, content.subarray(offset, offset + length));
  }
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function attributesOf({ content, modifiedAt }: FakeFile): Attributes {
  const seconds = Math.floor(modifiedAt.getTime() / 1_000);
  return { mode: FILE_MODE, uid: 0, gid: 0, size: content.length, atime: seconds, mtime: seconds };
}
