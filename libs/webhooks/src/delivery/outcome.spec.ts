import { describe, expect, it } from '@jest/globals';
import type { PostResult } from '../outbound/post-result.js';
import { classify } from './outcome.js';
import { RETRY_DELAYS_MS } from './retry-schedule.js';

const context = { attempt: 1, nowMs: 0, random: 0.5, delays: RETRY_DELAYS_MS };
const answer = (part: Partial<PostResult>): PostResult => ({
  status: 200,
  error: null,
  excerpt: null,
  retryAfter: undefined,
  durationMs: 1,
  ...part,
});

describe('classify', () => {
  it.each([200, 201, 202, 204, 299])('takes %i as a success', (status) => {
    expect(classify(answer({ status }), context)).toEqual({ kind: 'succeeded' });
  });

  it.each([
    [301, 'redirect'],
    [304, 'redirect'],
    [308, 'redirect'],
    [400, 'http_400'],
    [410, 'http_410'],
    [429, 'http_429'],
    [500, 'http_500'],
  ])('takes %i as the failure %s', (status, error) => {
    expect(classify(answer({ status }), context)).toMatchObject({ kind: 'failed', error, retryInMs: 5_000 });
  });

  it('takes a 200 whose body never ends as a failure', () => {
    expect(classify(answer({ error: 'timeout' }), context)).toMatchObject({
      kind: 'failed',
      error: 'timeout',
    });
  });

  it('takes only a complete 410 as a farewell', () => {
    expect(classify(answer({ status: 410 }), context)).toMatchObject({ isGone: true });
    expect(classify(answer({ status: 410, error: 'timeout' }), context)).toMatchObject({ isGone: false });
    expect(classify(answer({ status: 404 }), context)).toMatchObject({ isGone: false });
  });

  it.each([429, 503])('waits as long as a %i asks', (status) => {
    expect(classify(answer({ status, retryAfter: '90' }), context)).toMatchObject({ retryInMs: 90_000 });
  });

  it('does not let any other answer choose the time', () => {
    expect(classify(answer({ status: 500, retryAfter: '90' }), context)).toMatchObject({ retryInMs: 5_000 });
  });

  it('discards after the last attempt', () => {
    expect(classify(answer({ status: 500 }), { ...context, attempt: 10 })).toEqual({
      kind: 'discarded',
      error: 'http_500',
      isGone: false,
    });
  });
});
