import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SourceError, type Connector, type SourceCheck } from '#connectors';
import { InvalidInputError, type JsonObject } from '#kernel';
import type { StateReason } from '#model';
import { conformsIncrementally } from './connector-conformance-incremental.js';
import { fakePorts } from './fake-source/fake-ports.js';
import type { FakeServer } from './fake-source/fake-server.js';
import { FakeTenant, itemsOf, type FakePerson } from './fake-source/fake-tenant.js';
import type { FaultKind } from './fake-source/fault.js';
import { fakeTime, type FakeTime } from './fake-time.js';
import { readSource, type Reading, type ReadResult } from './read-source.js';

/** A vendor's fake as the suite needs it. */
export interface ConformanceFake {
  /** Starts it with pages of at most `pageSize`, however many are asked for. */
  readonly start: (tenant: FakeTenant, options: { readonly pageSize: number }) => Promise<FakeServer>;
  /** Answers of the form that work. */
  readonly answers: (url: string) => JsonObject;
  /** The same with a credential that the vendor refuses. */
  readonly wrongAnswers: (url: string) => JsonObject;
  /** Vendor origins that lead to the fake, where the address is no setting. */
  readonly hosts?: (url: string) => Readonly<Record<string, string>>;
  /** Texts that may never show: keys, secrets, tokens. */
  readonly secrets: readonly string[];
  readonly userId: (index: number) => string;
  readonly groupId: (index: number) => string;
  /** Names of the calls that list; `listsPerRun` of several that read the same list is not needed. */
  readonly calls: { readonly users: string; readonly groups: string; readonly members: string };
  /** What a person of each state becomes; `removed` is stated as gone. */
  readonly states: Readonly<
    Record<FakePerson['state'], { readonly active: boolean; readonly stateReason: StateReason | null }>
  >;
  /** How an incremental run learns of a removal; false when only full runs find it. */
  readonly statesRemovals: boolean;
}

/** One conformance test's surroundings. */
export interface World {
  readonly connector: Connector;
  readonly fake: ConformanceFake;
  readonly time: FakeTime;
  readonly tenant: FakeTenant;
  readonly server: FakeServer;
  read(options?: Partial<Reading>): Promise<ReadResult>;
}

/** Pages of this size: three of them are a tenant that is read in no time. */
const PAGE = 3;
const SIZE = { users: 7, groups: 7, membersPerGroup: 4 };

/**
 * The suite that every connector passes, against a faithful fake of its vendor and over real sockets. Faults are
 * addressed by logical call, and each test checks that its fault was met.
 */
export function connectorConformance<Config>(given: Connector<Config>, fake: ConformanceFake): void {
  const connector = given as Connector;
  describe(`connector ${connector.manifest.id}`, () => {
    describe('manifest', () => conformsInForm(connector, fake));
    describe('connection test', () => conformsInCheck(connector, fake));
    describe('full run', () => conformsInFull(connector, fake));
    describe('full run that is disturbed', () => conformsInFaults(connector, fake));
    if (connector.manifest.capabilities.incremental)
      describe('incremental run', () => conformsIncrementally(fake, () => world({ connector, fake })));
  });
}

async function world(
  { connector, fake }: { connector: Connector; fake: ConformanceFake },
  size: Partial<typeof SIZE> = {},
): Promise<World> {
  const time = fakeTime();
  const tenant = new FakeTenant({ ...SIZE, ...size }, time.clock);
  const server = await fake.start(tenant, { pageSize: PAGE });
  return {
    connector,
    fake,
    time,
    tenant,
    server,
    read: (options) =>
      readSource(connector, {
        time,
        answers: fake.answers(server.url),
        hosts: fake.hosts?.(server.url),
        ...options,
      }),
  };
}

