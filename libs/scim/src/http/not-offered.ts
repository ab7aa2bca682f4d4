import { notImplemented } from '../protocol/errors.js';

/** `/Me` (RFC 7644 3.11). */
export function refuseMe(): never {
  throw notImplemented('A directory token belongs to no person, so there is no /Me. Use /Users/{id}.');
}
