import {
  AndFilter,
  BerReader,
  BerWriter,
  FilterParser,
  NotFilter,
  OrFilter,
  PresenceFilter,
  ProtocolOperation,
  type Filter,
} from 'ldapts';

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
  /** Of LDAP Sync (RFC 4533), or of DirSync: what was had before; empty for nothing. */
  readonly changes: { readonly by: 'sync' | 'dirsync'; readonly cookie: string } | undefined;
  readonly showsDeleted: boolean;
}

export const PAGED = '1.2.840.113556.1.4.319';
export const DIRSYNC = '1.2.840.113556.1.4.841';
const SYNC = '1.3.6.1.4.1.4203.1.9.1';
export const SYNC_REQUEST = `${SYNC}.1`;
const SYNC_STATE = `${SYNC}.2`;
const SYNC_DONE = `${SYNC}.3`;
const SYNC_INFO = `${SYNC}.4`;
const SHOW_DELETED = '1.2.840.113556.1.4.417';
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
  const filter = readFilter(reader);
  const attributes: string[] = [];
  reader.readSequence();
  for (const end = reader.offset + reader.length; reader.offset < end;)
    attributes.push((reader.readString() ?? '').toLowerCase());
  const controls = readControls(reader);
  return {
    base,
    isBase,
    filter,
    attributes,
    page: readPage(controls.get(PAGED)),
    changes: readChanges(controls),
    showsDeleted: controls.has(SHOW_DELETED),
  };
}

/** The parser of ldapts reads another filter than the one that was sent where a presence is inside of something. */
function readFilter(reader: BerReader): Filter {
  const tag = reader.peek();
  if (tag === 0x87) return new PresenceFilter({ attribute: reader.readString(0x87) ?? '' });
  if (tag !== 0xa0 && tag !== 0xa1 && tag !== 0xa2) return FilterParser.parse(reader);
  reader.readSequence();
  const filters: Filter[] = [];
  for (const end = reader.offset + reader.length; reader.offset < end;) filters.push(readFilter(reader));
  if (tag === 0xa2) return new NotFilter({ filter: filters[0] as Filter });
  return tag === 0xa0 ? new AndFilter({ filters }) : new OrFilter({ filters });
}

function readControls(reader: BerReader): Map<string, BerReader> {
  const controls = new Map<string, BerReader>();
  if (reader.remain <= 0 || reader.peek() !== 0xa0) return controls;
  reader.readSequence();
  for (const end = reader.offset + reader.length; reader.offset < end;) {
    reader.readSequence();
    const endOfOne = reader.offset + reader.length;
    const oid = reader.readString() ?? '';
    if (reader.offset < endOfOne && reader.peek() === 0x01) reader.readBoolean();
    const value = reader.offset < endOfOne ? reader.readString(0x04, true) : null;
    controls.set(oid, new BerReader(value ?? Buffer.alloc(0)));
  }
  return controls;
}

function readPage(value: BerReader | undefined): FakeLdapSearch['page'] {
  if (value === undefined) return undefined;
  value.readSequence();
  return { size: value.readInt() ?? 0, cookie: value.readString() ?? '' };
}

function readChanges(controls: ReadonlyMap<string, BerReader>): FakeLdapSearch['changes'] {
  const [dirSync, sync] = [controls.get(DIRSYNC), controls.get(SYNC_REQUEST)];
  if (dirSync !== undefined) {
    dirSync.readSequence();
    dirSync.readInt();
    dirSync.readInt();
    return { by: 'dirsync', cookie: dirSync.readString() ?? '' };
  }
  if (sync === undefined) return undefined;
  sync.readSequence();
  sync.readEnumeration();
  return { by: 'sync', cookie: sync.remain > 0 ? (sync.readString() ?? '') : '' };
}

/** The state of an entry of a synchronization: 0 present, 1 add, 2 modify, 3 delete. */
export interface FakeSyncState {
  readonly state: 0 | 1 | 2 | 3;
  readonly uuid: Buffer;
}

