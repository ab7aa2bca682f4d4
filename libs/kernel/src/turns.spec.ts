import { describe, expect, it } from '@jest/globals';
import { Turns } from './turns.js';

describe('Turns', () => {
  it('begins one when the one before has ended, and leaves other keys alone', async () => {
    const turns = new Turns();
    const done: string[] = [];
    let release = (): void => undefined;
    const first = turns.take('a', async () => {
      await new Promise<void>((resolve) => (release = resolve));
      done.push('a1');
    });
    const second = turns.take('a', async () => void done.push('a2'));
    await turns.take('b', async () => void done.push('b1'));
    expect(done).toEqual(['b1']);
    release();
    await Promise.all([first, second]);
    expect(done).toEqual(['b1', 'a1', 'a2']);
  });

  it('lets nothing begin that waited for one that failed, and everything that comes later', async () => {
    const turns = new Turns();
    const failing = turns.take('a', () => Promise.reject(new Error('no')));
    const waiting = turns.take('a', () => Promise.resolve('done'));
    await expect(failing).rejects.toThrow('no');
    await expect(waiting).rejects.toThrow('no');
    expect(await turns.take('a', () => Promise.resolve('done'))).toBe('done');
  });
});
