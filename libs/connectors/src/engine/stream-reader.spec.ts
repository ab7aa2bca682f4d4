import { describe, expect, it } from '@jest/globals';
import type { SourcePage, SourceStream } from '../sdk/contract.js';
import { RunControl } from './interrupted.js';
import { readStream, type TakePage } from './stream-reader.js';
import { newStream } from './sync-run.js';

const LAST = 4;

/** Pages 1–4; `asked` grows when the source begins with one. */
function streamOf(asked: number[], fault?: (page: number) => void): SourceStream {
  return {
    id: 'users',
    covers: ['users'],
    pages: async function* () {
      for (let page = 1; page <= LAST; page += 1) {
        asked.push(page);
        fault?.(page);
        yield pageOf(page);
      }
    },
  };
}

function pageOf(page: number): SourcePage {
  const record = { kind: 'removed', of: 'user', id: String(page), reason: 'deleted' } as const;
  return page === LAST
    ? { records: [record], end: { complete: true, proof: 'the end' } }
    : { records: [record], next: page };
}

/** Listened to from the start, so that it counts as handled. */
function failureOf(reading: Promise<unknown>): Promise<unknown> {
  return reading.then(
    () => undefined,
    (error: unknown) => error,
  );
}

async function moment(): Promise<void> {
  for (let i = 0; i < 20; i += 1) await Promise.resolve();
}

/** Takes pages one after the other, each when `finish` is called. */
class SlowTaker {
  readonly started: number[] = [];
  readonly ended: number[] = [];
  readonly #waiting: ((error?: Error) => void)[] = [];

  readonly take: TakePage = async (_, progress, before) => {
    this.started.push(progress.pages);
    const written = new Promise<void>((resolve, reject) =>
      this.#waiting.push((error) => (error ? reject(error) : resolve())),
    );
    for (const step of await Promise.allSettled([before, written]))
      if (step.status === 'rejected') throw step.reason;
    this.ended.push(progress.pages);
  };

  async finish(error?: Error): Promise<void> {
    this.#waiting.shift()?.(error);
    await moment();
  }
}

describe('reading a stream', () => {
  it('asks for the next page while two are taken, and never has more than three under way', async () => {
    const asked: number[] = [];
    const taker = new SlowTaker();
    const reading = readStream(streamOf(asked), newStream('users', ['users']), {
      control: new RunControl(),
      take: taker.take,
    });
    await moment();
    expect({ asked, started: taker.started, ended: taker.ended }).toEqual({
      asked: [1, 2, 3],
      started: [1, 2, 3],
      ended: [],
    });
    for (let page = 1; page <= LAST; page += 1) {
      await taker.finish();
      expect(taker.ended.at(-1)).toBe(page);
      expect(asked.length).toBeLessThanOrEqual(page + 3);
    }
    expect(await reading).toMatchObject({ state: 'complete', pages: LAST });
  });

  it('keeps the pages before a failure of the source, and ends only when they are stored', async () => {
    const taker = new SlowTaker();
    let isOver = false;
    const fault = (page: number): void => {
      if (page === 3) throw new Error('the source is away');
    };
    const reading = readStream(streamOf([], fault), newStream('users', ['users']), {
      control: new RunControl(),
      take: taker.take,
    });
    const failure = failureOf(reading.finally(() => (isOver = true)));
    await moment();
    await taker.finish();
    expect(isOver).toBe(false);
    await taker.finish();
    expect(await failure).toMatchObject({ message: 'the source is away' });
    expect(taker.ended).toEqual([1, 2]);
  });

  it('stops when a page could not be taken, after those that were handed over behind it', async () => {
    const asked: number[] = [];
    const taker = new SlowTaker();
    let isOver = false;
    const reading = readStream(streamOf(asked), newStream('users', ['users']), {
      control: new RunControl(),
      take: taker.take,
    });
    const failure = failureOf(reading.finally(() => (isOver = true)));
    await moment();
    await taker.finish(new Error('lease lost'));
    await taker.finish();
    expect(isOver).toBe(false);
    await taker.finish();
    expect(await failure).toMatchObject({ message: 'lease lost' });
    expect(taker.ended).toEqual([]);
    expect(asked).toEqual([1, 2, 3]);
  });

  it('stores the page that arrives when the process is told to end, and asks for no other', async () => {
    const asked: number[] = [];
    const control = new RunControl();
    const taker = new SlowTaker();
    const fault = (page: number): void => {
      if (page === 2) control.drain();
    };
    const reading = readStream(streamOf(asked, fault), newStream('users', ['users']), {
      control,
      take: taker.take,
    });
    const failure = failureOf(reading);
    await moment();
    await taker.finish();
    await taker.finish();
    expect(await failure).toMatchObject({ reason: 'draining' });
    expect(taker.ended).toEqual([1, 2]);
    expect(asked).toEqual([1, 2]);
  });
});
