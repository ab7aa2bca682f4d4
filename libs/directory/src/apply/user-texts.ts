import { LRUCache } from 'lru-cache';

/** What events say about a user, and the version of the row that it was made of. */
export interface UserText {
  readonly rowVersion: string;
  readonly text: string;
}

/** Characters, about as many bytes: some 25 000 people. */
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

  get(id: string): UserText | undefined {
    return this.#texts.get(id);
  }

  set(id: string, text: UserText): void {
    this.#texts.set(id, text);
  }
}
