import { createHash } from 'node:crypto';
import { isJsonObject, type JsonObject, type JsonValue } from '#kernel';
import { idOf, textsOf } from '../entry.js';
import type { LdapEntry } from '../wire/answer.js';
import { SourceError } from '../../../sdk/source-error.js';
import { cursorObject, type TrackerParts } from './tracker.js';

/**
 * Who is there, as a number and a sum of digests: equal rolls have the same ids on them. It finds out that somebody is
 * missing without knowing everybody.
 */
export class Roll {
  #count = 0;
  #sum = 0n;

  static from(value: JsonValue | undefined): Roll | undefined {
    if (!isJsonObject(value)) return undefined;
    const { count, sum } = value;
    if (typeof count !== 'number' || typeof sum !== 'string' || !/^[0-9a-f]{1,16}$/.test(sum))
      return undefined;
    const roll = new Roll();
    roll.#count = count;
    roll.#sum = BigInt(`0x${sum}`);
    return roll;
  }

  add(id: string): void {
    this.#change(id, 1);
  }

  /** The roll of those who are left without some of them. */
  without(ids: readonly string[]): Roll {
    const rest = new Roll();
    rest.#count = this.#count;
    rest.#sum = this.#sum;
    for (const id of ids) rest.#change(id, -1);
    return rest;
  }

  equals(other: Roll): boolean {
    return this.#count === other.#count && this.#sum === other.#sum;
  }

  toJson(): JsonObject {
    return { count: this.#count, sum: this.#sum.toString(16) };
  }

  #change(id: string, by: 1 | -1): void {
    const digest = createHash('sha256').update(id).digest().readBigUInt64BE(0);
    this.#count += by;
    this.#sum = BigInt.asUintN(64, this.#sum + BigInt(by) * digest);
  }
}

/** The roll now, and the part of it that was there before the cursor's run began. @throws SourceError */
export async function callRoll(parts: TrackerParts, since: JsonObject): Promise<{ all: Roll; before: Roll }> {
  const { client, session, tracked } = parts;
  const { dialect } = session;
  const born = bornBy(since);
  const search = { ...tracked, attributes: [...dialect.names.id, born.attribute] };
  const [all, before] = [new Roll(), new Roll()];
  for await (const page of client.entries(search, session)) {
    if (page.cut !== null) throw new SourceError('incomplete_listing', page.cut);
    for (const entry of page.entries) {
      const id = idOf(entry, dialect) ?? '';
      all.add(id);
      if (!born.isNew(entry)) before.add(id);
    }
  }
  return { all, before };
}

/** Which attribute says when an entry was made, and whether that was after the cursor's run had begun. */
function bornBy(cursor: JsonObject): { attribute: string; isNew: (entry: LdapEntry) => boolean } {
  const { usn, at } = cursorObject(cursor);
  if (typeof usn === 'number')
    return { attribute: 'uSNCreated', isNew: (entry) => Number(textsOf(entry, 'usncreated')[0]) > usn };
  return {
    attribute: 'createTimestamp',
    isNew: (entry) => typeof at === 'string' && (textsOf(entry, 'createtimestamp')[0] ?? '') >= at,
  };
}
