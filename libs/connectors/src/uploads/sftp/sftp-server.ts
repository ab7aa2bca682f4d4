import { createServer, type Server, type Socket } from 'node:net';
import ssh2, { type Connection, type SFTPWrapper } from 'ssh2';
import type { FailedLogins } from '#kernel';
import type { Directory } from '#model';
import type { EngineLog } from '../../engine/log.js';
import type { Uploads } from '../uploads.js';
import type { HostKeys } from './host-keys.js';
import { SftpSession, type SessionParts } from './sftp-session.js';
import { signIn, type Recheck, type UploadAccess } from './sign-in.js';

export interface SftpServerParts {
  readonly hostKeys: HostKeys;
  readonly access: UploadAccess;
  readonly uploads: Uploads;
  /** Shared with whatever else takes credentials of directories. */
  readonly failedLogins: FailedLogins;
  readonly log: EngineLog;
  /** Shorter ones for specs, ms. */
  readonly times?: Partial<Times>;
}

interface Times {
  /** To sign in. */
  readonly signIn: number;
  /** Without a request. */
  readonly idle: number;
}

const TIMES: Times = { signIn: 20_000, idle: 300_000 };
const CONNECTIONS = 256;
const CONNECTIONS_PER_DIRECTORY = 8;
const DRAIN_MS = 10_000;

/**
 * An SFTP server into which customers put files, and nothing else: no shell, no commands, no forwarding, no reading. A user
 * is a directory; its password is a token of the directory, or one of its public keys signs in.
 */
export class UploadSftpServer {
  readonly #parts: SftpServerParts;
  readonly #sockets = new Map<string, Socket>();
  readonly #perDirectory = new Map<string, number>();
  readonly #sessions = new Set<SftpSession>();
  readonly #ssh: ssh2.Server;
  readonly #tcp: Server;

  constructor(parts: SftpServerParts) {
    this.#parts = parts;
    const options = { hostKeys: [...parts.hostKeys.privateKeys], ident: 'Rollcall' };
    this.#ssh = new ssh2.Server(options, (connection, { ip, port }) => {
      const socket = this.#sockets.get(`${ip}:${port}`);
      if (socket !== undefined) this.#serve(connection, socket);
    });
    this.#tcp = createServer((socket) => this.#accept(socket));
  }

  async listen(port: number, host: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#tcp.once('error', reject);
      this.#tcp.listen(port, host, () => resolve());
    });
  }

  address(): ReturnType<Server['address']> {
    return this.#tcp.address();
  }

  /** Takes no new connections, lets those that are there end by themselves for a moment. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#tcp.close(() => resolve()));
    const timer = setTimeout(() => this.#endAll(), this.#sessions.size > 0 ? DRAIN_MS : 0);
    await closed;
    clearTimeout(timer);
    await Promise.all([...this.#sessions].map((session) => session.abandon()));
  }

  #endAll(): void {
    for (const socket of this.#sockets.values()) socket.destroy();
  }

  #accept(socket: Socket): void {
    socket.on('error', () => undefined);
    if (this.#sockets.size >= CONNECTIONS) return void socket.destroy();
    const key = `${socket.remoteAddress}:${socket.remotePort}`;
    this.#sockets.set(key, socket);
    socket.setNoDelay(true);
    const timer = setTimeout(() => socket.destroy(), this.#times.signIn);
    socket.once('signed-in', () => clearTimeout(timer));
    socket.once('close', () => {
      clearTimeout(timer);
      this.#sockets.delete(key);
    });
    this.#ssh.injectSocket(socket);
  }

  get #times(): Times {
    return { ...TIMES, ...this.#parts.times };
  }

  #serve(connection: Connection, socket: Socket): void {
    const { access, uploads, failedLogins, log } = this.#parts;
    const peer = socket.remoteAddress;
    let user: { readonly directory: Directory; readonly recheck: Recheck } | undefined;
    connection.on('error', () => socket.destroy());
    const onError = (error: unknown): void =>
      log.warn({ reason: error instanceof Error ? error.message : String(error) }, 'an SFTP request failed');
    signIn(connection, { access, uploads, failedLogins, peer, onError }, (directory, recheck) => {
      if (user !== undefined) return user.directory.id === directory.id;
      if (!this.#enter(directory, socket)) return false;
      user = { directory, recheck };
      socket.emit('signed-in');
      return true;
    });
    const idle = setTimeout(() => socket.destroy(), this.#times.idle);
    socket.once('close', () => clearTimeout(idle));
    connection.on('session', (accept) => {
      const session = accept();
      session.on('sftp', (acceptSftp) => {
        if (user === undefined) return;
        this.#open(acceptSftp(), {
          ...user,
          uploads,
          onRequest: () => void idle.refresh(),
          onFlood: () => void socket.destroy(),
          onError,
        });
      });
    });
  }

  #open(sftp: SFTPWrapper, parts: Omit<SessionParts, 'sftp'>): void {
    const session = new SftpSession({ sftp, ...parts });
    this.#sessions.add(session);
    session.serve();
    const end = (): void => {
      this.#sessions.delete(session);
      session.abandon().catch(parts.onError);
    };
    sftp.once('end', () => {
      // Without an exit status OpenSSH waits for ever after its last command.
      exit(sftp);
      end();
    });
    sftp.once('close', end);
  }

  #enter({ id }: Directory, socket: Socket): boolean {
    const count = this.#perDirectory.get(id) ?? 0;
    if (count >= CONNECTIONS_PER_DIRECTORY) return false;
    this.#perDirectory.set(id, count + 1);
    socket.once('close', () => {
      const left = (this.#perDirectory.get(id) ?? 1) - 1;
      if (left > 0) this.#perDirectory.set(id, left);
      else this.#perDirectory.delete(id);
    });
    return true;
  }
}

/** Of a channel's end there is no public method in ssh2 for SFTP. */
interface Inside {
  readonly outgoing: { readonly id: number };
  readonly _protocol: { exitStatus(channel: number, status: number): void };
}

function exit(sftp: SFTPWrapper): void {
  const { outgoing, _protocol: protocol } = sftp as unknown as Inside;
  protocol.exitStatus(outgoing.id, 0);
  sftp.end();
}