export function entryMessage(id: number, entry: FakeEntry, sync?: FakeSyncState): Buffer {
  return message(id, ENTRY, {
    controls: sync === undefined ? [] : [stateControl(sync)],
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
    referenceMessage(id, 'ldap://elsewhere.test/dc=elsewhere,dc=test'),
    message(id, INTERMEDIATE, { body: (writer) => writer.writeString('1.3.6.1.4.1.1466.20036', 0x80) }),
  ];
}

export function referenceMessage(id: number, url: string): Buffer {
  return message(id, REFERENCE, { body: (writer) => writer.writeString(url) });
}

/** Ids that are gone, or still there. */
export function idSetMessage(
  id: number,
  { uuids, areDeleted }: { readonly uuids: readonly Buffer[]; readonly areDeleted: boolean },
): Buffer {
  const value = new BerWriter();
  value.startSequence(0xa3);
  // The default is left out, as it should be.
  if (areDeleted) value.writeBoolean(true);
  value.startSequence(0x31);
  for (const uuid of uuids) value.writeBuffer(uuid, 0x04);
  value.endSequence();
  value.endSequence();
  return message(id, INTERMEDIATE, {
    body: (writer) => {
      writer.writeString(SYNC_INFO, 0x80);
      writer.writeBuffer(value.buffer, 0x81);
    },
  });
}

export interface FakeResult {
  readonly of: keyof typeof RESULT;
  readonly code: number;
  readonly matchedDn?: string;
  readonly text?: string;
  /** Cookie of the paged-results control, which is left out without one. */
  readonly cookie?: string;
  /** Of the end of a synchronization; without a cookie nothing is new. */
  readonly syncDone?: { readonly cookie: string | null; readonly refreshDeletes: boolean };
  readonly dirSync?: { readonly hasMore: boolean; readonly cookie: string };
}

export function resultMessage(id: number, result: FakeResult): Buffer {
  const { of, code, matchedDn = '', text = '', cookie, syncDone, dirSync } = result;
  const body = (writer: BerWriter): void => {
    writer.writeEnumeration(code);
    writer.writeString(matchedDn);
    writer.writeString(text);
  };
  const controls = [
    ...(cookie === undefined ? [] : [pageControl(cookie)]),
    ...(syncDone === undefined ? [] : [doneControl(syncDone)]),
    ...(dirSync === undefined ? [] : [dirSyncControl(dirSync)]),
  ];
  return message(id, RESULT[of], { body, controls });
}

interface FakeControl {
  readonly oid: string;
  readonly value: Buffer;
}

function controlOf(oid: string, write: (writer: BerWriter) => void): FakeControl {
  const writer = new BerWriter();
  writer.startSequence();
  write(writer);
  writer.endSequence();
  return { oid, value: writer.buffer };
}

function pageControl(cookie: string): FakeControl {
  return controlOf(PAGED, (writer) => {
    writer.writeInt(0);
    writer.writeString(cookie);
  });
}

function stateControl({ state, uuid }: FakeSyncState): FakeControl {
  return controlOf(SYNC_STATE, (writer) => {
    writer.writeEnumeration(state);
    writer.writeBuffer(uuid, 0x04);
  });
}

function doneControl({ cookie, refreshDeletes }: NonNullable<FakeResult['syncDone']>): FakeControl {
  return controlOf(SYNC_DONE, (writer) => {
    if (cookie !== null) writer.writeString(cookie);
    if (refreshDeletes) writer.writeBoolean(true);
  });
}

function dirSyncControl({ hasMore, cookie }: NonNullable<FakeResult['dirSync']>): FakeControl {
  return controlOf(DIRSYNC, (writer) => {
    writer.writeInt(hasMore ? 1 : 0);
    writer.writeInt(0);
    writer.writeString(cookie);
  });
}

function message(
  id: number,
  tag: number,
  { body, controls = [] }: { body: (writer: BerWriter) => void; controls?: readonly FakeControl[] },
): Buffer {
  const writer = new BerWriter();
  writer.startSequence();
  writer.writeInt(id);
  writer.startSequence(tag);
  body(writer);
  writer.endSequence();
  if (controls.length > 0) {
    writer.startSequence(0xa0);
    for (const { oid, value } of controls) {
      writer.startSequence();
      writer.writeString(oid);
      writer.writeBuffer(value, 0x04);
      writer.endSequence();
    }
    writer.endSequence();
  }
  writer.endSequence();
  return Buffer.from(writer.buffer);
}
