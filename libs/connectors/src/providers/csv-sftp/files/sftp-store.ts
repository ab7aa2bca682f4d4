import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { posix } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import ssh2, { type Client, type SFTPWrapper, type Stats } from 'ssh2';
import type { SourcePorts } from '../../../sdk/ports.js';
import { SourceError } from '../../../sdk/source-error.js';
import type { SftpServer } from '../config.js';
import type { FileStore, StoredFile } from './file-store.js';
import { broken, call, fileError, idleWatch, untilClosed, vanished } from './sftp-call.js';
import { listFolder, type SftpFolder } from './sftp-listing.js';

const READY_MS = 20_000;
const KEEPALIVE_MS = 5_000;
const KEEPALIVES = 3;
/** One chunk travels per round trip. */
const CHUNK = 262_144;
const MAX_FILE = 1_073_741_824;

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
  const session = { client, sftp, folder };
  return {
    place: `"${folder}"`,
    // Times have whole seconds, and copies keep them.
    showsChanges: false,
    list: () => listFolder(session, ports.clock.now()),
    fetch: (file, to) => fetchFile(session, file, to),
    close: () => {
      ports.signal.removeEventListener('abort', onAbort);
      client.end();
    },
  };
}

async function fetchFile({ client, sftp, folder }: SftpFolder, file: StoredFile, to: string): Promise<void> {
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
      // It grows, or the server sends without end; either way it is not what was listed.
      done(bytes > file.bytes ? changed(file.name, `more than ${file.bytes}`) : null, chunk);
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
  const after = await call<Stats>(client, file.name, (done) => sftp.stat(path, done)).catch(
    (error: unknown) => {
      throw vanished((error as Error).cause, file.name) ?? error;
    },
  );
  if (bytes === file.bytes && after.size === file.bytes && after.mtime * 1_000 === file.modifiedAt.getTime())
    return;
  throw changed(file.name, `${bytes} of ${after.size}`);
}

function changed(name: string, came: string): SourceError {
  return new SourceError(
    'source_unavailable',
    `${name} changed while it was read (${came} bytes came). It is read again.`,
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
