import { beforeEach, describe, expect, it } from '@jest/globals';
import { RetryableError, type Queryable, type Statement } from '#kernel';
import { ScimError } from '../protocol/errors.js';
import { anExchange } from '../../test-support/exchanges.js';
import { RequestLog } from './request-log.js';
import { Sampler } from './sampler.js';

const refused = (status: number): ScimError => new ScimError('no', { status });

describe('RequestLog', () => {
  let batches: number[];
  let failures: Error[];
  let counts: { written: number; dropped: Record<string, number>; waiting: number };

  beforeEach(() => {
    batches = [];
    failures = [];
    counts = { written: 0, dropped: {}, waiting: 0 };
  });

  const tx: Queryable = {
    query: async (statement: Statement) => {
      // Numbers travel as an array that can be counted, one for each entry.
      batches.push(statement.values?.find((value) => Array.isArray(value))?.length ?? 0);
      return [];
    },
  };

  function aLog(limits: ConstructorParameters<typeof RequestLog>[1] = {}): RequestLog {
    return new RequestLog(
      {
        database: {
          transaction: async (work) => {
            const failure = failures.shift();
            if (failure) throw failure;
            return work(tx);
          },
        },
        metrics: {
          written: (count) => void (counts.written += count),
          dropped: (reason, count) => void (counts.dropped[reason] = (counts.dropped[reason] ?? 0) + count),
          waiting: (count) => void (counts.waiting = count),
        },
        log: { warn: () => undefined },
      },
      { flushMs: 5, retryMs: 5, ...limits },
    );
  }

  async function until(holds: () => boolean): Promise<void> {
    for (let i = 0; i < 1_000 && !holds(); i += 1) await new Promise((resolve) => setTimeout(resolve, 5));
  }

  it('writes what comes together in one statement, and nothing while the request is under way', async () => {
    const log = aLog();
    for (let i = 0; i < 30; i += 1) log.record(anExchange());
    expect(batches).toEqual([]);
    await until(() => counts.written === 30);
    expect(batches).toEqual([30]);
    expect(counts.waiting).toBe(0);
  });

  it('writes large heaps in batches', async () => {
    const log = aLog({ batchSize: 10 });
    for (let i = 0; i < 25; i += 1) log.record(anExchange());
    await until(() => counts.written === 25);
    expect(batches).toEqual([10, 10, 5]);
  });

  it('drops what does not fit in the queue, and counts it', async () => {
    const log = aLog({ maxQueued: 10 });
    for (let i = 0; i < 25; i += 1) log.record(anExchange());
    await until(() => counts.written === 10);
    expect(counts).toMatchObject({ written: 10, dropped: { queue_full: 15 } });
  });

  it('keeps everything while the database is away', async () => {
    failures = [new RetryableError('away'), new RetryableError('still away')];
    const log = aLog();
    log.record(anExchange());
    await until(() => counts.written === 1);
    expect(counts).toMatchObject({ written: 1, dropped: {} });
  });

  it('goes on after a batch that the database refuses', async () => {
    failures = [new Error('a bug')];
    const log = aLog();
    log.record(anExchange());
    await until(() => counts.dropped['refused_by_database'] === 1);
    log.record(anExchange());
    await until(() => counts.written === 1);
    expect(counts.written).toBe(1);
  });

  it('writes what is waiting when it is stopped, without waiting for company', async () => {
    const log = aLog({ flushMs: 60_000 });
    log.record(anExchange());
    await log.stop();
    expect(counts.written).toBe(1);
  });

  it('is stopped even while the database is away', async () => {
    failures = Array.from({ length: 50 }, () => new RetryableError('away'));
    const log = aLog({ flushMs: 1, retryMs: 1 });
    log.record(anExchange());
    await until(() => failures.length < 50);
    await log.stop();
    expect(counts).toMatchObject({ written: 0, dropped: { refused_by_database: 1 } });
  });

  it('takes one refused login and one flooded request per directory, and every other exchange', async () => {
    const log = aLog();
    for (let i = 0; i < 20; i += 1) {
      log.record(anExchange({ directory: undefined }));
      log.record(anExchange({ refusal: refused(429) }));
      log.record(anExchange({ refusal: refused(409) }));
    }
    await log.stop();
    expect(counts.written).toBe(22);
  });

  it('takes what was refused to a stranger, and nothing else of them', async () => {
    const log = aLog();
    for (const status of [400, 413, 500, 503])
      log.record(anExchange({ directory: undefined, response: { status } }));
    await log.stop();
    expect(batches).toEqual([]);
    const other = aLog();
    for (const status of [401, 404, 429])
      other.record(anExchange({ directory: undefined, response: { status } }));
    await other.stop();
    expect(counts.written).toBe(3);
  });

  it('takes a few entries of a stranger who tries one address after the other, and those of others too', async () => {
    const log = aLog();
    for (let tried = 0; tried < 500; tried += 1)
      log.record(anExchange({ directory: undefined, externalKey: `guess${tried}`, peer: '203.0.113.7' }));
    log.record(anExchange({ directory: undefined, externalKey: 'guess7', peer: '203.0.113.8' }));
    await log.stop();
    expect(counts.written).toBe(9);
  });
});

describe('Sampler', () => {
  it('lets one of many alike through per interval', () => {
    let now = 0;
    const sampler = new Sampler(() => now);
    expect([sampler.take('a'), sampler.take('a'), sampler.take('b')]).toEqual([true, false, true]);
    now = 10_000;
    expect([sampler.take('a'), sampler.take('a')]).toEqual([true, false]);
  });

  it('remembers a bounded number of keys, and forgets them in time', () => {
    let now = 0;
    const sampler = new Sampler(() => now);
    const taken = Array.from({ length: 2_000 }, (_, i) => sampler.take(String(i)));
    expect(taken.filter(Boolean)).toHaveLength(1_000);
    now = 10_000;
    expect(sampler.take('new')).toBe(true);
  });
});
