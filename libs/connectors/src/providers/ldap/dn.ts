/** Names that attribute types in DNs also go by (RFC 4514 3, RFC 4519 2). */
const SHORT_TYPES: Readonly<Record<string, string>> = {
  '2.5.4.3': 'cn',
  commonname: 'cn',
  '2.5.4.4': 'sn',
  surname: 'sn',
  '2.5.4.7': 'l',
  localityname: 'l',
  '2.5.4.8': 'st',
  stateorprovincename: 'st',
  '2.5.4.10': 'o',
  organizationname: 'o',
  '2.5.4.11': 'ou',
  organizationalunitname: 'ou',
  '2.5.4.6': 'c',
  countryname: 'c',
  '2.5.4.9': 'street',
  streetaddress: 'street',
  '0.9.2342.19200300.100.1.25': 'dc',
  domaincomponent: 'dc',
  '0.9.2342.19200300.100.1.1': 'uid',
  userid: 'uid',
};

/**
 * A distinguished name in a form that is the same for all spellings of it (RFC 4514): case, names and numbers of types,
 * spaces around separators, escapes, `#` with the bytes of a value, and the order inside a multi-valued part make no difference. Values are compared without case, as nearly all
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
  const value = pair.slice(at + 1);
  return `${typeKey(pair.slice(0, at))}=${escaped(valueOfBytes(value) ?? unescaped(value))}`;
}

function typeKey(text: string): string {
  const type = text
    .trim()
    .toLowerCase()
    .replace(/^oid\./, '');
  return SHORT_TYPES[type] ?? type;
}

/** `#04024869`: a text as the bytes of its BER (RFC 4514 2.4). Undefined for anything else. */
function valueOfBytes(text: string): string | undefined {
  const hex = /^\s*#((?:[0-9a-f]{2}){2,})\s*$/i.exec(text)?.[1];
  const bytes = Buffer.from(hex ?? '', 'hex');
  // Short texts only: UTF8String, PrintableString, IA5String, OCTET STRING.
  const isText = [0x0c, 0x13, 0x16, 0x04].includes(bytes[0] ?? 0) && bytes[1] === bytes.length - 2;
  return isText && bytes.length < 0x82 ? bytes.toString('utf8', 2) : undefined;
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
