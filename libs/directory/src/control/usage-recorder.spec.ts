import { beforeEach, describe, expect, it } from '@jest/globals';
import { UsageRecorder } from './usage-recorder.js';

describe('UsageRecorder', () => {
  let now = 0;
  let usage: UsageRecorder;
  let written: string[];
  const write = (usedAt: string): Promise<void> => {
    written.push(usedAt);
    return Promise.resolve();
  };

  beforeEach(() => {
    now = Date.parse('2026-11-23T12:00:00Z');
    usage = new UsageRecorder({ now: () => new Date(now) });
    written = [];
  });

  it('writes at most once a minute for each credential', () => {
    usage.record('a', write);
    now += 59_999;
    usage.record('a', write);
    expect(written).toEqual(['2026-11-23T12:00:00.000Z']);
    usage.record('b', write);
    now += 1;
    usage.record('a', write);
    expect(written).toEqual([
      '2026-11-23T12:00:00.000Z',
      '2026-11-23T12:00:59.999Z',
      '2026-11-23T12:01:00.000Z',
    ]);
  });

  it('lets no failure out', async () => {
    usage.record('a', () => Promise.reject(new Error('database is away')));
    await new Promise((resolve) => setImmediate(resolve));
    usage.record('b', write);
    expect(written).toHaveLength(1);
  });
});
