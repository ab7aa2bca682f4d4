import { SaxesParser, type SaxesTagNS } from 'saxes';
import { SourceError } from '../../../sdk/source-error.js';

const MAX_DEPTH = 64;
const MAX_ELEMENTS = 2_000_000;
const MAX_TEXT = 65_536;
const MAX_ATTRIBUTES = 64;

/** An element without its prefixes; `text` is its own, not that of elements inside. */
export interface XmlElement {
  readonly name: string;
  readonly namespace: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  readonly text: string;
}

interface OpenElement extends XmlElement {
  readonly children: XmlElement[];
  text: string;
}

/**
 * Reads a document within limits. There is no DTD in SOAP (SOAP 1.1, 3): one is refused, and with it every entity of its
 * own; nothing is ever fetched.
 * @throws SourceError for what is no such document, or was cut off
 */
export function readXml(text: string): XmlElement {
  const reader = new TreeReader();
  const parser = new SaxesParser({ xmlns: true, position: false });
  parser.on('error', () => {
    throw broken('is broken, or was cut off');
  });
  parser.on('doctype', () => {
    throw broken('has a document type, which SOAP does not allow');
  });
  parser.on('opentag', (tag) => reader.open(tag));
  parser.on('text', (part) => reader.text(part));
  parser.on('cdata', (part) => reader.text(part));
  parser.on('closetag', () => reader.close());
  parser.write(text).close();
  return reader.root();
}

class TreeReader {
  readonly #open: OpenElement[] = [];
  #root: XmlElement | undefined;
  #count = 0;

  open({ local, uri, attributes }: SaxesTagNS): void {
    if (++this.#count > MAX_ELEMENTS) throw broken(`has more than ${MAX_ELEMENTS} elements`);
    if (this.#open.length >= MAX_DEPTH) throw broken(`is nested deeper than ${MAX_DEPTH} levels`);
    const given = Object.values(attributes);
    if (given.length > MAX_ATTRIBUTES)
      throw broken(`has an element of more than ${MAX_ATTRIBUTES} attributes`);
    const element: OpenElement = {
      name: local,
      namespace: uri,
      attributes: new Map(given.map((attribute) => [attribute.local, attribute.value])),
      children: [],
      text: '',
    };
    this.#open.at(-1)?.children.push(element);
    this.#open.push(element);
  }

  text(part: string): void {
    const element = this.#open.at(-1);
    if (element === undefined || part.trim() === '') return;
    element.text += part;
    if (element.text.length > MAX_TEXT) throw broken(`has a text of more than ${MAX_TEXT} characters`);
  }

  close(): void {
    this.#root = this.#open.pop();
  }

  root(): XmlElement {
    if (this.#root === undefined || this.#open.length > 0) throw broken('is broken, or was cut off');
    return this.#root;
  }
}

function broken(how: string): SourceError {
  return new SourceError('source_changed_shape', `Workday sent XML that ${how}. What was read before stays.`);
}

/** All elements at a path of names below an element, `Contact_Data/Email_Address_Data`. */
export function elementsAt(element: XmlElement | undefined, path: string): readonly XmlElement[] {
  let found: readonly XmlElement[] = element === undefined ? [] : [element];
  for (const name of path.split('/'))
    found = found.flatMap(({ children }) => children.filter((child) => child.name === name));
  return found;
}

export function elementAt(element: XmlElement | undefined, path: string): XmlElement | undefined {
  return elementsAt(element, path)[0];
}

/** Trimmed; undefined for nothing. */
export function textAt(element: XmlElement | undefined, path: string): string | undefined {
  const text = elementAt(element, path)?.text.trim();
  return text === '' ? undefined : text;
}

/** The ids of a reference by their type: `WID`, `Employee_ID` … */
export function idsOf(reference: XmlElement | undefined): ReadonlyMap<string, string> {
  return new Map(elementsAt(reference, 'ID').map((id) => [id.attributes.get('type') ?? '', id.text.trim()]));
}

/** Workday writes both `1` and `true`. */
export function isTrue(text: string | undefined): boolean {
  return text === '1' || text === 'true';
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/** For element content and attribute values. Characters that XML cannot carry are left out. */
export function escapeXml(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/[^\P{Cc}\t\n\r]|[\uFFFE\uFFFF]/gu, '')
    .replaceAll(/[&<>"']/g, (character) => ESCAPES[character] ?? '');
}
