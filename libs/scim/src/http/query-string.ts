import { invalidSyntax } from '../protocol/errors.js';

/** What U+FFFD looks like when a client really means it. */
const ENCODED_REPLACEMENT = '%ef%bf%bd';

/**
 * Decodes a query once, as form encoding: `+` and `%20` are blanks, unencoded quotes and brackets stand for
 * themselves, empty parameters (`?`, `&` at the end) vanish.
 */
export function readQueryString(raw: string): readonly (readonly [string, string])[] {
  if (raw === '') return [];
  const entries = [...new URLSearchParams(raw)].filter(([name]) => name !== '');
  for (const [name, value] of entries) if (isBroken(name + value, raw)) throw broken(name);
  return entries;
}

/** The decoder replaces bytes that are no UTF-8; looking for something else than what was asked would be wrong. */
function isBroken(decoded: string, raw: string): boolean {
  if (decoded.includes('\u0000')) return true;
  return (
    decoded.includes('\ufffd') && !raw.includes('\ufffd') && !raw.toLowerCase().includes(ENCODED_REPLACEMENT)
  );
}

function broken(name: string): Error {
  const parameter = name.slice(0, 60).replaceAll('\u0000', '').toWellFormed();
  return invalidSyntax(
    `The query parameter "${parameter}" is not valid UTF-8 text. Percent-encode it as UTF-8, without %00.`,
    parameter,
  );
}
