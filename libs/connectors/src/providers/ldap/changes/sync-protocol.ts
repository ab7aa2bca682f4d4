import { BerWriter } from 'ldapts';
import type { Intermediate, LdapEntry, LdapResult } from '../wire/answer.js';
import { Ber, malformed } from '../wire/ber.js';
import { RawControl } from '../wire/raw-control.js';

/** LDAP Content Synchronization (RFC 4533): request, state of an entry, end; and what is said in between. */
export const SYNC_REQUEST = '1.3.6.1.4.1.4203.1.9.1.1';
const SYNC_STATE = '1.3.6.1.4.1.4203.1.9.1.2';
const SYNC_DONE = '1.3.6.1.4.1.4203.1.9.1.3';
const SYNC_INFO = '1.3.6.1.4.1.4203.1.9.1.4';
const REFRESH_ONLY = 1;
const STATES = ['present', 'add', 'modify', 'delete'] as const;

/** What is said of one entry; `uuid` has 16 bytes. */
export interface SyncState {
  readonly state: (typeof STATES)[number];
  readonly uuid: Buffer;
}

export interface SyncInfo {
  readonly kind: 'cookie' | 'refresh_delete' | 'refresh_present' | 'ids';
  readonly cookie: Buffer | null;
  /** Of `ids`: they are deleted; otherwise they are still there. */
  readonly areDeleted: boolean;
  readonly uuids: readonly Buffer[];
}

export interface SyncDone {
  readonly cookie: Buffer | null;
  /** Whatever was not mentioned is still there; otherwise it is gone. */
  readonly refreshDeletes: boolean;
}

/** Asks for what has changed since a cookie; empty: for everything. */
export function syncRequest(cookie: Buffer): RawControl {
  const writer = new BerWriter();
  writer.startSequence();
  writer.writeEnumeration(REFRESH_ONLY);
  if (cookie.length > 0) writer.writeBuffer(cookie, 0x04);
  writer.endSequence();
  return new RawControl(SYNC_REQUEST, writer.buffer);
}

/** @throws SourceError when the entry says nothing of its state */
export function syncState({ controls }: LdapEntry): SyncState {
  const control = controls.get(SYNC_STATE);
  if (control === undefined) throw malformed('an entry of a synchronization without its state');
  const value = new Ber(control).inner();
  const state = STATES[value.integer(0x0a)];
  const uuid = value.bytes();
  if (state === undefined || uuid.length !== 16) throw malformed('an unknown state of an entry');
  return { state, uuid };
}

/** Undefined for what is said of anything else. @throws SourceError */
export function syncInfo({ oid, value }: Intermediate): SyncInfo | undefined {
  if (oid !== SYNC_INFO) return undefined;
  const choice = new Ber(value);
  const nothing = { cookie: null, areDeleted: false, uuids: [] };
  switch (choice.tag) {
    case 0x80:
      return { ...nothing, kind: 'cookie', cookie: choice.bytes(0x80) };
    case 0xa1:
      return { ...nothing, kind: 'refresh_delete', cookie: cookieIn(choice.inner(0xa1)) };
    case 0xa2:
      return { ...nothing, kind: 'refresh_present', cookie: cookieIn(choice.inner(0xa2)) };
    case 0xa3:
      return idSet(choice.inner(0xa3));
    default:
      throw malformed('an unknown message of a synchronization');
  }
}

/** Undefined when the server has not done what the control says. @throws SourceError */
export function syncDone({ controls }: LdapResult): SyncDone | undefined {
  const control = controls.get(SYNC_DONE);
  if (control === undefined) return undefined;
  // Without a value everything is as by default.
  if (control.length === 0) return { cookie: null, refreshDeletes: false };
  const value = new Ber(control).inner();
  return { cookie: cookieIn(value), refreshDeletes: flagIn(value) };
}

function idSet(set: Ber): SyncInfo {
  const cookie = cookieIn(set);
  const areDeleted = flagIn(set);
  const uuids: Buffer[] = [];
  for (const ids = set.inner(0x31); !ids.isEmpty;) uuids.push(ids.bytes());
  return { kind: 'ids', cookie, areDeleted, uuids };
}

function cookieIn(ber: Ber): Buffer | null {
  return ber.tag === 0x04 ? ber.bytes() : null;
}

function flagIn(ber: Ber): boolean {
  return ber.tag === 0x01 && ber.boolean();
}
