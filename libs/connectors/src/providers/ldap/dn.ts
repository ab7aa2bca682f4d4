/**
 * A distinguished name in a form that is the same for all spellings of it (RFC 4514): case, spaces around separators,
 * escapes and the order inside a multi-valued part make no difference. Values are compared without case, as nearly all
 * naming attributes are.
 */
export function dnKey(dn: string): string {
  return split(dn, /[,;]/).map(partKey).join(',');
}

function partKey(part: string): string {
  return split(part, /\+/).map(pairKey).sort().join('+');
}

function pairKey(pair: string): string {
  const at = pair.indexOf('=');
  if (at < 0) return pair.trim().toLowerCase();
  return `${pair.slice(0, at).trim().toLowerCase()}=${escaped(unescaped(pair.slice(at + 1)))}`;
}

function unescaped(text: string): string {
  const value = trimmed(text);
  const isQuoted = value.length > 1 && value.startsWith('"') && value.endsWith('"');
  const inner = isQuoted ? value.slice(1, -1) : value;
  // Neighbouring pairs of hex digits are the bytes of one character.
  return inner.replaceAll(/(?:\\[0-9a-fA-F]{2})+|\\(.)/gs, (match: string, char: string | undefined) =>
    char === undefined ? Buffer.from(match.replaceAll('\\', ''), 'hex').toString('utf8') : char,
  );
}

/** Without spaces around; one that is escaped belongs to the value. */
function trimmed(text: string): string {
  const start = text.trimStart();
  const end = start.trimEnd();
  return /(?<!\\)(?:\\\\)*\\$/.test(end) ? `${end} ` : end;
}

function escaped(value: string): string {
  return value
    .normalize('NFC')
    .toLowerCase()
    .replaceAll(/ +/g, ' ')
    .replaceAll(/[,+\\]/g, '\\$&');
}

/** Splits at separators that are neither escaped nor inside quotes. */
function split(text: string, separator: RegExp): string[] {
  const parts: string[] = [];
  let part = '';
  let isQuoted = false;
  for (let at = 0; at < text.length; at++) {
    const char = text.charAt(at);
    if (char === '"') isQuoted = !isQuoted;
    if (char === '\\') part += char + text.charAt(++at);
    else if (!isQuoted && separator.test(char)) {
      parts.push(part);
      part = '';
    } else part += char;
  }
  return [...parts, part];
}
