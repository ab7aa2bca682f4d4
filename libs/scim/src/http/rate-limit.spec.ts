import { describe, expect, it } from '@jest/globals';
import type { RateLimit } from '#kernel';
import { IN_MEMORY_TOKEN, InMemoryDirectory } from '#testing';
import type { ScimExchange } from './messages.js';
import { RateLimited, RateLimiter } from './rate-limit.js';
import { ScimServer } from './scim-server.js';

let now = 0;

function limiter(limit: RateLimit): RateLimiter {
  now = 5_000;
  return new RateLimiter(limit, () => now);
}

/** How many of `count` requests at the same moment get through. */
function accepted(limiterUnderTest: RateLimiter, count: number, config = {}): number {
  const directory = { id: 'directory_1', config };
  let through = 0;
  for (let sent = 0; sent < count; sent += 1)
    try {
      limiterUnderTest.check(directory);
      through += 1;
    } catch (error) {
      expect(error).toBeInstanceOf(RateLimited);
    }
  return through;
}

function waitOf(limiterUnderTest: RateLimiter): number {
  try {
    limiterUnderTest.check({ id: 'directory_1', config: {} });
  } catch (error) {
    return (error as RateLimited).retryAfterSeconds;
  }
  return 0;
}

describe('RateLimiter', () => {
  it('lets five seconds’ worth through at once, then the rate', () => {
    const limits = limiter({ perSecond: 10 });
    expect(accepted(limits, 100)).toBe(50);
    now += 1_000;
    expect(accepted(limits, 100)).toBe(10);
    now += 150;
    expect(accepted(limits, 100)).toBe(1);
    now += 3_600_000;
    expect(accepted(limits, 100)).toBe(50);
  });

  it('takes another burst, and none at all for 0', () => {
    expect(accepted(limiter({ perSecond: 10, burst: 3 }), 50)).toBe(3);
    expect(accepted(limiter({ perSecond: 0 }), 50)).toBe(50);
  });

  it('prefers what the directory says, unless it is no number', () => {
    expect(accepted(limiter({ perSecond: 10 }), 100, { scim_rate_limit: 2 })).toBe(10);
    expect(accepted(limiter({ perSecond: 10 }), 100, { scim_rate_limit: 0 })).toBe(100);
    expect(accepted(limiter({ perSecond: 10 }), 100, { scim_rate_limit: '2' })).toBe(50);
    expect(accepted(limiter({ perSecond: 10 }), 100, { scim_rate_limit: -1 })).toBe(50);
    expect(accepted(limiter({ perSecond: 0 }), 100, { scim_rate_limit: 2 })).toBe(10);
    expect(accepted(limiter({ perSecond: 10 }), 100, { scim_rate_burst: 7 })).toBe(7);
    expect(accepted(limiter({ perSecond: 10 }), 100, { scim_rate_limit: 2, scim_rate_burst: 3 })).toBe(3);
  });

  it('tells in whole seconds when the next one fits', () => {
    const fast = limiter({ perSecond: 100, burst: 1 });
    expect([waitOf(fast), waitOf(fast)]).toEqual([0, 1]);
    const slow = limiter({ perSecond: 0.25, burst: 1 });
    expect([waitOf(slow), waitOf(slow)]).toEqual([0, 4]);
    now += 3_999;
    expect(waitOf(slow)).toBe(1);
    now += 1;
    expect(waitOf(slow)).toBe(0);
    const hardly = limiter({ perSecond: 1e-300 });
    expect([waitOf(hardly), waitOf(hardly)]).toEqual([0, 3_600]);
  });

  it('counts the directories of an environment together, and takes from no bucket when another is empty', () => {
    const limits = limiter({ perSecond: 2 });
    const send = (id: string): string => {
      try {
        limits.check({ id, config: {}, environmentId: 'environment_1', environmentScimRateLimit: 3 });
        return 'ok';
      } catch (error) {
        const { reason, detail } = error as RateLimited;
        expect(detail).toContain(reason === 'rate_limited' ? 'This directory' : 'All directories');
        return reason;
      }
    };
    const answers = (id: string, count: number): string[] => Array.from({ length: count }, () => send(id));
    // 10 at once for the directory, 15 for the environment.
    expect(new Set(answers('a', 10))).toEqual(new Set(['ok']));
    expect(answers('a', 20)).toEqual(Array(20).fill('rate_limited'));
    // Had the refusals cost the environment anything, nothing would be left for the other directory.
    expect(answers('b', 6)).toEqual([...Array(5).fill('ok'), 'environment_rate_limited']);
    expect(answers('b', 20)).toEqual(Array(20).fill('environment_rate_limited'));
    now += 1_000;
    expect(answers('b', 4)).toEqual(['ok', 'ok', 'ok', 'environment_rate_limited']);
  });

  it('tells what is left, and nothing of what the neighbours use', () => {
    const limits = limiter({ perSecond: 4, burst: 10 });
    const directory = { id: 'directory_1', config: {}, environmentId: 'e', environmentScimRateLimit: 0.4 };
    expect(limits.check(directory)).toEqual({
      'ratelimit-policy': '"directory";q=10;w=3',
      ratelimit: '"directory";r=9;t=1',
    });
    expect(limits.check(directory)['ratelimit']).toBe('"directory";r=8;t=1');
    // The environment has had its two.
    const refusal = (): RateLimited => {
      try {
        limits.check(directory);
      } catch (error) {
        return error as RateLimited;
      }
      throw new Error('let through');
    };
    expect(refusal()).toMatchObject({
      retryAfterSeconds: 3,
      headers: { 'ratelimit-policy': '"environment";q=2;w=5', ratelimit: '"environment";r=0;t=5' },
    });
    expect(limiter({ perSecond: 0 }).check(directory)).toEqual({});
    expect(limiter({ perSecond: 1e-300 }).check({ id: 'x', config: {} })['ratelimit-policy']).toBe(
      '"directory";q=1;w=999999999999999',
    );
  });

  it('counts each directory on its own and forgets the idle ones, but no debt', () => {
    const limits = limiter({ perSecond: 1, burst: 100 });
    for (let index = 0; index < 1_000; index += 1) limits.check({ id: `directory_${index + 2}`, config: {} });
    expect(accepted(limits, 500)).toBe(100);
    expect(limits.size).toBe(1_001);
    now += 61_000;
    expect(accepted(limits, 500)).toBe(61);
    expect(limits.size).toBe(1);
  });
});

