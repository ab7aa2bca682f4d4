import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { posix } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import ssh2, { type Client, type SFTPWrapper } from 'ssh2';
import type { SourcePorts } from '../../../sdk/ports.js';
import { SourceError } from '../../../sdk/source-error.js';
import type { SftpServer } from '../config.js';
import type { FileStore, StoredFile } from './file-store.js';

const READY_MS = 20_000;
const KEEPALIVE_MS = 5_000;
const KEEPALIVES = 3;
/** No byte for so long: the other side hangs, whatever its keep-alives say. */
const IDLE_MS = 60_000;
/** A file that was changed a moment ago may be growing still. */
const SETTLE_MS = 60_000;
/** One chunk travels per round trip. */
const CHUNK = 262_144;
const MAX_FILE = 1_073_741_824;

/** Status codes of the protocol (draft-ietf-secsh-filexfer-02, section 7). */
const NO_SUCH_FILE = 2;
const PERMISSION_DENIED = 3;

/** Opens a session at an SFTP server whose host key is known. @throws SourceError */
export async function openSftpStore(
  server: SftpServer,
  folder: string,
  ports: SourcePorts,
): Promise<FileStore> {
  const socket = await ports.connectTcp(server.host, server.port, { secure: true });
  const client = new ssh2.Client();
  // A connection that breaks between two requests is noticed by the next one.
  client.on('error', () => undefined);
  const onAbort = (): void => void client.end();
  ports.signal.addEventListener('abort', onAbort, { once: true });
  await connected(client, server, socket);
  const sftp = await call<SFTPWrapper>(client, server.host, (done) => client.sftp(done));
  return {
    place: `"${folder}"`,
    // Times have whole seconds, and copies keep them.
    showsChanges: false,
    list: async () => {
      const entries = await call<Listed[]>(client, folder, (done) => sftp.readdir(folder, done));
      return entries.filter(isFile).map((entry) => toStored(entry, ports.clock.now()));
    },
    fetch: (file, to) => fetchFile({ client, sftp, folder }, file, to),
    close: () => {
      ports.signal.removeEventListener('abort', onAbort);
      client.end();
    },
  };
}

interface Listed {
  readonly filename: string;
  readonly attrs: { readonly size: number; readonly mtime: number; readonly mode: number };
}

interface Session {
  readonly client: Client;
  readonly sftp: SFTPWrapper;
  readonly folder: string;
}

async function fetchFile({ client, sftp, folder }: Session, file: StoredFile, to: string): Promise<void> {
  const path = posix.join(folder, file.name);
  if (file.bytes > MAX_FILE)
    throw new SourceError(
      'config_error',
      `${file.name} has more than 1 GiB; send it in parts or compressed.`,
    );
  const watch = idleWatch(() => client.destroy());
  let bytes = 0;
  const counting = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      bytes += chunk.length;
      watch.touch();
      done(null, chunk);
    },
  });
  try {
    const reading = sftp.createReadStream(path, { highWaterMark: CHUNK });
    const copying = pipeline(reading, counting, createWriteStream(to, { mode: 0o600 }));
    await untilClosed(client, file.name, copying);
  } catch (error) {
    throw vanished(error, file.name) ?? fileError(error, file.name);
  } finally {
    watch.end();
  }
  const after = await call<Listed['attrs']>(client, file.name, (done) => sftp.stat(path, done)).catch(
    (error: unknown) => {
      throw vanished((error as Error).cause, file.name) ?? error;
    },
  );
  if (bytes === file.bytes && after.size === file.bytes && after.mtime * 1_000 === file.modifiedAt.getTime())
    return;
  throw new SourceError(
    'source_unavailable',
    `${file.name} changed while it was read (${bytes} of ${after.size} bytes came). It is read again.`,
  );
}

