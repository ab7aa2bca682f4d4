import { BerReader, BerWriter, FilterParser, ProtocolOperation, type Filter } from 'ldapts';

/** A value is text or bytes. */
export interface FakeEntry {
  readonly dn: string;
  /** Names as this server spells them. */
  readonly attributes: Readonly<Record<string, readonly (string | Buffer)[]>>;
}

export type FakeLdapRequest =
  | { readonly kind: 'bind'; readonly id: number; readonly dn: string; readonly password: string }
  | { readonly kind: 'extended'; readonly id: number; readonly oid: string }
  | { readonly kind: 'unbind'; readonly id: number }
  | (FakeLdapSearch & { readonly kind: 'search'; readonly id: number });

export interface FakeLdapSearch {
  readonly base: string;
  readonly isBase: boolean;
  readonly filter: Filter;
  readonly attributes: readonly string[];
  /** Of the paged-results control. */
  readonly page: { readonly size: number; readonly cookie: string } | undefined;
}

export const PAGED = '1.2.840.113556.1.4.319';
const ENTRY = 0x64;
const REFERENCE = 0x73;
const INTERMEDIATE = 0x79;
const RESULT = { bind: 0x61, search: 0x65, extended: 0x78 } as const;

/** The first whole message of what came, and how long it is. */
export function readRequest(bytes: Buffer): { request: FakeLdapRequest; length: number } | undefined {
  const reader = new BerReader(bytes);
  if (reader.readSequence() === null || reader.remain < reader.length) return undefined;
  const length = reader.offset + reader.length;
  const id = reader.readInt() ?? 0;
  const operation = reader.readSequence();
  return {
    request: readOperation(new BerReader(bytes.subarray(reader.offset, length)), id, operation),
    length,
  };
}

function readOperation(reader: BerReader, id: number, operation: number | null): FakeLdapRequest {
  switch (operation) {
    case ProtocolOperation.LDAP_REQ_BIND:
      reader.readInt();
      return { kind: 'bind', id, dn: reader.readString() ?? '', password: reader.readString(0x80) ?? '' };
    case ProtocolOperation.LDAP_REQ_EXTENSION:
      return { kind: 'extended', id, oid: reader.readString(0x80) ?? '' };
    case ProtocolOperation.LDAP_REQ_SEARCH:
      return { kind: 'search', id, ...readSearch(reader) };
    default:
      return { kind: 'unbind', id };
  }
}

function readSearch(reader: BerReader): FakeLdapSearch {
  const base = reader.readString() ?? '';
  const isBase = reader.readEnumeration() === 0;
  reader.readEnumeration();
  reader.readInt();
  reader.readInt();
  reader.readBoolean();
  const filter = FilterParser.parse(reader);
  const attributes: string[] = [];
  reader.readSequence();
  for (const end = reader.offset + reader.length; reader.offset < end;)
    attributes.push((reader.readString() ?? '').toLowerCase());
  return { base, isBase, filter, attributes, page: readPage(reader) };
}

function readPage(reader: BerReader): FakeLdapSearch['page'] {
  if (reader.peek() !== 0xa0) return undefined;
  reader.readSequence();
  reader.readSequence();
  if (reader.readString() !== PAGED) return undefined;
  if (reader.peek() === 0x01) reader.readBoolean();
  const value = new BerReader(reader.readString(0x04, true) ?? Buffer.alloc(0));
  value.readSequence();
  return { size: value.readInt() ?? 0, cookie: value.readString() ?? '' };
}

export function entryMessage(id: number, entry: FakeEntry): Buffer {
  return message(id, ENTRY, {
    body: (writer) => {
      writer.writeString(entry.dn);
      writer.startSequence();
      for (const [name, values] of Object.entries(entry.attributes)) {
        writer.startSequence();
        writer.writeString(name);
        writer.startSequence(0x31);
        for (const value of values) writer.writeBuffer(Buffer.from(value as string), 0x04);
        writer.endSequence();
        writer.endSequence();
      }
      writer.endSequence();
    },
  });
}

/** A reference to another server, and an intermediate response: a client goes on after both. */
export function asideMessages(id: number): Buffer[] {
  return [
    message(id, REFERENCE, {
      body: (writer) => writer.writeString('ldap://elsewhere.test/dc=elsewhere,dc=test'),
    }),
    message(id, INTERMEDIATE, { body: (writer) => writer.writeString('1.3.6.1.4.1.4203.1.9.1.4', 0x80) }),
  ];
}

export interface FakeResult {
  readonly of: keyof typeof RESULT;
  readonly code: number;
  readonly matchedDn?: string;
  readonly text?: string;
  /** Cookie of the paged-results control, which is left out without one. */
  readonly cookie?: string;
}

export function resultMessage(id: number, result: FakeResult): Buffer {
  const { of, code, matchedDn = '', text = '', cookie } = result;
  const body = (writer: BerWriter): void => {
    writer.writeEnumeration(code);
    writer.writeString(matchedDn);
    writer.writeString(text);
  };
  return message(id, RESULT[of], { body, page: cookie === undefined ? undefined : pageControl(cookie) });
}

function pageControl(cookie: string): Buffer {
  const writer = new BerWriter();
  writer.startSequence();
  writer.writeInt(0);
  writer.writeString(cookie);
  writer.endSequence();
  return writer.buffer;
}

function message(
  id: number,
  tag: number,
  { body, page }: { body: (writer: BerWriter) => void; page?: Buffer | undefined },
): Buffer {
  const writer = new BerWriter();
  writer.startSequence();
  writer.writeInt(id);
  writer.startSequence(tag);
  body(writer);
  writer.endSequence();
  if (page !== undefined) {
    writer.startSequence(0xa0);
    writer.startSequence();
    writer.writeString(PAGED);
    writer.writeBuffer(page, 0x04);
    writer.endSequence();
    writer.endSequence();
  }
  writer.endSequence();
  return Buffer.from(writer.buffer);
}
