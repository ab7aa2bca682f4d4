import { describe, expect, it } from '@jest/globals';
import { OpenStreams } from './open-streams.js';

describe('streams of an environment', () => {
  it('are limited, without a limit for others, and make room when they close', () => {
    const streams = new OpenStreams();
    const open = Array.from({ length: 50 }, () => streams.open('one'));
    expect(() => streams.open('one')).toThrow('50 runs are followed');
    streams.open('other').close();
    open[0]?.close();
    open[0]?.close();
    streams.open('one');
    expect(() => streams.open('one')).toThrow('50 runs are followed');
  });

  it('end with the process', () => {
    const streams = new OpenStreams();
    const { abort } = streams.open('one');
    streams.end();
    expect(abort.signal.aborted).toBe(true);
  });

  it('end after a while, so that a credential that was revoked is looked at again', async () => {
    const { abort, close } = new OpenStreams(5).open('one');
    await new Promise((resolve) => {
      abort.signal.addEventListener('abort', resolve);
      setTimeout(resolve, 2_000);
    });
    expect(abort.signal.aborted).toBe(true);
    close();
  });
});
