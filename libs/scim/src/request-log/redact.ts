import { isJsonObject, type JsonObject, type JsonValue } from '#kernel';

/** What is kept of a body, in characters; the rest is cut, with a mark that says how much there was. */
export const BODY_LIMIT = 16_384;
/** Bodies above this are not parsed once more only to be masked. */
const PARSE_LIMIT = 1_048_576;
const MASK = '[masked]';

const SECRET_NAME =
  /pass|pwd|secret|token|credential|authorization|cookie|api[-_ ]?key|private[-_ ]?key|access[-_ ]?key/i;
// HTTP credentials, JSON Web Tokens, private keys in PEM.
const SECRET_VALUE =
  /\b(?:bearer|basic)\s+[\w+/=.~-]{8,}|\beyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?|-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*(?:-----END [A-Z ]*PRIVATE KEY-----)?/gi;
/** Whether a text needs a closer look. An escape could hide a name from it. */
const SUSPICIOUS = new RegExp(`${SECRET_NAME.source}|bearer|basic |eyJ|-----BEGIN|\\\\u`, 'i');

/** Whether an attribute or parameter of this name holds something that nobody may read. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name);
}

/** The text without what looks like a credential. */
export function maskText(text: string): string {
  return text.replaceAll(SECRET_VALUE, MASK);
}

/**
 * A body as it may be kept: the values of secret-looking attributes and everything that looks like a credential
 * replaced by `[masked]`, cut at `BODY_LIMIT`. Null when there is none. What cannot be masked with certainty (no JSON,
 * or too large to be parsed again) is kept only where nothing in it looks secret.
 */
export function redactBody(body: Uint8Array | string | undefined): string | null {
  if (body === undefined || body.length === 0) return null;
  const head = headOf(body);
  if (!SUSPICIOUS.test(head)) return marked(head, body.length);
  const value = body.length > PARSE_LIMIT ? undefined : parse(textOf(body));
  if (value === undefined) return `[${body.length} bytes that may hold a secret are not kept]`;
  return marked(JSON.stringify(redactValue(value)), body.length);
}

/** What follows the limit is never shown, so it need not be looked at. A character has up to four bytes. */
function headOf(body: Uint8Array | string): string {
  return typeof body === 'string'
    ? body.slice(0, BODY_LIMIT + 1)
    : textOf(body.subarray(0, 4 * BODY_LIMIT + 4));
}

function textOf(body: Uint8Array | string): string {
  return typeof body === 'string' ? body : Buffer.from(body.buffer, body.byteOffset, body.length).toString();
}

function parse(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return undefined;
  }
}

function redactValue(value: JsonValue): JsonValue {
  if (typeof value === 'string') return maskText(value);
  if (Array.isArray(value)) return value.map(redactValue);
  return isJsonObject(value) ? redactObject(value) : value;
}

/** The value of a PATCH operation is named by its path, that of a SCIM 1.1 or custom pair by its `name`. */
function redactObject(object: JsonObject): JsonObject {
  const isPair = ['path', 'name', 'key', 'type'].some((key) => {
    const name = object[key];
    return typeof name === 'string' && isSecretName(name);
  });
  return Object.fromEntries(
    Object.entries(object).map(([key, value]) => {
      const isSecret = isSecretName(key) || (isPair && key.toLowerCase() === 'value');
      return [key, isSecret && value !== null ? MASK : redactValue(value)];
    }),
  );
}

/** PostgreSQL stores neither U+0000 nor half a surrogate pair. */
function marked(text: string, size: number): string {
  const kept = text.slice(0, BODY_LIMIT).replaceAll('\u0000', '\ufffd').toWellFormed();
  return text.length > BODY_LIMIT ? `${kept}… [cut: ${size} bytes in all]` : kept;
}
