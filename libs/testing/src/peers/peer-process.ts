import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const READY_WITHIN_MS = 20_000;
const STOP_WITHIN_MS = 5_000;
const KEPT_CHARACTERS = 2_000;

/** A server of this test, ended by its own handle. */
export interface PeerProcess {
  stop(): Promise<void>;
}

/** Where a peer listens and works. */
export interface PeerPlace {
  /** 127.0.0.1 unless told. */
  readonly host?: string;
  readonly port: number;
  readonly folder: string;
  /** Whom it runs as; whoever runs the test unless told. */
  readonly user?: { readonly uid: number; readonly gid: number };
}

/** Starts a program that stays in the foreground, and waits until it listens. @throws Error with what it said */
export async function startPeer(
  program: string,
  args: readonly string[],
  { host = '127.0.0.1', port, folder, user }: PeerPlace,
): Promise<PeerProcess> {
  const child = spawn(program, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'], ...user });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-KEPT_CHARACTERS)));
  for (const deadline = Date.now() + READY_WITHIN_MS; Date.now() < deadline; await sleep(50)) {
    if (hasEnded(child)) break;
    if (await listens(host, port)) return { stop: () => stop(child) };
  }
  await stop(child);
  throw new Error(`${program} did not begin to listen: ${said}`);
}

/** A loopback port that is free now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function listens(host: string, port: number): Promise<boolean> {
  const socket = connect(port, host);
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS);
  await exit;
  clearTimeout(timer);
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}
