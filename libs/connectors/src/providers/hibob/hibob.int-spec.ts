import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { JsonObject, JsonValue } from '#kernel';
import type { Connector, SourceCheck } from '../../sdk/contract.js';
import { SourceError } from '../../sdk/source-error.js';
import {
  fakeHibob as fake,
  fakePorts,
  fakeTime,
  FakeTenant,
  readSource,
  startFakeHibob,
  type FakeServer,
  type ReadResult,
} from '#testing';
import hibob from './index.js';

type Edit = Readonly<Record<string, JsonValue>> | null;

describe('HiBob', () => {
  const time = fakeTime();
  let server: FakeServer;
  let tenant: FakeTenant;
  let edits: Map<number, Edit>;

  const start = async (users = 7): Promise<void> => {
    tenant = new FakeTenant({ users, groups: 0, membersPerGroup: 0 }, time.clock);
    server = await startFakeHibob(tenant, (fields, index) => {
      const edit = edits.get(index);
      return edit === null ? null : { ...fields, ...edit };
    });
  };
  const editAll = (edit: Edit, users = 7): void => {
    for (let index = 0; index < users; index++) edits.set(index, edit);
  };
  beforeEach(() => void (edits = new Map()));
  afterEach(() => server.close());

  const answers = (): JsonObject => ({ ...fake.answers(server.url), group_types: [] });
  const read = (options: Partial<Parameters<typeof readSource>[1]> = {}): Promise<ReadResult> =>
    readSource(hibob as Connector, {
      time,
      answers: answers(),
      hosts: fake.hosts?.(server.url),
      ...options,
    });

  it('reads people who left and who will come, with all digits of their ids', async () => {
    await start();
    tenant.change(1, { state: 'archived' });
    tenant.change(2, { state: 'pending' });
    const { users } = await read();
    expect(users.size).toBe(7);
    expect(users.get('3332883884000000001')).toMatchObject({ active: false, stateReason: 'terminated' });
    expect(users.get('3332883884000000002')).toMatchObject({ active: false, stateReason: 'pending' });
  });

  it('makes groups of departments and sites, each once, with everybody who is in them', async () => {
    await start();
    const result = await read();
    expect(result.covered).toEqual(['groups', 'memberships', 'users']);
    expect([...result.groups.values()].map(({ sourceId, name }) => `${sourceId} ${name}`).sort()).toEqual([
      ...[0, 1, 2, 3, 4].map((n) => `department:20919216${n} Department ${n}`),
      'location:2606110 Site 0',
      'location:2606111 Site 1',
    ]);
    expect(result.members).toContain(`department:209192161 > user:${fake.userId(6)}`);
    expect(result.members.size).toBe(14);
  });

  it('keeps the digits of ids that come as numbers', async () => {
    await start();
    const { rawJSON } = JSON as unknown as { rawJSON(this: void, text: string): JsonValue };
    edits.set(0, { 'work.siteId': rawJSON('3332883884017713201') });
    expect((await read()).groups.has('location:3332883884017713201')).toBe(true);
  });

  it('reads a large company in parts, and goes on from each', async () => {
    await start(1_100);
    const whole = await read();
    expect(whole.users.size).toBe(1_100);
    expect(server.calls.map(({ call }) => call)).toEqual(['ids', 'people', 'people', 'people']);
    expect(whole.checkpoints).toHaveLength(2);
    for (const from of whole.checkpoints) {
      server.calm();
      const resumed = await read({ from });
      expect(resumed).toMatchObject({ complete: true, users: whole.users, members: whole.members });
      expect(server.calls.length).toBeLessThan(4);
    }
  });

  it('takes nobody for gone who is listed but not shown', async () => {
    await start();
    edits.set(3, null);
    const result = await read();
    expect(result.users.size).toBe(6);
    expect(result.invalid).toMatchObject([
      { of: 'user', id: fake.userId(3) },
      { of: 'group', id: null },
      { of: 'membership', id: null },
    ]);
  });

  it.each([
    ['the ids', 'ids'],
    ['the people', 'people'],
  ])('is not complete without %s', async (_name, call) => {
    await start();
    const fault = server.fail({ call, times: Infinity, fault: { kind: 'no_list' } });
    expect(await read()).toMatchObject({ complete: false, error: { code: 'source_changed_shape' } });
    expect(fault.fired()).toBeGreaterThan(0);
  });

  it('takes a web page for a wrong address and no empty company', async () => {
    await start();
    server.fail({ call: 'ids', times: Infinity, fault: { kind: 'html' } });
    expect(await read()).toMatchObject({ complete: false, error: { code: 'source_changed_shape' } });
  });

  it('stops when a field that everybody has is shown of nobody, and names it', async () => {
    await start();
    editAll({ 'internal.status': null });
    const result = await read();
    expect(result).toMatchObject({ complete: false, error: { code: 'insufficient_permissions' } });
    expect(result.error?.message).toContain('internal.status');
    expect(result.users.size + result.invalid.length).toBe(0);
  });

  it('stops when nobody has a department, rather than to empty them all', async () => {
    await start();
    editAll({ 'work.department': null });
    expect(await read()).toMatchObject({ complete: false, error: { code: 'insufficient_permissions' } });
    const unshared = { ...answers(), unshared_fields: ['department'] };
    expect(await read({ answers: unshared })).toMatchObject({ complete: true, error: null });
  });

  it('leaves it to a handful of people to have no department', async () => {
    await start(4);
    editAll({ 'work.department': null }, 4);
    expect(await read()).toMatchObject({ complete: true, error: null });
  });

  it('sets a person aside of whom a field is hidden, and reads the others', async () => {
    await start();
    edits.set(2, { 'internal.lifecycleStatus': null });
    const result = await read();
    expect(result).toMatchObject({ complete: true, invalid: [{ of: 'user', id: fake.userId(2) }] });
    expect(result.users.size).toBe(6);
    expect(result.members.size).toBe(14);
  });

  describe('connection test', () => {
    const check = async (): Promise<SourceCheck | SourceError> => {
      const { ports, end } = fakePorts({ time, hosts: fake.hosts?.(server.url) });
      try {
        return await hibob.connect(hibob.readConfig(answers()), ports).check();
      } catch (error) {
        return error as SourceError;
      } finally {
        end();
      }
    };

    it('counts everybody', async () => {
      await start();
      expect(await check()).toMatchObject({ users: 7, groups: 7, warnings: [] });
    });

    it('says why nobody is seen', async () => {
      await start(0);
      expect(await check()).toMatchObject({
        users: 0,
        warnings: [expect.stringContaining('permission group')],
      });
    });

    it('warns of people who cannot be read', async () => {
      await start();
      edits.set(1, { 'internal.status': 'Dormant' });
      expect(await check()).toMatchObject({ warnings: [expect.stringContaining('1 of 7')] });
    });

    it('names the rights that are missing altogether', async () => {
      await start();
      editAll({ 'work.startDate': null });
      expect(await check()).toMatchObject({
        code: 'insufficient_permissions',
        message: expect.stringContaining('work.startDate'),
      });
    });
  });
});
