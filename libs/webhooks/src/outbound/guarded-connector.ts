import { isIP } from 'node:net';
import { buildConnector } from 'undici';
import { AddressNotAllowedError, bareHost, guardedLookup, type AddressGuard } from '#outbound';

interface GuardOptions extends AddressGuard {
  readonly connectTimeoutMs: number;
  /** More certificate authorities to trust, PEM. */
  readonly ca?: string;
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
  return buildConnector({
    lookup: guardedLookup(secure, options),
    timeout: options.connectTimeoutMs,
    allowH2: false,
    ...(secure ? { minVersion: 'TLSv1.2', rejectUnauthorized: true, ca: options.ca } : {}),
  });
}
