import { describe, expect, it } from '@jest/globals';
import { InMemoryDirectory } from '#testing';
import { fairReader } from './fair-reader.js';
import type { ScimReader } from './ports.js';

const ref = { environmentId: 'environment_1', directoryId: 'directory_1' };
const search = { offset: 0, limit: 10 };
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A reader whose answers wait until they are let go, and which knows how many do. */
function heldReader(): { reader: ScimReader; running: () => number; release: () => void } {
  let running = 0;
  let release = (): void => undefined;
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  const hold = async <T>(answer: T): Promise<T> => {
    running += 1;
    await gate;
    running -= 1;
    return answer;
  };
  const reader = Object.assign(new InMemoryDirectory(), {
    findUser: () => hold(undefined),
    searchUsers: () => hold({ total: 0, items: [] }),
    membersOf: () => hold(new Map()),
  });
  return { reader, running: () => running, release: () => release() };
}

describe('fairReader', () => {
  it('lets four reads of a directory run, whichever they are, and those of others beside them', async () => {
    const held = heldReader();
    const fair = fairReader(held.reader);
    const reads = [1, 2, 3].flatMap(() => [fair.findUser(ref, 'x'), fair.searchUsers(ref, search)]);
    await settled();
    expect(held.running()).toBe(4);
    const others = [fair.findUser({ ...ref, directoryId: 'directory_2' }, 'x')];
    await settled();
    expect(held.running()).toBe(5);
    held.release();
    expect(await Promise.all([...reads, ...others])).toHaveLength(7);
  });

  it('reads members for one request of a directory at a time', async () => {
    const held = heldReader();
    const fair = fairReader(held.reader);
    const reads = [1, 2, 3].map(() => fair.membersOf(ref, ['g']));
    await settled();
    expect(held.running()).toBe(1);
    held.release();
    expect(await Promise.all(reads)).toHaveLength(3);
  });

  it.each([
    [1_999, true],
    [2_000, false],
  ])('after %d members the next ones come at once: %s', async (count, isAtOnce) => {
    const members = Array.from({ length: count }, (_, index) => ({ value: String(index) }));
    let calls = 0;
    const reader = Object.assign(new InMemoryDirectory(), {
      membersOf: async () => {
        calls += 1;
        return new Map([['g', calls === 1 ? members : []]]);
      },
    });
    const fair = fairReader(reader);
    const [first, second] = [fair.membersOf(ref, ['g']), fair.membersOf(ref, ['g'])];
    await first;
    // The answer is made here; a directory that rests does not go on before the event loop has turned.
    const busyUntil = performance.now() + 20;
    while (performance.now() < busyUntil);
    await settled();
    expect(calls === 2).toBe(isAtOnce);
    await second;
    expect(calls).toBe(2);
  });
});
