import { isIP, type LookupFunction } from 'node:net';
import { buildConnector } from 'undici';
import type { AddressPolicy } from './address-policy.js';
import { bareHost } from './endpoint-url.js';
import type { NameResolver } from './name-resolver.js';

/** We do not connect there. The text is for the customer and never says which address it was. */
export class AddressNotAllowedError extends Error {
  readonly code = 'ROLLCALL_ADDRESS';

  constructor() {
    super('address not allowed');
    this.name = 'AddressNotAllowedError';
  }
}

interface GuardOptions {
  readonly policy: AddressPolicy;
  readonly resolver: NameResolver;
  readonly connectTimeoutMs: number;
  /** More certificate authorities to trust, PEM. */
  readonly ca?: string;
}

/** All addresses of a host, each of them acceptable. @throws AddressNotAllowedError when a single one is not. */
export async function resolveChecked(
  host: string,
  secure: boolean,
  guard: Pick<GuardOptions, 'policy' | 'resolver'>,
): Promise<readonly string[]> {
  const addresses = isIP(host) === 0 ? await guard.resolver.resolve(host) : [host];
  if (!addresses.every((address) => guard.policy.isAllowed(address, secure)))
    throw new AddressNotAllowedError();
  return addresses;
}

/**
 * A connector for undici that reaches only addresses it has checked itself: literals before connecting (they never
 * reach a `lookup` hook), names inside the hook, so that nobody resolves a second time, and the connected peer last.
 */
export function createGuardedConnector(options: GuardOptions): buildConnector.connector {
  const connectors = { 'https:': buildFor(true, options), 'http:': buildFor(false, options) };
  return (target, callback) => {
    const secure = target.protocol === 'https:';
    const host = bareHost(target.hostname);
    if (isIP(host) !== 0 && !options.policy.isAllowed(host, secure)) {
      queueMicrotask(() => callback(new AddressNotAllowedError(), null));
      return;
    }
    connectors[secure ? 'https:' : 'http:']({ ...target, hostname: host }, (...result) => {
      const [error, socket] = result;
      if (error !== null) return callback(error, null);
      if (options.policy.isAllowed(socket.remoteAddress ?? '', secure)) return callback(null, socket);
      socket.destroy();
      callback(new AddressNotAllowedError(), null);
    });
  };
}

function buildFor(secure: boolean, options: GuardOptions): buildConnector.connector {
  const lookup: LookupFunction = (host, hints, callback) => {
    resolveChecked(bareHost(host), secure, options).then(
      (addresses) => answer(addresses, hints.all === true, callback),
      (error: Error) => callback(error, []),
    );
  };
  return buildConnector({
    lookup,
    timeout: options.connectTimeoutMs,
    allowH2: false,
    ...(secure ? { minVersion: 'TLSv1.2', rejectUnauthorized: true, ca: options.ca } : {}),
  });
}

function answer(addresses: readonly string[], all: boolean, callback: Parameters<LookupFunction>[2]): void {
  const entries = addresses.map((address) => ({ address, family: isIP(address) }));
  if (all) return callback(null, entries);
  const first = entries[0];
  return first === undefined
    ? callback(new Error('no address'), '')
    : callback(null, first.address, first.family);
}
