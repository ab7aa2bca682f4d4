import { describe, expect, it } from '@jest/globals';
import { readAgain } from './read-again.js';
import { SourceError, type SourceErrorCode } from './source-error.js';

describe('a short list that shifts', () => {
  let reads = 0;
  const failing = (times: number, code: SourceErrorCode) => async (): Promise<string> => {
    if (reads++ < times) throw new SourceError(code, 'moved');
    return 'read';
  };

  it.each([
    [2, 'read', 3],
    [3, 'cursor_expired', 3],
  ])('%i times comes to "%s" after %i readings', async (times, outcome, expected) => {
    reads = 0;
    const found = await readAgain(failing(times, 'cursor_expired')).catch((error: SourceError) => error.code);
    expect([found, reads]).toEqual([outcome, expected]);
  });

  it('is not read again for another reason', async () => {
    reads = 0;
    await expect(readAgain(failing(1, 'incomplete_listing'))).rejects.toMatchObject({
      code: 'incomplete_listing',
    });
    expect(reads).toBe(1);
  });
});
