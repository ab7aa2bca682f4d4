import { Ber, malformed } from './ber.js';

/** An entry as the server sent it. Names are in lower case, with options such as `;range=0-1499`. */
export interface LdapEntry {
  readonly dn: string;
  readonly attributes: ReadonlyMap<string, readonly Buffer[]>;
}

/** How an operation ended (RFC 4511 4.1.9). */
export interface LdapResult {
  readonly code: number;
  readonly matchedDn: string;
  readonly message: string;
  /** Values of response controls by their OID. */
  readonly controls: ReadonlyMap<string, Buffer>;
}

export type LdapAnswer =
  | { readonly kind: 'entry'; readonly id: number; readonly entry: LdapEntry }
  | { readonly kind: 'result'; readonly id: number; readonly of: ResultOf; readonly result: LdapResult }
  /** A referral to other servers, or an intermediate response: neither is followed, neither ends anything. */
  | { readonly kind: 'aside'; readonly id: number };

export type ResultOf = 'bind' | 'search' | 'extended';

const RESULTS: Readonly<Record<number, ResultOf>> = { 0x61: 'bind', 0x65: 'search', 0x78: 'extended' };
const ENTRY = 0x64;
const ASIDE = [0x73, 0x79];

/** One message of the server. @throws SourceError `source_changed_shape` */
export function readAnswer(bytes: Buffer): LdapAnswer {
  const message = new Ber(bytes).inner();
  const id = message.integer();
  const tag = message.tag ?? 0;
  if (ASIDE.includes(tag)) return { kind: 'aside', id };
  if (tag === ENTRY) return { kind: 'entry', id, entry: readEntry(message.inner(tag)) };
  const of = RESULTS[tag];
  if (of === undefined) throw malformed(`operation ${tag}`);
  const result = readResult(message.inner(tag));
  return { kind: 'result', id, of, result: { ...result, controls: readControls(message) } };
}

function readEntry(ber: Ber): LdapEntry {
  const dn = ber.text();
  const attributes = new Map<string, readonly Buffer[]>();
  for (const list = ber.inner(); !list.isEmpty;) {
    const attribute = list.inner();
    const name = attribute.text().toLowerCase();
    const values: Buffer[] = [];
    for (const set = attribute.inner(0x31); !set.isEmpty;) values.push(set.bytes());
    attributes.set(name, values);
  }
  return { dn, attributes };
}

function readResult(ber: Ber): Omit<LdapResult, 'controls'> {
  return { code: ber.integer(0x0a), matchedDn: ber.text(), message: ber.text() };
}

function readControls(message: Ber): Map<string, Buffer> {
  const controls = new Map<string, Buffer>();
  if (message.tag !== 0xa0) return controls;
  for (const list = message.inner(0xa0); !list.isEmpty;) {
    const control = list.inner();
    const oid = control.text();
    if (control.tag === 0x01) control.bytes(0x01);
    controls.set(oid, control.isEmpty ? Buffer.alloc(0) : control.bytes());
  }
  return controls;
}
