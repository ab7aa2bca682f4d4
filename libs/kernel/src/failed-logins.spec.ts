import { beforeEach, describe, expect, it } from '@jest/globals';
import { AuthenticationError, NotFoundError, RetryableError } from './errors.js';
import { FailedLogins, TooManyFailuresError } from './failed-logins.js';
import { TokenBuckets } from './token-buckets.js';

const PEER = '203.0.113.7';
let now = 0;
let logins: FailedLogins;
let asked = 0;
let isRevoked = false;

beforeEach(() => {
  now = 5_000;
  asked = 0;
  isRevoked = false;
  logins = new FailedLogins(60, () => now);
});

/** Tries a credential; `right` is right everywhere, and `nowhere` is the key of no directory. */
async function attempt(
  secret: string,
  externalKey = 'acme',
  peer: string | undefined = PEER,
): Promise<string> {
  const verify = async (): Promise<string> => {
    asked += 1;
    if (externalKey.startsWith('nowhere')) throw new NotFoundError('There is no such directory.');
    if (secret === 'down') throw new RetryableError('The database is away.');
    if (secret !== 'right' || isRevoked) throw new AuthenticationError('The token is wrong.');
    return 'in';
  };
  try {
    return await logins.watch({ peer, externalKey, secret }, verify);
  } catch (error) {
    return error instanceof TooManyFailuresError ? `wait ${error.retryAfterSeconds}` : (error as Error).name;
  }
}

async function fail(count: number, externalKey = 'acme', peer = PEER): Promise<string[]> {
  const answers: string[] = [];
  for (let sent = 0; sent < count; sent += 1) answers.push(await attempt(`guess-${sent}`, externalKey, peer));
  return [...new Set(answers)];
}

describe('FailedLogins', () => {
  it('lets nobody try more than so many wrong credentials, and looks at nothing beyond', async () => {
    expect(await fail(60)).toEqual(['AuthenticationError']);
    expect(await fail(10)).toEqual(['wait 1']);
    // Else a guess would be told from a hit.
    expect(await attempt('right')).toBe('wait 1');
    expect(asked).toBe(60);
    now += 1_000;
    expect(await fail(2)).toEqual(['AuthenticationError', 'wait 1']);
  });

  it('never slows down a credential that has worked, until it no longer does', async () => {
    expect(await attempt('right')).toBe('in');
    await fail(60);
    expect(await attempt('right')).toBe('in');
    expect(await attempt('right', 'other')).toBe('in');
    expect(await attempt('guess')).toBe('wait 1');
    expect(await attempt('right', 'nowhere')).toBe('NotFoundError');
    isRevoked = true;
    expect(await attempt('right')).toBe('AuthenticationError');
    expect(await attempt('right')).toBe('wait 1');
  });

  it('counts a directory on its own, so that one customer’s wrong token stops no other', async () => {
    expect(await fail(61)).toContain('wait 1');
    expect(await attempt('right', 'other')).toBe('in');
    expect(await attempt('right', 'acme', '203.0.113.8')).toBe('in');
  });

  it('counts addresses of no directory together', async () => {
    for (let tried = 0; tried < 60; tried += 1)
      expect(await attempt('right', `nowhere-${tried}`)).toBe('NotFoundError');
    expect(await attempt('right', 'nowhere-60')).toBe('wait 1');
    expect(await attempt('right')).toBe('wait 1');
  });

  it('takes a network of IPv6 for one, and an IPv4 address in either spelling', async () => {
    expect(await fail(60, 'acme', '2001:db8:0:1::1')).toEqual(['AuthenticationError']);
    expect(await attempt('x', 'acme', '2001:db8:0:1:ffff::2')).toBe('wait 1');
    expect(await attempt('x', 'acme', '2001:db8:0:2::1')).toBe('AuthenticationError');
    expect(await fail(60, 'acme', '192.0.2.1')).toEqual(['AuthenticationError']);
    expect(await attempt('x', 'acme', '::ffff:192.0.2.1')).toBe('wait 1');
  });

  it('counts no failure of ours, and nobody whose address is not known', async () => {
    for (let tried = 0; tried < 100; tried += 1) expect(await attempt('down')).toBe('RetryableError');
    for (let tried = 0; tried < 100; tried += 1)
      expect(
        await logins.watch({ peer: undefined, externalKey: 'acme', secret: 'x' }, async () => 'in'),
      ).toBe('in');
    expect(await attempt('right')).toBe('in');
  });

  it('stops nobody because of what others behind the same address send, wrong names included', async () => {
    for (let user = 0; user < 300; user += 1)
      expect(await attempt('guess', `user-${user}`)).toBe('AuthenticationError');
    await fail(61);
    expect(await attempt('right', 'other')).toBe('in');
  });

  it('forgets the credential that has worked for longest, and keeps no more than so many', async () => {
    expect(await attempt('right', 'first')).toBe('in');
    for (let known = 0; known < 9_999; known += 1) await attempt('right', `known-${known}`);
    await fail(60, 'first');
    expect(await attempt('right', 'first')).toBe('in');
    expect(await attempt('right', 'one more')).toBe('in');
    expect(await attempt('right', 'first')).toBe('wait 1');
  });

  it('is off with 0', async () => {
    logins = new FailedLogins(0, () => now);
    expect(await fail(1_000)).toEqual(['AuthenticationError']);
  });
});

describe('TokenBuckets', () => {
  it('remembers no more than so many, and counts again when the idle ones are forgotten', () => {
    const buckets = new TokenBuckets(() => now, 2);
    const limit = { perSecond: 1, burst: 2 };
    for (const key of ['a', 'b', 'c']) buckets.take(key, limit);
    expect(buckets.size).toBe(2);
    expect(buckets.left('c', limit)).toBe(2);
    buckets.take('a', limit);
    expect(buckets.left('a', limit)).toBe(0);
    now += 60_000;
    buckets.take('c', limit);
    expect(buckets.size).toBe(1);
    expect(buckets.left('c', limit)).toBe(1);
  });
});