function conformsInForm(connector: Connector, fake: ConformanceFake): void {
  const { manifest } = connector;

  it('says who it is, what it needs and what it can do', () => {
    expect(manifest.label.trim()).not.toBe('');
    expect(new URL(manifest.docsUrl).protocol).toBe('https:');
    expect(manifest.scopes.filter((scope) => scope.for.trim() === '')).toEqual([]);
    expect(manifest.intervals.full).toBeGreaterThanOrEqual(60);
    for (const limit of Object.values(manifest.limits)) expect(limit).toBeGreaterThan(0);
  });

  it('has a form that can be rendered: every field labelled and explained, patterns valid, dependants after', () => {
    const seen: string[] = [];
    for (const field of manifest.form) {
      expect(`${field.label}${field.help}`.trim()).not.toBe('');
      if (field.pattern !== undefined) expect(() => new RegExp(field.pattern as string, 'u')).not.toThrow();
      if (field.when !== undefined) expect(seen).toContain(field.when.key);
      seen.push(field.key);
    }
    expect(manifest.form.filter((field) => field.secret)).not.toEqual([]);
  });

  it('names every required field that is not answered', () => {
    const error = thrownBy(() => connector.readConfig({}));
    expect(error).toBeInstanceOf(InvalidInputError);
    const always = manifest.form.filter(
      (field) => field.required && field.when === undefined && field.default === undefined,
    );
    expect((error as InvalidInputError).problems.map(({ field }) => field)).toEqual(
      expect.arrayContaining(always.map(({ key }) => `config.${key}`)),
    );
  });

  it('takes secrets in secret fields only', () => {
    const answers = fake.answers('http://127.0.0.1:1');
    for (const field of manifest.form.filter((candidate) => !candidate.secret))
      for (const secret of fake.secrets) expect(String(answers[field.key])).not.toContain(secret);
  });
}

function conformsInCheck(connector: Connector, fake: ConformanceFake): void {
  let w: World;
  beforeEach(async () => void (w = await world({ connector, fake })));
  afterEach(() => w.server.close());

  const check = async (options: Partial<Reading> = {}): Promise<SourceCheck | SourceError> => {
    const hosts = options.hosts ?? fake.hosts?.(w.server.url);
    const { ports, end } = fakePorts({ time: w.time, hosts });
    try {
      const config = connector.readConfig(options.answers ?? fake.answers(w.server.url));
      return await connector.connect(config, ports).check();
    } catch (error) {
      expect(error).toBeInstanceOf(SourceError);
      return error as SourceError;
    } finally {
      end();
    }
  };

  it('shows samples of what will be read', async () => {
    const result = (await check()) as SourceCheck;
    expect(result.samples).toContainEqual(expect.objectContaining({ kind: 'user' }));
    expect(result.warnings).toEqual([]);
  });

  it('says that the credentials are wrong', async () => {
    const error = await check({ answers: fake.wrongAnswers(w.server.url) });
    expect(error).toMatchObject({ code: 'invalid_credentials' });
    expectNoSecret(fake, error);
  });

  it('says that a permission is missing', async () => {
    const fault = w.server.fail({
      call: fake.calls.users,
      times: Infinity,
      fault: { kind: 'status', status: 403 },
    });
    expect(await check()).toMatchObject({ code: 'insufficient_permissions' });
    expect(fault.fired()).toBeGreaterThan(0);
  });

  it('says that there is no such host', async () => {
    const nowhere = 'http://nowhere.test';
    expect(await check({ answers: fake.answers(nowhere), hosts: fake.hosts?.(nowhere) ?? {} })).toMatchObject(
      {
        code: 'wrong_host',
      },
    );
  });
}

