import { LRUCache } from 'lru-cache';

import { textArray, type Queryable } from '#kernel';
import type { DirectoryUserText } from '#model';
import type { DirectoryRef } from './head.js';
import { UNCHANGED } from './user-sql.js';

/** What events say about a user, and the version of the row that it was made of. */
export interface UserText {
  readonly rowVersion: string;
  readonly text: DirectoryUserText;
}

/** Characters, some 25 000 people: about as many bytes, twice as many where names need more than Latin letters. */
const CAPACITY = 32 * 2 ** 20;

/**
 * Remembers between transactions what events say about users: whoever fills groups names the same people again and again,
 * and reading all of them and putting them into words was most of the work. A batch asks under its lock whether the row is
 * still the one that the text was made of, so whoever else writes the table need not tell.
 */
export class UserTexts {
  readonly #texts: LRUCache<string, UserText>;

  constructor(capacity = CAPACITY) {
    this.#texts = new LRUCache({ maxSize: capacity, sizeCalculation: ({ text }) => text.length });
  }

  has(id: string): boolean {
    return this.#texts.has(id);
  }

  /** @returns what is remembered of those whose row is what it was; call it under the directory's lock. */
  async recall(
    tx: Queryable,
    ref: DirectoryRef,
    ids: readonly string[],
  ): Promise<ReadonlyMap<string, DirectoryUserText>> {
    const known = ids.flatMap((id) => {
      const text = this.#texts.get(id);
      return text === undefined ? [] : [{ id, ...text }];
    });
    if (known.length === 0) return new Map();
    const rows = await tx.query<{ place: number }>({
      name: 'directory_users_unchanged',
      text: UNCHANGED,
      values: [
        ref.environmentId,
        ref.directoryId,
        textArray(known.map(({ id }) => id)),
        textArray(known.map(({ rowVersion }) => rowVersion)),
      ],
    });
    return new Map(
      rows.flatMap(({ place }) => {
        const told = known[place - 1];
        return told === undefined ? [] : [[told.id, told.text] as const];
      }),
    );
  }

  set(id: string, text: UserText): void {
    this.#texts.set(id, text);
  }
}
