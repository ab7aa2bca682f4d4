import { Ber, malformed } from './ber.js';

/**
 * An entry as the server sent it. Names are in lower case, with options such as `;range=0-1499`. An attribute that came
 * with options only (`;binary`, `;lang-en`; RFC 4512 2.5) has its bare name as well.
 */
export interface LdapEntry {
  readonly dn: string;
  readonly attributes: ReadonlyMap<string, readonly Buffer[]>;
  /** Values of controls that came with the entry, by their OID. */
  readonly controls: ReadonlyMap<string, Buffer>;
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
  /** Something said in between (RFC 4511 4.13), which ends nothing. */
  | { readonly kind: 'intermediate'; readonly id: number; readonly intermediate: Intermediate }
  /** Other servers that have a part of what was searched (RFC 4511 4.5.3); they are not asked. */
  | { readonly kind: 'reference'; readonly id: number; readonly urls: readonly string[] };

/** An intermediate response: its OID, and the value, empty when there is none. */
export interface Intermediate {
  readonly oid: string;
  readonly value: Buffer;
}

export type ResultOf = 'bind' | 'search' | 'extended';

const RESULTS: Readonly<Record<number, ResultOf>> = { 0x61: 'bind', 0x65: 'search', 0x78: 'extended' };
const ENTRY = 0x64;
const REFERENCE = 0x73;
const INTERMEDIATE = 0x79;

/** One message of the server. @throws SourceError `source_changed_shape` */
export function readAnswer(bytes: Buffer): LdapAnswer {
  const message = new Ber(bytes).inner();
  const id = message.integer();
  const tag = message.tag ?? 0;
  if (tag === REFERENCE) return { kind: 'reference', id, urls: readReferences(message.inner(tag)) };
  if (tag === INTERMEDIATE)
    return { kind: 'intermediate', id, intermediate: readIntermediate(message.inner(tag)) };
  if (tag === ENTRY) {
    const entry = readEntry(message.inner(tag));
    return { kind: 'entry', id, entry: { ...entry, controls: readControls(message) } };
  }
  const of = RESULTS[tag];
  if (of === undefined) throw malformed(`operation ${tag}`);
  const result = readResult(message.inner(tag));
  return { kind: 'result', id, of, result: { ...result, controls: readControls(message) } };
}

function readEntry(ber: Ber): Omit<LdapEntry, 'controls'> {
  const dn = ber.text();
  const attributes = new Map<string, readonly Buffer[]>();
  for (const list = ber.inner(); !list.isEmpty;) {
    const attribute = list.inner();
    const name = attribute.text().toLowerCase();
    const values: Buffer[] = [];
    for (const set = attribute.inner(0x31); !set.isEmpty;) values.push(set.bytes());
    // Once is the rule; what comes in two parts is not less for it.
    attributes.set(name, [...(attributes.get(name) ?? []), ...values]);
  }
  return { dn, attributes: withBareNames(attributes) };
}

/** Of several options the first in order of the alphabet counts, so that the order of the server does not. */
function withBareNames(attributes: Map<string, readonly Buffer[]>): Map<string, readonly Buffer[]> {
  const withOptions = [...attributes.keys()].filter((name) => /^[^;]+;(?!range=)/.test(name)).sort();
  for (const name of withOptions) {
    const bare = name.slice(0, name.indexOf(';'));
    if (!attributes.has(bare)) attributes.set(bare, attributes.get(name) as readonly Buffer[]);
  }
  return attributes;
}

function readReferences(list: Ber): string[] {
  const urls: string[] = [];
  while (!list.isEmpty) urls.push(list.text());
  return urls;
}

function readIntermediate(ber: Ber): Intermediate {
  const oid = ber.tag === 0x80 ? ber.text(0x80) : '';
  return { oid, value: ber.tag === 0x81 ? ber.bytes(0x81) : Buffer.alloc(0) };
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
    if (control.tag === 0x01) control.boolean();
    controls.set(oid, control.isEmpty ? Buffer.alloc(0) : control.bytes());
  }
  return controls;
}