describe('ScimServer', () => {
  it('answers 429 in SCIM with Retry-After, and says why to the metrics', async () => {
    const exchanges: ScimExchange[] = [];
    const server = new ScimServer(
      new InMemoryDirectory({ config: { scim_rate_limit: 0.5, scim_rate_burst: 1 } }),
      {
        publicUrl: 'https://rollcall.example.com',
        rateLimit: { perSecond: 5_000 },
        onExchange: (exchange) => exchanges.push(exchange),
      },
    );
    const request = {
      version: '2.0',
      externalKey: 'acme',
      method: 'GET',
      path: '/Users',
      query: '',
      headers: { authorization: `Bearer ${IN_MEMORY_TOKEN}` },
      body: undefined,
      requestId: 'request-1',
    } as const;
    expect(await server.handle(request)).toMatchObject({
      status: 200,
      headers: { 'ratelimit-policy': '"directory";q=1;w=2', ratelimit: '"directory";r=0;t=2' },
    });
    const refused = await server.handle(request);
    expect(refused).toMatchObject({
      status: 429,
      headers: { 'retry-after': '2', ratelimit: '"directory";r=0;t=2' },
    });
    expect(JSON.parse(refused.body ?? '')).toMatchObject({
      schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
      status: '429',
    });
    expect(exchanges[1]).toMatchObject({ status: 429, reason: 'rate_limited', path: '/Users' });
    // A wrong token is nobody's request, so it uses up nothing.
    expect(await server.handle({ ...request, headers: {} })).toMatchObject({ status: 401 });
  });
});