function conformsInFull(connector: Connector, fake: ConformanceFake): void {
  let w: World | undefined;
  afterEach(async () => w?.server.close());

  it.each([0, 1, PAGE - 1, PAGE, PAGE + 1, 3 * PAGE])(
    'reads %i people, groups and members, every page once',
    async (count) => {
      w = await world({ connector, fake }, { users: count, groups: count, membersPerGroup: count });
      const result = await w.read();
      expect(result.error).toBeNull();
      expect(result.complete).toBe(true);
      expectWhole(w, result);
      expect(w.server.calls.filter((call) => call.attempt > 1)).toEqual([]);
    },
  );

  it('finds the same records in the same input', async () => {
    w = await world({ connector, fake });
    const [first, second] = [await w.read(), await w.read()];
    expect([...second.users.values()]).toEqual([...first.users.values()]);
    expect([...second.groups.values()]).toEqual([...first.groups.values()]);
    expect(second.members).toEqual(first.members);
  });

  it('goes on from every checkpoint, to the same end', async () => {
    w = await world({ connector, fake }, { groups: 25 });
    const whole = await w.read();
    expect(whole.checkpoints.length).toBeGreaterThanOrEqual(4);
    expect(new Set(whole.checkpoints.map(({ stream, next }) => JSON.stringify([stream, next]))).size).toBe(
      whole.checkpoints.length,
    );
    for (const from of whole.checkpoints) {
      const resumed = await w.read({ from });
      expect(resumed.complete).toBe(true);
      expectWhole(w, resumed);
    }
  });

  it('tells active, suspended, pending and archived people apart', async () => {
    w = await world({ connector, fake });
    const states = Object.keys(fake.states) as FakePerson['state'][];
    states.forEach((state, index) => w?.tenant.change(index, { state }));
    const { users } = await w.read();
    for (const [index, state] of states.entries())
      expect({ state, ...users.get(fake.userId(index)) }).toMatchObject({ state, ...fake.states[state] });
  });

  it('maps names, address and title, and keeps the vendor’s record', async () => {
    w = await world({ connector, fake });
    const person = w.tenant.person(2) as FakePerson;
    const user = (await w.read()).users.get(fake.userId(2));
    expect(user).toMatchObject({
      userName: person.login,
      email: person.email,
      firstName: person.firstName,
      lastName: person.lastName,
      jobTitle: person.title,
    });
    expect(user?.emails.filter((email) => email.primary === true)).toHaveLength(1);
    expect(user?.raw).toMatchObject({ id: fake.userId(2) });
  });

  it('sets a record aside that cannot be read, and reads the others', async () => {
    w = await world({ connector, fake });
    w.tenant.change(1, { broken: true });
    const result = await w.read();
    expect(result.complete).toBe(true);
    expect(result.invalid).toMatchObject([{ of: 'user', id: fake.userId(1) }]);
    expect(result.users.size).toBe(SIZE.users - 1);
  });
}

const CALLS = ['users', 'groups', 'members'] as const;
const REFUSED: FaultKind[] = [
  { kind: 'nothing' },
  { kind: 'no_list' },
  { kind: 'html' },
  { kind: 'cut_body' },
  { kind: 'hang_up' },
  { kind: 'status', status: 400 },
];

