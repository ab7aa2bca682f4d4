import type { SourcePage } from './contract.js';
import { SourceError, type SourceErrorCode } from './source-error.js';

/** No right to it, no such thing there, or not asked in this way. */
const REFUSALS: readonly SourceErrorCode[] = ['insufficient_permissions', 'not_found_tenant', 'config_error'];

/** The source does not let itself be asked this, for good. */
export function isRefusal(error: unknown): boolean {
  return error instanceof SourceError && REFUSALS.includes(error.code);
}

/**
 * The pages of a stream that only makes things quicker: a source that has it not, or not for this credential, is no
 * failure. For streams that prove nothing (`covers` is empty).
 */
export async function* unlessRefused(
  pages: AsyncIterable<SourcePage>,
  proof: string,
): AsyncGenerator<SourcePage> {
  try {
    yield* pages;
  } catch (error) {
    if (!isRefusal(error)) throw error;
    yield { records: [], end: { complete: true, proof } };
  }
}
