import { createHash } from 'node:crypto';
import type { SourcePage } from '../sdk/contract.js';

/** No stream of a real source has more; a paging bug does. */
export const MAX_PAGES = 200_000;

/**
 * Notices when a stream runs in circles: the same checkpoint twice, the same page twice, or no end at all. Only digests
 * are kept. After a resume it starts anew, so a circle is then walked once more at most.
 */
export class PageWatch {
  readonly #seen = new Set<string>();

  /** @returns what is wrong, as a sentence for the admin; undefined when nothing is. */
  problem(page: SourcePage, pagesBefore: number): string | undefined {
    if (pagesBefore >= MAX_PAGES)
      return `The listing has more than ${MAX_PAGES} pages; reading stopped there.`;
    if (page.next !== undefined && this.#isRepeated('next', page.next))
      return `Page ${pagesBefore + 1} leads to a page that was read before; the source’s paging runs in a circle.`;
    if (page.records.length > 0 && this.#isRepeated('records', page.records))
      return `Page ${pagesBefore + 1} has the same content as a page before; the source’s paging runs in a circle.`;
    return undefined;
  }

  #isRepeated(what: string, value: unknown): boolean {
    const digest = createHash('sha256')
      .update(what)
      .update(JSON.stringify(value))
      .digest()
      .toString('base64', 0, 18);
    if (this.#seen.has(digest)) return true;
    this.#seen.add(digest);
    return false;
  }
}
