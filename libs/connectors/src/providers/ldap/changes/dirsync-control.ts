import { BerWriter } from 'ldapts';
import type { LdapResult } from '../wire/answer.js';
import { Ber } from '../wire/ber.js';
import { RawControl } from '../wire/raw-control.js';

/** MS-ADTS 3.1.1.3.4.1.3; the answer has the same OID. */
export const DIRSYNC = '1.2.840.113556.1.4.841';

/**
 * LDAP_DIRSYNC_ANCESTORS_FIRST_ORDER and LDAP_DIRSYNC_INCREMENTAL_VALUES, as the signed number of 32 bits that Windows
 * sends: of a group that changed, only the members that came (`member;range=1-1`) and went (`member;range=0-0`).
 */
const FLAGS = 0x8000_0800 | 0;
const MAX_BYTES = 1_048_576;

export interface DirSyncAnswer {
  readonly hasMore: boolean;
  readonly cookie: Buffer;
}

export function dirSyncRequest(cookie: Buffer): RawControl {
  const writer = new BerWriter();
  writer.startSequence();
  writer.writeInt(FLAGS);
  writer.writeInt(MAX_BYTES);
  writer.writeBuffer(cookie, 0x04);
  writer.endSequence();
  return new RawControl(DIRSYNC, writer.buffer);
}

/** Undefined when the server has not done what the control says. @throws SourceError */
export function dirSyncAnswer({ controls }: LdapResult): DirSyncAnswer | undefined {
  const control = controls.get(DIRSYNC);
  if (control === undefined) return undefined;
  const value = new Ber(control).inner();
  const more = value.integer();
  value.integer();
  return { hasMore: more !== 0, cookie: value.bytes() };
}
