import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  fakeEntraId as fake,
  fakeEntraIdCertificate,
  fakeTime,
  FakeTenant,
  readSource,
  type FakeServer,
  type FakeTime,
} from '#testing';
import type { Connector } from '../../sdk/contract.js';
import entra from './index.js';

describe('Entra ID', () => {
  let time: FakeTime;
  let server: FakeServer;
  let tenant: FakeTenant;

  beforeEach(async () => {
    time = fakeTime();
    tenant = new FakeTenant({ users: 7, groups: 7, membersPerGroup: 2 }, time.clock);
    server = await fake.start(tenant, { pageSize: 3 });
  });
  afterEach(() => server.close());

  const read = (): ReturnType<typeof readSource> =>
    readSource(entra as Connector, {
      time,
      answers: fake.answers(server.url),
      hosts: fake.hosts?.(server.url),
    });

  it('asks again for the throttled parts of a batch only, after the wait they name', async () => {
    const of = fake.groupId(3);
    server.fail({ call: 'members', of, fault: { kind: 'status', status: 429, retryAfter: '7' } });
    const result = await read();
    expect(result.complete).toBe(true);
    expect(result.members.size).toBe(14);
    expect(server.calls.filter(({ call, attempt }) => call === 'members' && attempt > 1)).toMatchObject([
      { of },
    ]);
    expect(time.slept).toContain(7_000);
  });

  it('keeps the members of a group that vanished meanwhile', async () => {
    const of = fake.groupId(3);
    server.fail({ call: 'members', of, fault: { kind: 'status', status: 404 } });
    expect(await read()).toMatchObject({ complete: true, invalid: [{ of: 'membership', id: of }] });
  });

  it('reads groups in groups as they are', async () => {
    tenant.addMember(1, { kind: 'group', index: 2 });
    expect((await read()).members).toContain(`${fake.groupId(1)} > group:${fake.groupId(2)}`);
  });

  it('states who was soft-deleted', async () => {
    tenant.remove('user', 3);
    expect((await read()).removed).toEqual([`user:${fake.userId(3)} soft_deleted`]);
  });

  describe.each([
    ['us_gov', 'https://graph.microsoft.us', 'https://login.microsoftonline.us'],
    ['us_dod', 'https://dod-graph.microsoft.us', 'https://login.microsoftonline.us'],
    ['china', 'https://microsoftgraph.chinacloudapi.cn', 'https://login.partner.microsoftonline.cn'],
  ])('in the cloud %s', (cloud, graph, login) => {
    it.each([
      ['secret', fake],
      ['certificate', fakeEntraIdCertificate],
    ])('is asked at its own addresses, with a %s for them', async (_name, { answers }) => {
      const result = await readSource(entra as Connector, {
        time,
        answers: { ...answers(server.url), cloud },
        hosts: { [graph]: server.url, [login]: server.url },
      });
      expect(result).toMatchObject({ complete: true, error: null });
      expect(result.users.size).toBe(7);
    });
  });
});