function connected(client: Client, server: SftpServer, socket: NodeJS.ReadWriteStream): Promise<void> {
  return new Promise((resolve, reject) => {
    let shown: string | undefined;
    client.once('ready', () => resolve());
    client.once('error', (error: Error & { level?: string }) => reject(connectError(error, server, shown)));
    client.once('close', () => reject(broken(server.host)));
    // Some servers ask for the password in a dialogue only.
    client.on('keyboard-interactive', (...[, , , prompts, answer]) =>
      answer(prompts.map(() => ('password' in server.credential ? server.credential.password : ''))),
    );
    client.connect({
      sock: socket as never,
      username: server.username,
      ...server.credential,
      tryKeyboard: 'password' in server.credential,
      readyTimeout: READY_MS,
      keepaliveInterval: KEEPALIVE_MS,
      keepaliveCountMax: KEEPALIVES,
      hostVerifier: (key: Buffer) => {
        shown = `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
        return server.hostKeys.includes(shown);
      },
    });
  });
}

function connectError(
  error: Error & { level?: string },
  server: SftpServer,
  shown: string | undefined,
): SourceError {
  if (shown !== undefined && !server.hostKeys.includes(shown))
    return new SourceError('tls_failed', hostKeyText(server, shown), { facts: { host_key: shown } });
  if (error.level === 'client-authentication')
    return new SourceError(
      'invalid_credentials',
      `${server.host} refused the user name or the ${'password' in server.credential ? 'password' : 'key'}.`,
    );
  if (/no matching/i.test(error.message))
    return new SourceError('tls_failed', `${server.host} offers outdated encryption only: ${error.message}.`);
  return broken(server.host);
}

function hostKeyText({ host, hostKeys }: SftpServer, shown: string): string {
  return hostKeys.length === 0
    ? `${host} shows the host key ${shown}. Compare it with what the server’s operator says, then enter it.`
    : `${host} shows another host key than the one entered: ${shown}. Somebody may be in between, or the server has a new key; ask its operator before you enter it.`;
}

/** One request. @throws SourceError */
async function call<T>(
  client: Client,
  what: string,
  ask: (done: (error: Error | undefined | null, value: T) => void) => void,
): Promise<T> {
  const answer = new Promise<T>((resolve, reject) => {
    ask((error, value) => {
      if (error) reject(error);
      else resolve(value);
    });
  });
  return untilClosed(client, what, answer).catch((error: unknown) => {
    throw fileError(error, what);
  });
}

/** What was asked of a connection that ends first is never answered: that is a failure, not silence. */
async function untilClosed<T>(client: Client, what: string, work: Promise<T>): Promise<T> {
  let onClose = (): void => undefined;
  const closed = new Promise<never>((_, reject) => {
    onClose = () => reject(broken(what));
    client.once('close', onClose);
  });
  work.catch(() => undefined);
  try {
    return await Promise.race([work, closed]);
  } finally {
    client.off('close', onClose);
  }
}

function fileError(error: unknown, what: string): SourceError {
  if (error instanceof SourceError) return error;
  const { code } = error as { readonly code?: unknown };
  if (code === NO_SUCH_FILE)
    return new SourceError(
      'config_error',
      `There is no "${what}" on the server, or the account may not see it.`,
      { cause: error },
    );
  if (code === PERMISSION_DENIED)
    return new SourceError('insufficient_permissions', `The account may not read "${what}".`);
  return broken(what);
}

/** What was listed a moment ago and is not there: it is being replaced, or has another name now. */
function vanished(error: unknown, name: string): SourceError | undefined {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  if (code !== NO_SUCH_FILE) return undefined;
  return new SourceError(
    'source_unavailable',
    `${name} was taken away or renamed while it was read. It is tried again.`,
  );
}

function broken(what: string): SourceError {
  return new SourceError('source_unavailable', `The connection broke off while "${what}" was read.`);
}

function isFile({ attrs }: Listed): boolean {
  return (attrs.mode & 0o170000) === 0o100000;
}

function toStored({ filename, attrs }: Listed, now: Date): StoredFile {
  const modifiedAt = new Date(attrs.mtime * 1_000);
  const isFresh = now.getTime() - modifiedAt.getTime() < SETTLE_MS;
  return { name: filename, bytes: attrs.size, modifiedAt, isFresh };
}

function idleWatch(onIdle: () => void): { touch: () => void; end: () => void } {
  const timer = setTimeout(onIdle, IDLE_MS);
  return { touch: () => void timer.refresh(), end: () => clearTimeout(timer) };
}
