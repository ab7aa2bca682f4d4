import { beforeEach, describe, expect, it } from '@jest/globals';
import { AuthenticationError } from '#kernel';
import { CredentialCache } from './credential-cache.js';

describe('CredentialCache', () => {
  let now = 0;
  let loads = 0;
  let cache: CredentialCache<string>;
  const accept = (): Promise<string> => {
    loads += 1;
    return Promise.resolve('who');
  };
  const refuse = (): Promise<string> => {
    loads += 1;
    return Promise.reject(new AuthenticationError('no'));
  };

  beforeEach(() => {
    now = 1_000_000;
    loads = 0;
    cache = new CredentialCache({ now: () => new Date(now) }, 3);
  });

  it('asks once for concurrent and following requests, and again after 3 s', async () => {
    await Promise.all([cache.fetch('a', accept), cache.fetch('a', accept)]);
    now += 2_999;
    expect(await cache.fetch('a', accept)).toBe('who');
    expect(loads).toBe(1);
    now += 1;
    await cache.fetch('a', accept);
    expect(loads).toBe(2);
  });

  it('remembers a refusal for 1 s', async () => {
    await expect(cache.fetch('a', refuse)).rejects.toThrow('no');
    now += 999;
    await expect(cache.fetch('a', accept)).rejects.toThrow('no');
    now += 1;
    expect(await cache.fetch('a', accept)).toBe('who');
    expect(await cache.fetch('a', refuse)).toBe('who');
  });

  it('does not remember other failures', async () => {
    await expect(cache.fetch('a', () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    expect(await cache.fetch('a', accept)).toBe('who');
  });

  it('keeps good credentials through a flood of wrong ones', async () => {
    await cache.fetch('good', accept);
    for (let index = 0; index < 20; index += 1)
      await cache.fetch(`bad${index}`, refuse).catch(() => undefined);
    loads = 0;
    await cache.fetch('good', accept);
    await cache.fetch('bad0', refuse).catch(() => undefined);
    expect(loads).toBe(1);
  });

  it('forgets on request', async () => {
    await cache.fetch('x:1', accept);
    await cache.fetch('x:2', accept);
    cache.forget((key) => key.endsWith(':1'));
    loads = 0;
    await Promise.all([cache.fetch('x:1', accept), cache.fetch('x:2', accept)]);
    expect(loads).toBe(1);
    cache.clear();
    await cache.fetch('x:2', accept);
    expect(loads).toBe(2);
  });
});
