import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Connector } from '../../sdk/contract.js';
import {
  askMembers,
  fakeGoogleWorkspace as fake,
  fakeTime,
  FakeTenant,
  readSource,
  startFakeGoogle,
  type FakeServer,
} from '#testing';
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

  const reading = (): Parameters<typeof readSource>[1] => ({
    time,
    answers: fake.answers(server.url),
    hosts: fake.hosts?.(server.url),
  });
  const read = (): ReturnType<typeof readSource> => readSource(google as Connector, reading());

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

  it('says nothing of members of a group that is not there, or whose id Google does not take', async () => {
    tenant.remove('group', 1);
    const ask = (edges: readonly string[]): Promise<readonly unknown[]> =>
      askMembers(google as Connector, reading(), edges);
    const edge = (group: number): string => `${fake.groupId(group)} > user:${fake.userId(5)}`;
    expect(await ask([edge(0), edge(1)])).toEqual(['gone', undefined]);
    server.fail({ call: 'member', fault: { kind: 'status', status: 400, reason: 'invalid' } });
    expect(await ask([edge(0)])).toEqual([undefined]);
  });

  describe('a group that the whole account is a member of', () => {
    const start = async (): Promise<void> => {
      await server.close();
      server = await startFakeGoogle(tenant, { pageSize: 3, everyoneIn: 1 });
    };

    it('has everybody as its member, once, and other groups do not', async () => {
      await start();
      const { complete, members } = await read();
      expect(complete).toBe(true);
      const of = (group: number): string[] =>
        [...members].filter((text) => text.startsWith(`${fake.groupId(group)} >`)).sort();
      expect(of(1)).toEqual(
        [0, 1, 2, 3, 4, 5, 6].map((index) => `${fake.groupId(1)} > user:${fake.userId(index)}`),
      );
      expect(of(0)).toHaveLength(2);
    });

    it('keeps the groups in it', async () => {
      tenant.addMember(1, { kind: 'group', index: 0 });
      await start();
      const { members } = await read();
      expect(members).toContain(`${fake.groupId(1)} > group:${fake.groupId(0)}`);
      expect(members).toContain(`${fake.groupId(1)} > user:${fake.userId(6)}`);
    });
  });

  it('takes the first pages of a group that vanished for no list of its members', async () => {
    for (const index of [2, 3, 4, 5]) tenant.addMember(0, { kind: 'user', index });
    server.fail({ call: 'members', of: fake.groupId(0), page: 2, fault: { kind: 'status', status: 404 } });
    const { members, invalid } = await read();
    expect(invalid).toMatchObject([{ of: 'membership', id: fake.groupId(0) }]);
    expect([...members].filter((text) => text.startsWith(fake.groupId(0)))).toEqual([]);
  });
});
