import { connect, type Socket } from 'node:net';
import {
  AddressNotAllowedError,
  bareHost,
  NameResolutionError,
  resolveChecked,
  type AddressGuard,
} from '#outbound';
import { SourceError } from '../sdk/source-error.js';

interface Target {
  readonly host: string;
  readonly port: number;
  /** The caller speaks TLS on it; without TLS only networks that the operator has allowed are reached. */
  readonly secure: boolean;
}

const CONNECT_TIMEOUT_MS = 10_000;

/** Connects to a checked address of the host, in turn until one answers. TLS is the caller's. @throws SourceError */
export async function connectTcp(target: Target, guard: AddressGuard, signal: AbortSignal): Promise<Socket> {
  const addresses = await checkedAddresses(target, guard);
  let last: unknown;
  for (const address of addresses) {
    signal.throwIfAborted();
    try {
      return await open(address, target.port, signal);
    } catch (error) {
      last = error;
    }
  }
  signal.throwIfAborted();
  throw unreachable(target, last);
}

async function checkedAddresses(target: Target, guard: AddressGuard): Promise<readonly string[]> {
  const { host, secure } = target;
  try {
    return await resolveChecked(bareHost(host), secure, guard);
  } catch (cause) {
    if (cause instanceof AddressNotAllowedError)
      throw new SourceError(
        'wrong_host',
        `Connections to "${host}" are not allowed: ${secure ? 'it is not on the public internet' : 'they are not encrypted'}. The operator can allow its network with ROLLCALL_OUTBOUND_ALLOW.`,
        { cause },
      );
    if (cause instanceof NameResolutionError)
      throw new SourceError('wrong_host', `The host name "${host}" could not be resolved.`, { cause });
    throw cause;
  }
}

function open(address: string, port: number, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    // Short questions and answers: waiting for more to send would cost 40 ms each.
    const socket = connect({ host: address, port, signal, noDelay: true });
    const timer = setTimeout(() => socket.destroy(new Error('timeout')), CONNECT_TIMEOUT_MS);
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.off('error', reject);
      resolve(socket);
    });
    socket.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
  });
}

function unreachable({ host, port }: Target, cause: unknown): SourceError {
  const { code } = cause as { readonly code?: string };
  const facts = { host, port, reason: code ?? 'timeout' };
  if (code === 'ECONNREFUSED')
    return new SourceError('wrong_host', `Nobody answers at ${host}:${port}. Check host and port.`, {
      cause,
      facts,
    });
  return new SourceError('source_unavailable', `${host}:${port} cannot be reached at the moment.`, {
    cause,
    facts,
  });
}
