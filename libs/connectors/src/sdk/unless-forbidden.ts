import type { SourcePage } from './contract.js';
import { SourceError } from './source-error.js';

/**
 * The pages of a stream that only makes things quicker: a credential without the right to read it is no failure. For
 * streams that prove nothing (`covers` is empty).
 */
export async function* unlessForbidden(
  pages: AsyncIterable<SourcePage>,
  proof: string,
): AsyncGenerator<SourcePage> {
  try {
    yield* pages;
  } catch (error) {
    if (!(error instanceof SourceError) || error.code !== 'insufficient_permissions') throw error;
    yield { records: [], end: { complete: true, proof } };
  }
}
