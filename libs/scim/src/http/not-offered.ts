import { notImplemented } from '../protocol/errors.js';

/** `/Me` (RFC 7644 3.11). */
export function refuseMe(): never {
  throw notImplemented('A directory token belongs to no person, so there is no /Me. Use /Users/{id}.');
}

/** `/.search` across resource types (RFC 7644 3.4.3). */
export function refuseRootSearch(): never {
  throw notImplemented(
    'Searching all resource types at once is not offered. POST to /Users/.search or /Groups/.search.',
  );
}
