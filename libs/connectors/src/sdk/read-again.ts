import { SourceError } from './source-error.js';

const TRIES = 3;

/**
 * Reads a short list, such as one group's members, and reads it again when it has shifted meanwhile: better than to begin
 * with all groups anew.
 * @throws SourceError what `read` throws; `cursor_expired` when the list does not stand still
 */
export async function readAgain<T>(read: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++)
    try {
      return await read();
    } catch (error) {
      const hasShifted = error instanceof SourceError && error.code === 'cursor_expired';
      if (!hasShifted || attempt >= TRIES) throw error;
    }
}
