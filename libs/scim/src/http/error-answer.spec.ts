import { describe, expect, it } from '@jest/globals';
import { RetryableError } from '#kernel';
import { toRefusal } from './error-answer.js';

describe('a refusal', () => {
  // A 500 makes identity providers escrow the change, or give the connection up.
  it.each([
    Object.assign(new Error('the database system is shutting down'), { code: '57P03' }),
    new Error('Connection terminated unexpectedly'),
    new RetryableError('Later.', { retryAfterSeconds: 5 }),
  ])('is 503 while the database is away, whoever reports it: %s', (thrown) => {
    const { error, headers } = toRefusal(thrown, 'r1');
    expect([error.status, headers]).toEqual([503, { 'retry-after': '5' }]);
  });

  it('is 500 for everything that nobody foresaw', () => {
    expect(toRefusal(new Error('no such column'), 'r1').error.status).toBe(500);
    expect(toRefusal(undefined, 'r1').error.status).toBe(500);
  });
});
