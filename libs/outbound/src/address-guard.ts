import { isIP, type LookupFunction } from 'node:net';
import type { AddressPolicy } from './address-policy.js';
import type { NameResolver } from './name-resolver.js';

/** We do not connect there. The text is for the customer and never says which address it was. */
export class AddressNotAllowedError extends Error {
  readonly code = 'ROLLCALL_ADDRESS';

  constructor() {
    super('address not allowed');
    this.name = 'AddressNotAllowedError';
  }
}

/** What decides about an address, and what turns names into addresses. */
export interface AddressGuard {
  readonly policy: AddressPolicy;
  readonly resolver: NameResolver;
}

/** All addresses of a host, each of them acceptable. @throws AddressNotAllowedError when a single one is not. */
export async function resolveChecked(
  host: string,
  secure: boolean,
  guard: AddressGuard,
): Promise<readonly string[]> {
  const addresses = isIP(host) === 0 ? await guard.resolver.resolve(host) : [host];
  if (!addresses.every((address) => guard.policy.isAllowed(address, secure)))
    throw new AddressNotAllowedError();
  return addresses;
}

/**
 * A `lookup` for sockets that yields checked addresses only, so that nobody resolves a second time. Sockets do not call
 * it for literal addresses: check those with `resolveChecked` before connecting.
 */
export function guardedLookup(secure: boolean, guard: AddressGuard): LookupFunction {
  return (host, hints, callback) => {
    resolveChecked(bareHost(host), secure, guard).then(
      (addresses) => answer(addresses, hints.all === true, callback),
      (error: Error) => callback(error, []),
    );
  };
}

/** `localhost.` and `[::1]` are spellings of `localhost` and `::1`. */
export function bareHost(hostname: string): string {
  const bare = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
  return bare.endsWith('.') ? bare.slice(0, -1) : bare;
}

function answer(addresses: readonly string[], all: boolean, callback: Parameters<LookupFunction>[2]): void {
  const entries = addresses.map((address) => ({ address, family: isIP(address) }));
  if (all) return callback(null, entries);
  const first = entries[0];
  return first === undefined
    ? callback(new Error('no address'), '')
    : callback(null, first.address, first.family);
}
