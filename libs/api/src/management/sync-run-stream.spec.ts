import { describe, expect, it } from '@jest/globals';
import type { SyncRun } from '#connectors';
import { followRun } from './sync-run-stream.js';

function states(...all: [number, string][]): () => Promise<SyncRun> {
  let next = 0;
  return () => {
    const [revision, status] = all[Math.min(next, all.length - 1)] ?? [0, 'failed'];
    next += 1;
    return Promise.resolve({ revision, status } as SyncRun);
  };
}

async function told(
  read: () => Promise<SyncRun>,
  options: { after?: number; heartbeatMs?: number; signal?: AbortSignal } = {},
): Promise<string[]> {
  const lines: string[] = [];
  const { after = -1, signal = new AbortController().signal, heartbeatMs = 60_000 } = options;
  for await (const message of followRun(read, { after, signal, pollMs: 1, heartbeatMs }))
    lines.push(message.kind === 'run' ? `${message.run.revision} ${message.run.status}` : 'heartbeat');
  return lines;
}

describe('followRun', () => {
  it('tells every change once, and ends with the run', async () => {
    const read = states(
      [1, 'fetching'],
      [1, 'fetching'],
      [3, 'applying'],
      [4, 'succeeded'],
      [9, 'succeeded'],
    );
    expect(await told(read)).toEqual(['1 fetching', '3 applying', '4 succeeded']);
  });

  it('goes on after what the client has seen', async () => {
    expect(await told(states([3, 'fetching'], [4, 'partial']), { after: 3 })).toEqual(['4 partial']);
  });

  it('tells the end again to who asks again', async () => {
    expect(await told(states([4, 'failed']), { after: 4 })).toEqual(['4 failed']);
  });

  it('fills silence', async () => {
    const read = states([1, 'fetching'], [1, 'fetching'], [2, 'succeeded']);
    expect(await told(read, { heartbeatMs: 0 })).toEqual(['1 fetching', 'heartbeat', '2 succeeded']);
  });

  it('ends when nobody listens', async () => {
    expect(await told(states([1, 'fetching']), { signal: AbortSignal.abort() })).toEqual([]);
  });
});
