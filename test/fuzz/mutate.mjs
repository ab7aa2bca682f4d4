import { KEYS, ODD_HEADERS, TEXTS, VALUES } from './words.mjs';

const LONG_TEXT = 60_000;

/** Changes to well-formed requests: most leave them nearly right, because nonsense is refused at the door. */
export class Mutator {
  #random;

  constructor(random) {
    this.#random = random;
  }

  json(value) {
    if (value === undefined) return undefined;
    let result = value;
    for (let count = 1 + this.#random.below(3); count > 0; count--) result = this.#once(result);
    return result;
  }

  /** Walks down to some place and changes what is there. */
  #once(value) {
    if (Array.isArray(value)) {
      if (value.length === 0 || this.#random.chance(0.2)) return this.#changeList(value);
      const index = this.#random.below(value.length);
      return value.map((element, at) => (at === index ? this.#once(element) : element));
    }
    if (typeof value === 'object' && value !== null) {
      const keys = Object.keys(value);
      if (keys.length === 0 || this.#random.chance(0.2)) return this.#changeObject(value, keys);
      const key = this.#random.pick(keys);
      return { ...value, [key]: this.#once(value[key]) };
    }
    if (typeof value === 'string' && this.#random.chance(0.5)) return this.text(value);
    return this.anything(2);
  }

  #changeList(list) {
    switch (this.#random.below(4)) {
      case 0:
        return [...list, ...list];
      case 1:
        return [...list, this.anything(2)];
      case 2:
        return list.slice(1);
      default:
        return list[0] ?? null;
    }
  }

  #changeObject(object, keys) {
    const { [this.#random.pick(keys) ?? '']: removed, ...rest } = object;
    switch (this.#random.below(4)) {
      case 0:
        return rest;
      case 1:
        return { ...rest, [this.#random.pick(KEYS)]: removed ?? null };
      case 2:
        return { ...object, [this.#random.pick(KEYS)]: this.anything(2) };
      default:
        return [object];
    }
  }

  anything(depth) {
    const kind = this.#random.below(depth > 0 ? 8 : 5);
    if (kind < 3) return this.#random.pick(TEXTS);
    if (kind < 5) return this.#random.pick(VALUES);
    const length = this.#random.below(4);
    if (kind === 5) return Array.from({ length }, () => this.anything(depth - 1));
    return Object.fromEntries(
      Array.from({ length }, () => [this.#random.pick(KEYS), this.anything(depth - 1)]),
    );
  }

  text(original) {
    const at = this.#random.below(original.length + 1);
    switch (this.#random.below(7)) {
      case 0:
        return original.slice(0, at) + this.#random.pick(TEXTS) + original.slice(at);
      case 1:
        return original.slice(0, at) + original.slice(at + 1);
      case 2:
        return original.toUpperCase();
      case 3:
        return this.#random.pick(TEXTS);
      case 4:
        return this.#random.chance(0.02) ? 'x'.repeat(LONG_TEXT) : `${original} `;
      default:
        return original;
    }
  }

  /** The body as bytes; now and then they are no JSON or no UTF-8. */
  bytes(source) {
    const buffer = Buffer.from(source);
    if (!this.#random.chance(0.03) || buffer.length === 0) return buffer;
    switch (this.#random.below(4)) {
      case 0:
        return buffer.subarray(0, this.#random.below(buffer.length));
      case 1:
        buffer[this.#random.below(buffer.length)] = this.#random.below(256);
        return buffer;
      case 2:
        return Buffer.from(`${'['.repeat(1 + this.#random.below(5_000))}${source}`);
      default:
        return Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), buffer]);
    }
  }

  address(path, query) {
    const odd = this.#random.chance(0.03)
      ? this.#random.pick(['/', '//', '/%00', '/%2F', '/..', '/%', '/%ff', '/$count'])
      : '';
    // Fixtures have readable queries; what an address cannot hold is escaped.
    const search = query === '' ? '' : `?${query.replaceAll(/[^\x21-\x7e]/gu, encodeURIComponent)}`;
    return `${path.replaceAll(/[^\x21-\x7e]/gu, encodeURIComponent)}${odd}${search}`;
  }

  headers(given) {
    const result = { ...given };
    if (this.#random.chance(0.02)) delete result[this.#random.pick(Object.keys(result))];
    for (const [name, values] of Object.entries(ODD_HEADERS))
      if (this.#random.chance(0.02)) result[name] = this.#random.pick(values);
    return result;
  }
}
