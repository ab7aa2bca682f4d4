import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Connector } from '../../sdk/contract.js';
import { fakeGoogleWorkspace as fake, fakeTime, FakeTenant, readSource, type FakeServer } from '#testing';
import google from './index.js';

describe('Google Workspace', () => {
  const time = fakeTime();
  let server: FakeServer;
  let tenant: FakeTenant;

  beforeEach(async () => {
    tenant = new FakeTenant({ users: 7, groups: 2, membersPerGroup: 2 }, time.clock);
    server = await fake.start(tenant, { pageSize: 3 });
  });
  afterEach(() => server.close());

  const read = (): ReturnType<typeof readSource> =>
    readSource(google as Connector, {
      time,
      answers: fake.answers(server.url),
      hosts: fake.hosts?.(server.url),
    });

  it.each(['userRateLimitExceeded', 'rateLimitExceeded', 'quotaExceeded'])(
    'takes a 403 for %s as a request to slow down',
    async (reason) => {
      const fault = server.fail({
        call: 'users',
        page: 2,
        times: 2,
        fault: { kind: 'status', status: 403, reason },
      });
      expect(await read()).toMatchObject({ complete: true, error: null });
      expect(fault.fired()).toBe(2);
    },
  );

  it('says which limit it was when Google does not let up', async () => {
    const fault = { kind: 'status' as const, status: 403, reason: 'quotaExceeded' };
    server.fail({ call: 'users', page: 2, times: Infinity, fault });
    expect(await read()).toMatchObject({ complete: false, error: { code: 'rate_limited' } });
  });

  it('states who was deleted', async () => {
    tenant.remove('user', 3);
    expect((await read()).removed).toEqual([`user:${fake.userId(3)} deleted`]);
  });
});
