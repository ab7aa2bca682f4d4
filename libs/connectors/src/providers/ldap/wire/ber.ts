import { SourceError } from '../../../sdk/source-error.js';

/** The largest message taken: an entry with all members of the largest group fits many times. */
const MAX_MESSAGE = 64 * 1024 * 1024;

/** What cannot be read as LDAP. */
export function malformed(what: string): SourceError {
  return new SourceError('source_changed_shape', `The server sent something that is not LDAP: ${what}.`);
}

/**
 * Reads BER as LDAP restricts it (RFC 4511 5.1: definite lengths). Stricter than the reader of ldapts, which goes on
 * after an element that is longer than what holds it.
 * @throws SourceError `source_changed_shape`
 */
export class Ber {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get isEmpty(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** The tag of the next element; undefined at the end. */
  get tag(): number | undefined {
    return this.#bytes[this.#at];
  }

  /** The content of the next element. */
  bytes(tag = 0x04): Buffer {
    if (this.tag !== tag) throw malformed(`tag ${this.tag ?? 'nothing'} instead of ${tag}`);
    const header = readHeader(this.#bytes, this.#at);
    if (header === undefined || header.end > this.#bytes.length) throw malformed('a cut element');
    this.#at = header.end;
    return this.#bytes.subarray(header.start, header.end);
  }

  inner(tag = 0x30): Ber {
    return new Ber(this.bytes(tag));
  }

  text(tag = 0x04): string {
    return this.bytes(tag).toString('utf8');
  }

  boolean(tag = 0x01): boolean {
    return this.bytes(tag).some((byte) => byte !== 0);
  }

  integer(tag = 0x02): number {
    const bytes = this.bytes(tag);
    if (bytes.length === 0 || bytes.length > 6) throw malformed('a number of unusual size');
    return bytes.readIntBE(0, bytes.length);
  }
}

/**
 * Where the message at the beginning of `bytes` ends; undefined when that cannot be told yet.
 * @throws SourceError when no LDAP message begins like this
 */
export function messageEnd(bytes: Buffer): number | undefined {
  const first = bytes[0];
  if (first === undefined) return undefined;
  if (first === 0x15 || first === 0x16)
    throw new SourceError('tls_failed', 'The port speaks TLS; choose LDAPS, or the port for StartTLS.');
  if (first !== 0x30) throw malformed(`a message that begins with byte ${first}`);
  const end = readHeader(bytes, 0)?.end;
  if (end !== undefined && end > MAX_MESSAGE) throw malformed('a message of more than 64 MB');
  return end;
}

function readHeader(bytes: Buffer, at: number): { start: number; end: number } | undefined {
  const first = bytes[at + 1];
  if (first === undefined) return undefined;
  if (first < 0x80) return { start: at + 2, end: at + 2 + first };
  const size = first & 0x7f;
  if (size === 0 || size > 4) throw malformed('a length of unusual form');
  const start = at + 2 + size;
  if (start > bytes.length) return undefined;
  return { start, end: start + bytes.readUIntBE(at + 2, size) };
}
