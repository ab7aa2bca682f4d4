import { describe, expect, it } from '@jest/globals';
import { InWork } from './in-work.js';
import { RetryLater } from './retry-later.js';

/** Work that ends when it is told to. */
function controlled(): { work: () => Promise<string>; finish: () => void; started: () => boolean } {
  let finish = (): void => undefined;
  let started = false;
  const done = new Promise<string>((resolve) => {
    finish = () => resolve('done');
  });
  return {
    work: () => {
      started = true;
      return done;
    },
    finish: () => finish(),
    started: () => started,
  };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('InWork', () => {
  it('runs so much of a key at once, the rest in order of arrival', async () => {
    const inWork = new InWork({ running: 2, waiting: 10 });
    const jobs = Array.from({ length: 4 }, controlled);
    const results = jobs.map(({ work }) => inWork.run('a', work));
    await settled();
    expect(jobs.map(({ started }) => started())).toEqual([true, true, false, false]);
    jobs[1]?.finish();
    await settled();
    expect(jobs.map(({ started }) => started())).toEqual([true, true, true, false]);
    // The place that was handed over is not free a second time.
    const late = controlled();
    const lateResult = inWork.run('a', late.work);
    await settled();
    expect(late.started()).toBe(false);
    late.finish();
    for (const { finish } of jobs) finish();
    expect(await Promise.all([...results, lateResult])).toEqual(Array(5).fill('done'));
    expect(inWork.size).toBe(0);
  });

  it('lets a key rest after a large result for as long as that has kept the process busy', async () => {
    const inWork = new InWork({ running: 1, waiting: 10 });
    const next = controlled();
    const large = inWork.run(
      'a',
      async () => 'large',
      () => true,
    );
    const following = inWork.run('a', next.work);
    await large;
    const busyUntil = performance.now() + 50;
    while (performance.now() < busyUntil);
    await settled();
    expect(next.started()).toBe(false);
    // Nobody else rests.
    expect(await inWork.run('b', async () => 'b')).toBe('b');
    next.finish();
    expect(await following).toBe('done');
    await inWork.run(
      'a',
      async () => 'small',
      () => false,
    );
    expect(inWork.size).toBe(0);
  });

  it('does not let keys wait for each other', async () => {
    const inWork = new InWork({ running: 1, waiting: 1 });
    const slow = controlled();
    const busy = inWork.run('a', slow.work);
    expect(await inWork.run('b', async () => 'b')).toBe('b');
    slow.finish();
    await busy;
  });

  it('refuses what would have to wait behind too many, and says when to come again', async () => {
    const inWork = new InWork({ running: 1, waiting: 1 });
    const slow = controlled();
    const first = inWork.run('a', slow.work);
    const second = inWork.run('a', async () => 'second');
    const third = inWork.run('a', async () => 'third');
    await expect(third).rejects.toThrow(RetryLater);
    await expect(third).rejects.toMatchObject({
      status: 503,
      retryAfterSeconds: 5,
      reason: 'directory_busy',
    });
    slow.finish();
    expect(await Promise.all([first, second])).toEqual(['done', 'second']);
    expect(await inWork.run('a', async () => 'again')).toBe('again');
  });

  it('gives the place of failed work to the next', async () => {
    const inWork = new InWork({ running: 1, waiting: 5 });
    const failing = inWork.run('a', () => Promise.reject(new Error('broken')));
    const next = inWork.run('a', async () => 'next');
    await expect(failing).rejects.toThrow('broken');
    expect(await next).toBe('next');
    expect(inWork.size).toBe(0);
  });
});
