import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { installedConnectors } from '#connectors';
import { systemClock } from '#kernel';
import { fakeOkta, FakeTenant, type FakeServer } from '#testing';
import { RestClient } from '../support/rest-client.js';
import { startRollcall, type RunningRollcall } from '../support/start-rollcall.js';

interface Run {
  readonly id: string;
  readonly status: string;
  readonly mode: string;
  readonly error: unknown;
  readonly counts: Record<string, unknown>;
}

interface User {
  readonly idp_id: string;
  readonly state: string;
  readonly groups: { name: string }[];
}

/** Everything from a vendor's wire to REST: the real connector, engine, snapshot door and guard. */
describe('an Okta that is polled', () => {
  let okta: FakeServer;
  let tenant: FakeTenant;
  let rollcall: RunningRollcall;
  let rest: RestClient;
  let directory: string;
  let base: string;

  beforeAll(async () => {
    tenant = new FakeTenant({ users: 60, groups: 4, membersPerGroup: 10 }, systemClock);
    okta = await fakeOkta.start(tenant, { pageSize: 7 });
    rollcall = await startRollcall({}, { connectors: installedConnectors });
    rest = new RestClient(rollcall.baseUrl, rollcall.apiKey);
  }, 60_000);

  afterAll(async () => {
    await rollcall.stop();
    await okta.close();
  }, 30_000);

  async function run(mode: string): Promise<Run> {
    const { id } = await rest.call<Run>('POST', `${base}/sync_runs`, { mode });
    return ended(id);
  }

  async function ended(id: string): Promise<Run> {
    for (let round = 0; round < 400; round += 1) {
      const found = await rest.call<Run>('GET', `${base}/sync_runs/${id}`);
      if (!['queued', 'fetching', 'planning', 'applying'].includes(found.status)) return found;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error('the run did not end');
  }

  async function users(): Promise<User[]> {
    const path = `/directory_users?directory=${directory}&limit=100`;
    return (await rest.call<{ data: User[] }>('GET', path)).data;
  }

  it('is tested before it is connected, and shown before it is applied', async () => {
    const answers = fakeOkta.answers(okta.url);
    const wrong = await rest.call<{ error: { code: string } }>('POST', '/management/connectors/okta/check', {
      config: fakeOkta.wrongAnswers(okta.url),
    });
    expect(wrong.error.code).toBe('invalid_credentials');
    const good = await rest.call<{ error: null; samples: unknown[] }>(
      'POST',
      '/management/connectors/okta/check',
      { config: answers },
    );
    expect(good).toMatchObject({ error: null });
    const organization = await rest.call<{ id: string }>('POST', '/organizations', { name: 'Acme' });
    const created = await rest.call<{ directory: { id: string } }>('POST', '/management/directories', {
      organization_id: organization.id,
      name: 'Okta',
      type: 'okta',
      config: answers,
    });
    directory = created.directory.id;
    base = `/management/directories/${directory}`;
    const preview = await run('full');
    expect(preview).toMatchObject({
      status: 'awaiting_approval',
      counts: { users: { create: 60 }, groups: { create: 4 } },
    });
    expect(await users()).toEqual([]);
    await rest.call('POST', `${base}/sync_runs/${preview.id}/apply`);
    expect((await ended(preview.id)).status).toBe('succeeded');
    const all = await users();
    expect(all).toHaveLength(60);
    expect(all.filter((user) => user.groups.length > 0).length).toBeGreaterThan(9);
  });

  it('brings changes by the next incremental run, and none by the one after', async () => {
    tenant.change(3, { state: 'suspended' });
    tenant.change(4, { title: 'Chief' });
    expect((await run('incremental')).status).toBe('succeeded');
    const of = async (index: number): Promise<User | undefined> =>
      (await users()).find((user) => user.idp_id === fakeOkta.userId(index));
    expect((await of(3))?.state).toBe('inactive');
    expect(await of(4)).toMatchObject({ job_title: 'Chief' });
    const events = (): Promise<{ data: { id: string }[] }> =>
      rest.call('GET', `/management/events?directory=${directory}&after_sequence=0&limit=100`);
    const before = (await events()).data.length;
    await run('incremental');
    expect((await events()).data.length).toBe(before);
  });

  it('removes who was deleted, and nobody when a page gets lost', async () => {
    tenant.remove('user', 5);
    await run('full');
    expect((await users()).map((user) => user.idp_id)).not.toContain(fakeOkta.userId(5));
    const fault = okta.fail({ call: 'users', fault: { kind: 'repeat_token' }, times: Infinity });
    const cut = await run('full');
    expect(fault.fired()).toBeGreaterThan(0);
    expect(cut.status).toBe('partial');
    expect(await users()).toHaveLength(59);
    okta.calm();
  });

  it('keeps whom Okta refuses to be asked about, applies the rest, and says so', async () => {
    tenant.remove('user', 6);
    tenant.change(7, { title: 'Chair' });
    const fault = okta.fail({ call: 'user', fault: { kind: 'status', status: 403 }, times: Infinity });
    for (let i = 0; i < 3; i++)
      expect(await run('full')).toMatchObject({
        status: 'partial',
        error: {
          code: 'insufficient_permissions',
          message: expect.stringContaining('did not list 1 person or group'),
        },
      });
    expect(fault.fired()).toBe(3);
    expect(await users()).toHaveLength(59);
    expect(await users()).toContainEqual(
      expect.objectContaining({ idp_id: fakeOkta.userId(7), job_title: 'Chair' }),
    );
    okta.calm();
    expect((await run('full')).status).toBe('succeeded');
    expect((await users()).map((user) => user.idp_id)).not.toContain(fakeOkta.userId(6));
  });

  it('keeps members whom Okta leaves out of lists and still has, and loses those who left', async () => {
    const groupsOf = async (index: number): Promise<string[]> =>
      (await users())
        .filter((user) => user.idp_id === fakeOkta.userId(index))
        .flatMap((user) => user.groups.map(({ name }) => name));
    // Okta lists the members of a group anew when they have changed: one who left, and a lie.
    tenant.hideMember(0, { kind: 'user', index: 1 });
    tenant.removeMember(0, { kind: 'user', index: 2 });
    const quick = await run('incremental');
    expect(quick).toMatchObject({ status: 'succeeded', counts: { memberships: { removals: 1 } } });
    expect(quick.counts['warnings']).toEqual([expect.stringContaining('1 member of "Group 0"')]);
    tenant.removeMember(0, { kind: 'user', index: 3 });
    tenant.hideMember(1, { kind: 'user', index: 8 });
    for (let i = 0; i < 2; i++) expect((await run('full')).status).toBe('succeeded');
    for (const index of [2, 3]) expect(await groupsOf(index)).not.toContain('Group 0');
    for (const index of [0, 1]) expect(await groupsOf(index)).toContain('Group 0');
    expect(await groupsOf(8)).toContain('Group 1');
    expect(okta.calls.map(({ call }) => call)).toContain('user_groups');
  });
});
