/** Nearly every key: nothing to normalise. */
const PRINTABLE_ASCII = /^[ -~]*$/;

/**
 * The one function that makes comparison keys (user names, e-mail addresses, group names, case-insensitive
 * filter values). Unicode NFC, then lower case code point by code point: independent of locale and of the
 * neighbouring letters, so that the Greek final sigma folds like any other sigma.
 */
export function foldKey(text: string): string {
  if (PRINTABLE_ASCII.test(text)) return text.toLowerCase();
  let folded = '';
  for (const char of text.normalize('NFC')) folded += char === 'ς' ? 'σ' : char.toLowerCase();
  return folded.normalize('NFC');
}
