import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { JsonObject } from '#kernel';
import type { Connector, SourceCheck } from '../../sdk/contract.js';
import { SourceError } from '../../sdk/source-error.js';
import {
  fakePorts,
  fakeTime,
  FakeTenant,
  fakeWorkdaySoap as fake,
  readSource,
  startFakeWorkdaySoap,
  workerId,
  type FakeServer,
  type FakeSoapOptions,
  type FakeWorker,
  type ReadResult,
} from '#testing';
import workday from './index.js';

type Meet = NonNullable<FakeSoapOptions['meet']>;
type Query = Parameters<Meet>[0];

const xml = (text: string, status = 200) => ({
  status,
  headers: { 'content-type': 'text/xml' },
  body: null,
  text,
});

describe('Workday web service', () => {
  let time: ReturnType<typeof fakeTime>;
  let server: FakeServer;
  let tenant: FakeTenant;
  let edit: (worker: FakeWorker, index: number) => FakeWorker | null;
  let queries: Query[];
  let meet: Meet;
  beforeEach(() => {
    time = fakeTime();
    edit = (given) => given;
    queries = [];
    meet = () => undefined;
  });
  afterEach(() => server.close());

  const start = async (users = 7, options: Partial<FakeSoapOptions> = {}): Promise<void> => {
    tenant = new FakeTenant({ users, groups: 0, membersPerGroup: 0 }, time.clock);
    server = await startFakeWorkdaySoap(tenant, {
      pageSize: 3,
      edit: (worker, index) => edit(worker, index),
      meet: (query) => {
        queries.push(query);
        return meet(query);
      },
      ...options,
    });
  };
  const answers = (more: JsonObject = {}): JsonObject => ({
    ...fake.answers(server.url),
    group_types: [],
    ...more,
  });
  const read = (options: Partial<Parameters<typeof readSource>[1]> = {}): Promise<ReadResult> =>
    readSource(workday as Connector, {
      time,
      answers: answers(),
      hosts: fake.hosts?.(server.url),
      ...options,
    });

  it('keys people by Workday ID, and keeps the zeros of their numbers', async () => {
    await start(2);
    const { users } = await read();
    expect(users.get(workerId(1))).toMatchObject({
      userName: 'person1@example.com',
      personKey: 'UID1',
      emails: [{ primary: true, type: 'work', value: 'person1@example.com' }],
      customAttributes: {
        employee_number: '000101',
        employee_type: 'full_time',
        employment_start_date: '2024-02-01',
        manager_id: workerId(0),
      },
    });
  });

  it('goes by names, not by prefixes, and by preferred names first', async () => {
    edit = (worker) => ({ ...worker, preferredFirstName: 'Nick & Co' });
    await start(2, { prefix: 'ns1' });
    expect((await read()).users.get(workerId(0))).toMatchObject({
      firstName: 'Nick & Co',
      lastName: 'Ahn',
      name: 'Nick & Co Ahn',
    });
  });

  it('makes groups of organizations of all positions, the primary one first by name', async () => {
    edit = (worker, index) => {
      if (index !== 0) return worker;
      const otherOrganizations = [
        { type: 'SUPERVISORY', id: 'SUP-9', name: 'Board' },
        { type: 'PAY_GROUP', id: 'PG', name: 'Monthly' },
      ];
      return { ...worker, otherOrganizations };
    };
    await start(2);
    const { groups, members, users } = await read();
    expect([...groups.keys()].sort()).toEqual([
      'company:CO-1',
      'cost_center:CC-0',
      'cost_center:CC-1',
      'department:SUP-0',
      'department:SUP-1',
      'department:SUP-9',
      'location:LOC-0',
      'location:LOC-1',
    ]);
    expect(members).toContain(`department:SUP-9 > user:${workerId(0)}`);
    expect(users.get(workerId(0))).toMatchObject({
      jobTitle: 'Engineer 0',
      customAttributes: { department_name: 'Department 0' },
    });
  });

  it('tells contingent workers by their ids, ends them with the contract, and leaves them out on request', async () => {
    edit = (worker, index) =>
      index === 0 ? { ...worker, isContingent: true, contractEnd: '2026-02-01-08:00' } : worker;
    await start(2);
    expect((await read()).users.get(workerId(0))).toMatchObject({
      active: false,
      customAttributes: { employee_type: 'contractor', employment_end_date: '2026-02-01' },
    });
    const { users } = await read({ answers: answers({ include_contingent: false }) });
    expect([...users.keys()]).toEqual([workerId(1)]);
  });

  it('reads hires to come as they will be, once as of their days', async () => {
    await start();
    tenant.change(2, { state: 'pending' });
    const { users, covered } = await read();
    expect(users.get(workerId(2))).toMatchObject({
      active: false,
      stateReason: 'pending',
      upcoming: { at: '2026-05-04T00:00:00.000Z', active: true },
    });
    expect(covered).toEqual(['groups', 'memberships', 'users']);
    expect((await read({ answers: answers({ future_hires_days: 0 }) })).users.size).toBe(6);
    expect((await read({ answers: answers({ future_hires_days: 30 }) })).users.size).toBe(6);
  });

  it('tells of people who are here what is so today, not what will be', async () => {
    await start(7, { inForce: new Map([[3, '2026-04-01']]) });
    edit = (worker, index) =>
      index === 3 && (queries.at(-1)?.asOfDay ?? '') >= '2026-04-01' ? { ...worker, title: 'Chair' } : worker;
    expect((await read()).users.get(workerId(3))?.jobTitle).toBe('Engineer 3');
    expect(server.calls.map(({ call }) => call)).toContain('hires');
  });

  it('reads all pages as of one moment and one day, also after a resume on another day', async () => {
    await start();
    const whole = await read();
    const asOf = (): string[] => [...new Set(queries.map((query) => `${query.asOfMoment} ${query.asOfDay}`))];
    expect(asOf()).toEqual([
      '2026-03-02T08:00:00.000Z 2026-03-02',
      // Hires of the next 90 days.
      '2026-03-02T08:00:00.000Z 2026-05-31',
    ]);
    time.advance(86_400_000);
    queries.length = 0;
    await read({ from: whole.checkpoints[0] });
    expect(asOf()[0]).toBe('2026-03-02T08:00:00.000Z 2026-03-02');
  });

  it('takes the day of the directory’s zone', async () => {
    await start();
    await read({ answers: answers({ time_zone: 'Pacific/Auckland' }) });
    time.advance(12 * 3_600_000);
    await read({ answers: answers({ time_zone: 'Pacific/Auckland' }) });
    expect(
      new Set(queries.filter(({ effective }) => effective === null).map(({ asOfDay }) => asOfDay)),
    ).toEqual(new Set(['2026-03-02', '2026-03-03']));
  });

  describe('whose listing is not whole', () => {
    it('is read anew when the number of workers changes in the middle', async () => {
      await start();
      server.fail({ call: 'users', page: 2, fault: { kind: 'wrong_total' } });
      const result = await read();
      expect(result.restarts).toEqual(['users']);
      expect(result).toMatchObject({ complete: true });
      expect(result.users.size).toBe(7);
    });

    it('is incomplete when fewer workers come than are counted', async () => {
      await start();
      const fault = server.fail({ call: 'users', times: Infinity, fault: { kind: 'wrong_total' } });
      const result = await read();
      expect(fault.fired()).toBe(3);
      expect(result.complete).toBe(false);
      expect(result.users.size).toBe(7);
    });

    it('is incomplete when pages shifted, so that somebody came twice', async () => {
      // The fake answers by position: one of them has taken the place of another.
      edit = (worker, index) => (index === 4 ? { ...worker, wid: workerId(1) } : worker);
      await start();
      const result = await read();
      expect(result).toMatchObject({ complete: false, error: null });
    });

    it('is incomplete when another page comes than was asked for', async () => {
      await start();
      meet = (query) =>
        query.page === 2
          ? xml(
              '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>' +
                '<Get_Workers_Response xmlns="urn:com.workday/bsvc"><Response_Results><Total_Results>7</Total_Results>' +
                '<Total_Pages>3</Total_Pages><Page_Results>0</Page_Results><Page>1</Page></Response_Results>' +
                '</Get_Workers_Response></e:Body></e:Envelope>',
            )
          : undefined;
      const result = await read();
      expect(result).toMatchObject({ complete: false, error: { code: 'incomplete_listing' } });
      expect(result.error?.message).toContain('sent page 1');
    });

    it.each([
      ['fewer workers than it says', '3', 'should hold 3 workers'],
      ['nobody before the end', '0', 'holds nobody'],
      ['no counts', 'x', 'how many workers'],
    ])('stops at a page with %s', async (_what, count, words) => {
      await start();
      meet = ({ page }) =>
        page === 2
          ? xml(
              '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>' +
                '<w:Get_Workers_Response xmlns:w="urn:com.workday/bsvc"><w:Response_Results><w:Total_Results>7</w:Total_Results>' +
                `<w:Total_Pages>3</w:Total_Pages><w:Page_Results>${count}</w:Page_Results><w:Page>2</w:Page></w:Response_Results>` +
                '</w:Get_Workers_Response></e:Body></e:Envelope>',
            )
          : undefined;
      const result = await read();
      expect(result.complete).toBe(false);
      expect(result.error?.message).toContain(words);
    });
  });

  it('reads many pages at a time, in order, and goes on from each', async () => {
    await start(60);
    const whole = await read();
    expect(whole).toMatchObject({ complete: true });
    expect(whole.users.size).toBe(60);
    const from = whole.checkpoints.find(({ next }) => (next as JsonObject)['page'] === 6);
    const resumed = await read({ from });
    expect(resumed).toMatchObject({ complete: true, users: whole.users });
  });

  describe('without a domain', () => {
    const hide =
      (part: string) =>
      (worker: FakeWorker): FakeWorker => ({ ...worker, hidden: [part] });

    it.each([
      ['Worker_Status_Data', 'Worker Data: Current Staffing Information'],
      ['Name_Data', 'Person Data: Name'],
    ])('stops when %s is shown of nobody, and names the domain', async (part, domain) => {
      edit = hide(part);
      await start();
      const result = await read();
      expect(result).toMatchObject({ complete: false, error: { code: 'insufficient_permissions' } });
      expect(result.error?.message).toContain(domain);
      expect(result.users.size + result.invalid.length).toBe(0);
    });

    it('sets aside of whom alone something is hidden', async () => {
      edit = (worker, index) => (index === 2 ? hide('Worker_Status_Data')(worker) : worker);
      await start();
      const result = await read();
      expect(result).toMatchObject({ complete: true, invalid: [{ of: 'user', id: workerId(2) }] });
      expect(result.members).toContain(`company:CO-1 > user:${workerId(2)}`);
    });

    it.each<[string, (worker: FakeWorker) => FakeWorker, string]>([
      ['logins', (worker) => ({ ...worker, userId: null }), 'Workday Accounts'],
      ['addresses', (worker) => ({ ...worker, email: null }), 'Person Data: Work Email'],
      [
        'organizations',
        (worker) => ({ ...worker, organizations: [] }),
        'Worker Data: Organization Information',
      ],
    ])('does not take %s for cleared that everybody had', async (_what, change, domain) => {
      await start(7, { pageSize: 200 });
      const { cursors } = await read();
      edit = change;
      const result = await read({ previous: cursors });
      expect(result).toMatchObject({ complete: false, error: { code: 'insufficient_permissions' } });
      expect(result.error?.message).toContain(domain);
      expect(result.users.size).toBe(0);
    });
  });

  it('takes nobody for gone whom the security group hides', async () => {
    await start();
    edit = (worker, index) => (index < 3 ? null : worker);
    const result = await read();
    expect(result).toMatchObject({ complete: true, removed: [] });
    expect(workday.manifest.capabilities.lookUp).toBe(false);
  });

  describe('incrementally', () => {
    let cursors: ReadResult['cursors'];
    const changes = (options: Partial<Parameters<typeof readSource>[1]> = {}): Promise<ReadResult> =>
      read({ mode: 'incremental', cursors, ...options });
    const begin = async (options: Partial<FakeSoapOptions> = {}): Promise<void> => {
      await start(7, options);
      ({ cursors } = await read());
      time.advance(3_600_000);
      queries.length = 0;
    };

    it('asks for what was entered since, with an overlap, and never beyond now', async () => {
      await begin();
      await changes();
      expect(queries.map(({ updated }) => updated)).toEqual([
        { from: '2026-03-02T07:50:00.000Z', through: '2026-03-02T09:00:00.000Z' },
        { from: '2026-03-02T07:50:00.000Z', through: '2026-03-02T09:00:00.000Z' },
      ]);
    });

    it('finds who was hired for later', async () => {
      await begin();
      const index = tenant.addUser();
      tenant.change(index, { state: 'pending' });
      const { users } = await changes();
      expect([...users.values()]).toMatchObject([
        { sourceId: workerId(index), stateReason: 'pending', upcoming: { active: true } },
      ]);
    });

    it('finds what comes into force on a new day, though it was entered long ago', async () => {
      await begin({ inForce: new Map([[3, '2026-03-03']]) });
      expect((await changes()).users.size).toBe(0);
      time.advance(24 * 3_600_000);
      const result = await changes();
      expect([...result.users.keys()]).toEqual([workerId(3)]);
      expect([...result.cursors.keys()]).toEqual(['users']);
    });

    it('tells everybody once, who was changed in two ways', async () => {
      await begin({ inForce: new Map([[3, '2026-03-03']]) });
      time.advance(24 * 3_600_000);
      tenant.change(3, { title: 'Chair' });
      const { ports, end } = fakePorts({ time, hosts: fake.hosts?.(server.url) });
      const source = workday.connect(workday.readConfig(answers()), ports);
      const told: string[] = [];
      for (const stream of source.streams({ mode: 'incremental', cursors }))
        for await (const { records } of stream.pages(null))
          told.push(...records.flatMap((record) => (record.kind === 'user' ? [record.user.sourceId] : [])));
      end();
      expect(server.calls.map(({ call }) => call)).toContain('in_force');
      // A second page of the same content would pass for a circle.
      expect(told).toEqual([workerId(3)]);
    });

    it('tells which group somebody has left', async () => {
      let isMoved = false;
      const move = (worker: FakeWorker, index: number): FakeWorker =>
        index === 3 && isMoved
          ? {
              ...worker,
              organizations: [{ type: 'SUPERVISORY', id: 'SUP-9', name: 'Board' }],
            }
          : worker;
      edit = move;
      await begin({ before: (worker) => worker });
      isMoved = true;
      tenant.change(3, { title: 'Chair' });
      const result = await changes();
      expect(result.members).toContain(`department:SUP-9 > user:${workerId(3)}`);
      // Company and cost center may as well be hidden now.
      expect(result.removedMembers).toEqual([`department:SUP-3 > user:${workerId(3)}`]);
    });

    it('leaves that to the full run when Workday does not know the day before', async () => {
      await begin();
      tenant.change(3, { title: 'Chair' });
      const fault = server.fail({ call: 'single', fault: { kind: 'status', status: 400 } });
      const result = await changes();
      expect(fault.fired()).toBe(1);
      expect(result).toMatchObject({ complete: true, removedMembers: [] });
      expect(result.users.size).toBe(1);
    });

    it('does not go on over a right that was taken away', async () => {
      await begin();
      tenant.change(3, { title: 'Chair' });
      edit = (worker) => ({ ...worker, hidden: ['Worker_Status_Data'] });
      const result = await changes();
      expect(result).toMatchObject({ complete: false, error: { code: 'insufficient_permissions' } });
      expect(result.cursors.size).toBe(0);
    });
  });

  it.each([
    ['a document type', '<!DOCTYPE e><e/>', 'source_changed_shape'],
    ['no envelope', '<e/>', 'source_changed_shape'],
    ['a web page', '<html><body/></html>', 'source_changed_shape'],
    [
      'another operation',
      '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body/></e:Envelope>',
      'source_changed_shape',
    ],
  ])('is not whole with %s', async (_what, text, code) => {
    await start();
    meet = () => xml(text);
    expect(await read()).toMatchObject({ complete: false, error: { code } });
  });

  describe('faults', () => {
    const faulty = async (code: string, message: string, status = 500): Promise<SourceError | null> => {
      await start();
      meet = () =>
        xml(
          '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault>' +
            `<faultcode>SOAP-ENV:${code}</faultcode><faultstring>${message}</faultstring></s:Fault></s:Body></s:Envelope>`,
          status,
        );
      return (await read()).error;
    };

    it.each([
      ['Client.authenticationError', 'invalid username or password', 'invalid_credentials', 'locked'],
      [
        'Client.validationError',
        'Processing error occurred. The task submitted is not authorized.',
        'insufficient_permissions',
        'Worker Data: Current Staffing Information',
      ],
      ['Client.validationError', 'Element Count is\ntoo large', 'config_error', 'Element Count is too large'],
      ['Client', 'Tenant acme does not exist', 'not_found_tenant', 'no such tenant'],
      ['Server.processingFault', 'Try later', 'source_unavailable', 'processing fault'],
    ])('%s: %s', async (code, message, ...[expected, words]) => {
      const error = await faulty(code, message);
      expect(error).toMatchObject({ code: expected });
      expect(error?.message).toContain(words);
      const isPassing = expected === 'source_unavailable';
      expect(queries.length > 1).toBe(isPassing);
    });

    it('count with 200 as well', async () => {
      expect(await faulty('Client.validationError', 'No', 200)).toMatchObject({ code: 'config_error' });
    });
  });

  describe('connection test', () => {
    const check = async (): Promise<SourceCheck | SourceError> => {
      const { ports, end } = fakePorts({ time, hosts: fake.hosts?.(server.url) });
      try {
        return await workday.connect(workday.readConfig(answers()), ports).check();
      } catch (error) {
        return error as SourceError;
      } finally {
        end();
      }
    };

    it('counts everybody, and groups as far as one page tells', async () => {
      await start();
      expect(await check()).toMatchObject({ users: 7, groups: null, warnings: [] });
    });

    it('says why nobody is seen', async () => {
      await start(0);
      expect(await check()).toMatchObject({
        users: 0,
        warnings: [expect.stringContaining('constrained')],
      });
    });

    it('warns of what nobody has, with the domain, and of people who cannot be read', async () => {
      edit = (worker, index) => ({ ...worker, userId: null, active: index === 0 ? 'perhaps' : '1' });
      await start(7, { pageSize: 200 });
      expect(await check()).toMatchObject({
        warnings: [expect.stringContaining('1 of 7'), expect.stringContaining('Workday Accounts')],
      });
    });
  });
});