function conformsInFaults(connector: Connector, fake: ConformanceFake): void {
  let w: World;
  beforeEach(async () => void (w = await world({ connector, fake })));
  afterEach(() => w.server.close());

  const disturbed = async (
    call: (typeof CALLS)[number],
    fault: FaultKind,
    { page = 2, times = Infinity }: { page?: number; times?: number } = {},
  ): Promise<ReadResult> => {
    const handle = w.server.fail({ call: fake.calls[call], page, times, fault });
    const result = await w.read();
    expect(handle.fired()).toBeGreaterThan(0);
    expectNoSecret(fake, { ...result });
    return result;
  };

  describe.each(CALLS)('%s', (call) => {
    it('does not take a short page for the last one', async () => {
      const result = await disturbed(call, { kind: 'short_page' });
      expect(result.complete).toBe(true);
      expectWhole(w, result);
    });

    it('ends a circle of pages as incomplete', async () => {
      const result = await disturbed(call, { kind: 'repeat_token' });
      expect(result).toMatchObject({ complete: false, error: { code: 'incomplete_listing' } });
    });

    it.each([
      ['7', 7_000],
      ['Mon, 02 Mar 2026 08:05:00 GMT', 300_000],
    ])('waits as long as a 429 says: %s', async (retryAfter, atLeast) => {
      const result = await disturbed(call, { kind: 'status', status: 429, retryAfter }, { times: 1 });
      expectWhole(w, result);
      const waited = w.time.clock.now().getTime() - w.tenant.startedAt;
      expect(waited).toBeGreaterThanOrEqual(atLeast - 1_000);
    });

    it('asks again after failures of the server', async () => {
      const result = await disturbed(call, { kind: 'status', status: 503 }, { times: 3 });
      expect(result.complete).toBe(true);
      expectWhole(w, result);
    });

    it('fails when the server does not recover', async () => {
      const result = await disturbed(call, { kind: 'status', status: 500 });
      expect(result).toMatchObject({ complete: false, error: { code: 'source_unavailable' } });
    });

    it.each<FaultKind['kind']>(['cut_body', 'hang_up'])('asks again after a %s', async (kind) => {
      const result = await disturbed(call, { kind } as FaultKind, { times: 1 });
      expect(result.complete).toBe(true);
      expectWhole(w, result);
    });

    it.each(REFUSED)('takes no listing for complete in which a page is %j', async (fault) => {
      const result = await disturbed(call, fault);
      expect(result.complete).toBe(false);
      expect(result.error).toBeInstanceOf(SourceError);
    });

    it('renews a token that expired in the middle', async () => {
      const result = await disturbed(call, { kind: 'status', status: 401 }, { times: 1 });
      expect(result.complete).toBe(true);
      expectWhole(w, result);
    });

    it.each([
      [401, 'invalid_credentials'],
      [403, 'insufficient_permissions'],
    ])('stops at a lasting %i', async (status, code) => {
      const result = await disturbed(call, { kind: 'status', status });
      expect(result).toMatchObject({ complete: false, error: { code } });
    });
  });

  it.each(['users', 'groups'] as const)(
    'reads %s anew when a page token is not known any more',
    async (call) => {
      const result = await disturbed(call, { kind: 'stale_token' }, { times: 1 });
      expect(result.restarts).toHaveLength(1);
      expect(result.complete).toBe(true);
      expectWhole(w, result);
    },
  );

  it('lists nothing as complete when a permission is missing from the beginning', async () => {
    const result = await disturbed('groups', { kind: 'status', status: 403 }, { page: 1 });
    expect(result).toMatchObject({ complete: false, error: { code: 'insufficient_permissions' } });
    expect(result.groups.size).toBe(0);
  });
}

/** Everything of the tenant, and nothing else. */
function expectWhole({ fake, tenant }: World, result: ReadResult): void {
  const people = [...itemsOf(tenant.users)].map(({ index }) => fake.userId(index));
  const groups = [...itemsOf(tenant.groups)].map(({ index }) => index);
  const members = groups.flatMap((group) =>
    [...itemsOf(tenant.members(group))].map(({ kind, index }) => {
      const id = kind === 'user' ? fake.userId(index) : fake.groupId(index);
      return `${fake.groupId(group)} > ${kind}:${id}`;
    }),
  );
  expect([...result.users.keys()].sort()).toEqual(people.sort());
  expect([...result.groups.keys()].sort()).toEqual(groups.map(fake.groupId).sort());
  expect([...result.members].sort()).toEqual(members.sort());
  expect(result.invalid).toEqual([]);
}

function expectNoSecret(fake: ConformanceFake, shown: unknown): void {
  const text = JSON.stringify(shown, (_key, value: unknown) =>
    value instanceof Error
      ? { ...value, message: value.message, stack: value.stack, cause: value.cause }
      : value,
  );
  for (const secret of fake.secrets) expect(text).not.toContain(secret);
}

function thrownBy(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}
