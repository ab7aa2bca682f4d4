import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { CONTROL_ENTITIES, Directories, DirectoryConnections, Environments, Organizations } from '#directory';
import { InvalidInputError, type JsonObject, RetryableError, SecretBox, systemClock } from '#kernel';
import type { PageRequest } from '#model';
import { aSourceUser, createTestDatabase, ScriptedSource, type TestDatabase } from '#testing';
import { SourceError } from '../index.js';
import { SyncWorld } from '../../test-support/sync-world.js';
import { ConnectionCheck } from './connection-check.js';
import { UploadBox } from '../uploads/upload-box.js';
import { Connections } from './connections.js';
import { Credentials } from './credentials.js';
import { RunControl } from './interrupted.js';
import type { Claim } from './lease-store.js';
import { executeRun } from './run-executor.js';
import { Schedules } from './schedules.js';
import { SyncRuns } from './sync-runs.js';

const KEYS = `new:${Buffer.alloc(32, 2).toString('base64')},k1:${Buffer.alloc(32, 1).toString('base64')}`;
const PAGE: PageRequest = { limit: 10, order: 'desc' };
const CONFIG = { domain: 'example.com', api_token: 'sesame' };

let db: TestDatabase;
let world: SyncWorld;
let source: ScriptedSource;
let connections: Connections;
let credentials: Credentials;
let runs: SyncRuns;
let schedules: Schedules;
let environmentId: string;
let organizationId: string;

beforeAll(async () => {
  db = await createTestDatabase({ entities: CONTROL_ENTITIES });
});
afterAll(() => db.drop());

beforeEach(async () => {
  source = new ScriptedSource({ streams: { users: [[aSourceUser('ada')], [aSourceUser('bob')]] } });
  world = new SyncWorld(db.database, [source.connector()]);
  const { database } = db;
  const { registry, secretBox } = world;
  credentials = new Credentials({ database, secretBox });
  const directories = new Directories(db.dataSource, systemClock);
  connections = new Connections({ registry, directories, credentials });
  runs = new SyncRuns({ database, registry });
  schedules = new Schedules(database, registry);
  environmentId = (await new Environments(db.dataSource, systemClock).create('test')).id;
  organizationId = (
    await new Organizations(db.dataSource, systemClock).create(environmentId, { name: 'Acme' })
  ).id;
});
afterEach(() => world.sql('UPDATE sync_schedules SET due_at = $1', ['infinity']));

async function create(config: JsonObject = CONFIG): Promise<string> {
  const input = { organizationId, name: 'People', provider: 'scripted', config };
  return (await connections.create(environmentId, input)).directory.id;
}

async function runDue(): Promise<string> {
  const health = new DirectoryConnections(db.dataSource, systemClock);
  return (await world.runOnce({ health })).outcome;
}

function key(directoryId: string): { environmentId: string; directoryId: string } {
  return { environmentId, directoryId };
}

describe('settings of a polled directory', () => {
  it('are answers to the form, with secrets sealed apart', async () => {
    const id = await create();
    const [row] = await world.sql('SELECT config, type, provider, state FROM directories WHERE id = $1', [
      id,
    ]);
    expect(row).toEqual({
      config: { domain: 'example.com' },
      type: 'bamboohr',
      provider: 'scripted',
      state: 'validating',
    });
    const stored = await world.sql(
      'SELECT field, sealed FROM directory_credentials WHERE directory_id = $1',
      [id],
    );
    expect(stored).toEqual([{ field: 'api_token', sealed: expect.stringMatching(/^k1\./) }]);
    expect(JSON.stringify(stored)).not.toContain('sesame');
  });

  it('are refused with one problem per field, and nothing is created', async () => {
    const refused = await create({ domain: 'EXAMPLE!', colour: 'red' }).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(InvalidInputError);
    expect((refused as InvalidInputError).problems.map((problem) => problem.field)).toEqual([
      'config.colour',
    ]);
    const again = await create({ domain: 'EXAMPLE!' }).catch((error: unknown) => error);
    expect((again as InvalidInputError).problems.map((problem) => problem.field)).toEqual([
      'config.domain',
      'config.api_token',
    ]);
    expect(await world.sql('SELECT id FROM directories WHERE environment_id = $1', [environmentId])).toEqual(
      [],
    );
  });

  it('of our own that are of another kind are refused, not taken for the default', async () => {
    const problemsOf = (error: unknown): unknown => (error as InvalidInputError).problems;
    const problems = [
      { field: 'config.auto_apply', message: expect.stringContaining('must be true or false') },
      { field: 'config.guard', message: expect.stringContaining('must be a JSON object') },
    ];
    const wrong = { auto_apply: 'yes', guard: 5 };
    expect(problemsOf(await create({ ...CONFIG, ...wrong }).catch((error: unknown) => error))).toEqual(
      problems,
    );
    const id = await create({ ...CONFIG, auto_apply: null });
    const change = connections.changeSettings(environmentId, id, { config: wrong });
    expect(problemsOf(await change.catch((error: unknown) => error))).toEqual(problems);
    // What an older version has let through stands in nobody's way.
    await world.sql(`UPDATE directories SET config = config || '{"auto_apply": "yes"}' WHERE id = $1`, [id]);
    await connections.changeCredentials(environmentId, id, { api_token: 'better' });
  });

  it('that are no credentials are refused where they were sent, with where they belong', async () => {
    const id = await create();
    const refused = async (answers: JsonObject): Promise<unknown> => {
      const change = connections.changeCredentials(environmentId, id, answers);
      return ((await change.catch((error: unknown) => error)) as InvalidInputError).problems;
    };
    expect(await refused({ domain: 'x.org', token: 'x' })).toEqual([
      { field: 'credentials.domain', message: expect.stringContaining('PATCH') },
      { field: 'credentials.token', message: expect.stringContaining('It has: api_token.') },
    ]);
    expect(await refused({ api_token: 5 })).toEqual([
      { field: 'credentials.api_token', message: expect.any(String) },
    ]);
  });

  it('rotate while everything runs: named credentials are replaced, used, and never shown', async () => {
    const id = await create();
    const stored = await connections.changeCredentials(environmentId, id, { api_token: 'better' });
    expect(stored).toEqual([{ field: 'api_token', updatedAt: expect.any(String) }]);
    await runDue();
    expect(source.configs.at(-1)).toEqual({ domain: 'example.com', api_token: 'better' });
    await expect(connections.changeCredentials(environmentId, id, { domain: 'x.org' })).rejects.toThrow(
      InvalidInputError,
    );
  });

  it('that change what the source answers ask for approval again and end the run under way', async () => {
    const id = await create({ ...CONFIG, auto_apply: true });
    expect(await runDue()).toBe('succeeded');
    await connections.changeSettings(environmentId, id, { config: { domain: 'example.org' } });
    expect(await schedules.get(key(id))).toMatchObject({ needsApproval: true });
    expect(await runDue()).toBe('awaiting_approval');
    await connections.changeSettings(environmentId, id, { config: { domain: 'example.net' } });
    expect(await runDue()).toBe('cancelled');
    // What is not named stays: secrets, and settings that the source knows nothing of.
    const [row] = await world.sql('SELECT config FROM directories WHERE id = $1', [id]);
    expect(row?.['config']).toMatchObject({ domain: 'example.net', auto_apply: true });
    expect((await credentials.open(key(id)))['api_token']).toBe('sesame');
  });
});

describe('settings that are changed under a run', () => {
  it('that waits for approval are previewed at once, not a day later', async () => {
    const id = await create();
    const asked = await runs.request(key(id), 'full');
    await runDue();
    await connections.changeSettings(environmentId, id, { config: { domain: 'example.org' } });
    await expect(runs.approve(key(id), asked.id)).rejects.toThrow('settings were changed');
    expect(await runDue()).toBe('cancelled');
    const { nextFullAt } = await schedules.get(key(id));
    expect(Date.parse(String(nextFullAt))).toBeLessThan(Date.now() + 60_000);
    expect(await runDue()).toBe('awaiting_approval');
    expect(source.configs.at(-1)).toMatchObject({ domain: 'example.org' });
  });

  it('that is queued are previewed right after it', async () => {
    const id = await create();
    await runs.request(key(id), 'full');
    await connections.changeSettings(environmentId, id, { config: { domain: 'example.org' } });
    expect([await runDue(), await runDue()]).toEqual(['cancelled', 'awaiting_approval']);
  });

  it('that is being applied are previewed: what was approved were the old ones', async () => {
    const id = await create();
    const asked = await runs.request(key(id), 'full');
    await runDue();
    await runs.approve(key(id), asked.id);
    world.door.before = async (step) => {
      if (step === 'apply')
        await connections.changeSettings(environmentId, id, { config: { domain: 'example.org' } });
    };
    expect(await runDue()).toBe('succeeded');
    expect(await schedules.get(key(id))).toMatchObject({ needsApproval: true });
    expect(await runDue()).toBe('awaiting_approval');
    expect(source.configs.at(-1)).toMatchObject({ domain: 'example.org' });
  });

  it('after a worker has claimed the directory and before it has a run are previewed', async () => {
    const id = await create({ ...CONFIG, auto_apply: true });
    await runDue();
    await world.makeDue(id);
    const [claim] = (await world.claim()) as [Claim];
    await connections.changeSettings(environmentId, id, { config: { domain: 'example.org' } });
    expect((await executeRun(world.parts(), claim, new RunControl())).outcome).toBe('awaiting_approval');
    expect(await world.lastRun(id)).toMatchObject({ mode: 'full', needs_approval: true });
  });
});

describe('auto_apply', () => {
  it('that comes later lets the next run through, and a change of settings too', async () => {
    const id = await create();
    await connections.changeSettings(environmentId, id, {
      config: { domain: 'example.com', auto_apply: true },
    });
    expect(await runDue()).toBe('succeeded');
    const changed = await connections.changeSettings(environmentId, id, { config: { auto_apply: null } });
    expect(changed.config).toEqual({ domain: 'example.com' });
    await connections.changeSettings(environmentId, id, {
      config: { domain: 'example.org', auto_apply: true },
    });
    expect(await runDue()).toBe('succeeded');
  });
});

describe('the first key', () => {
  it('seals again what an older one has sealed, and says which keys are missing', async () => {
    const id = await create();
    const rotated = new Credentials({ database: db.database, secretBox: new SecretBox(KEYS) });
    expect(await rotated.reseal(100)).toBeGreaterThan(0);
    expect(await rotated.reseal(100)).toBe(0);
    const [row] = await world.sql('SELECT sealed FROM directory_credentials WHERE directory_id = $1', [id]);
    expect(String(row?.['sealed'])).toMatch(/^new\./);
    expect(await rotated.open(key(id))).toEqual({ api_token: 'sesame' });
    expect(await credentials.missingKeys()).toEqual(['new']);
    await db.asOwner('DELETE FROM directory_credentials');
  });
});

describe('a run that somebody asks for', () => {
  it('goes ahead of what is scheduled, is watched, approved and applied', async () => {
    const id = await create();
    const queued = await runs.request(key(id), 'incremental');
    expect(queued).toMatchObject({ status: 'queued', mode: 'full', trigger: 'manual', needsApproval: true });
    await expect(runs.request(key(id), 'full')).rejects.toMatchObject({ code: 'sync_run_in_progress' });
    expect(await runDue()).toBe('awaiting_approval');
    const items = await runs.items(key(id), queued.id, { page: { limit: 1, order: 'asc' } });
    expect(items.data).toMatchObject([{ kind: 'change', detail: { action: 'create', id: 'ada' } }]);
    const next = await runs.items(key(id), queued.id, {
      page: { limit: 1, order: 'asc', after: String(items.after) },
    });
    expect(next.data).toMatchObject([{ detail: { id: 'bob' } }]);
    const unread = await runs.items(key(id), queued.id, { page: PAGE, kind: 'invalid' });
    expect(unread.data).toEqual([]);

    expect(await runs.approve(key(id), queued.id)).toMatchObject({ status: 'planning' });
    await expect(runs.approve(key(id), queued.id)).rejects.toMatchObject({ reason: 'state' });
    expect(await runDue()).toBe('succeeded');
    expect([...(world.door.applied.get(id) ?? [])].sort()).toEqual(['ada', 'bob']);
    await expect(runs.cancel(key(id), queued.id)).rejects.toMatchObject({ reason: 'state' });
    expect((await runs.list(key(id), { page: PAGE })).data.map((run) => run.id)).toEqual([queued.id]);
    expect((await runs.list(key(id), { page: PAGE, status: 'failed' })).data).toEqual([]);
    expect((await runs.list(key(id), { page: PAGE, status: 'succeeded' })).data).toHaveLength(1);
  });

  it('as a preview changes nothing, and the schedule stays as it was', async () => {
    const id = await create({ ...CONFIG, auto_apply: true });
    await runDue();
    const before = await world.schedule(id);
    source.script.streams = { users: [[aSourceUser('zoe')]] };
    const preview = await runs.request(key(id), 'preview');
    expect(await runDue()).toBe('previewed');
    expect(await runs.get(key(id), preview.id)).toMatchObject({
      status: 'previewed',
      counts: { users: { create: 1, remove: 2 } },
    });
    expect([...(world.door.applied.get(id) ?? [])]).not.toContain('zoe');
    expect((await world.schedule(id))['next_full_at']).toBe(before['next_full_at']);
  });

  it('takes the place of a preview that waits, and can be cancelled before a worker has it', async () => {
    const id = await create();
    await runDue();
    const [waiting] = (await runs.list(key(id), { page: PAGE })).data;
    const run = await runs.request(key(id), 'full');
    expect(await runs.get(key(id), String(waiting?.id))).toMatchObject({
      status: 'cancelled',
      error: { code: 'superseded' },
    });
    await expect(runs.approve(key(id), String(waiting?.id))).rejects.toThrow(
      /cancelled\. Another run was started .* List the runs/,
    );
    await runs.cancel(key(id), run.id);
    expect(await runDue()).toBe('cancelled');
    expect(world.door.staged.size).toBe(0);
    expect(await world.claim()).toEqual([]);
  });

  it('is refused while the directory is paused, and not scheduled then', async () => {
    const id = await create();
    expect(await schedules.change(key(id), { paused: true })).toMatchObject({
      paused: true,
      nextFullAt: null,
    });
    await expect(runs.request(key(id), 'full')).rejects.toThrow('paused');
    expect(await world.claim()).toEqual([]);
    await schedules.change(key(id), { paused: false, fullSeconds: 7_200, incrementalSeconds: 600 });
    expect(await schedules.get(key(id))).toMatchObject({ fullSeconds: 7_200, incrementalSeconds: 600 });
    expect(await runDue()).toBe('awaiting_approval');
  });

  it('of a directory that pauses meanwhile is the last one', async () => {
    const id = await create({ ...CONFIG, auto_apply: true });
    source.script.fault = async () => void (await schedules.change(key(id), { paused: true }));
    expect(await runDue()).toBe('succeeded');
    expect((await world.schedule(id))['due_at']).toBe('infinity');
  });
});

describe('a schedule', () => {
  it('names the time at which a run may begin, not the one that has passed meanwhile', async () => {
    const id = await create({ ...CONFIG, auto_apply: true });
    source.script.fault = () => {
      throw new SourceError('tls_failed', 'The certificate has expired.');
    };
    expect(await runDue()).toBe('failed');
    const { due_in } = (await world.schedule(id)) as { due_in: number };
    expect(due_in).toBeGreaterThan(30);
    const { nextFullAt, nextIncrementalAt } = await schedules.get(key(id));
    expect(Date.parse(String(nextFullAt))).toBeGreaterThan(Date.now() + (due_in - 30) * 1_000);
    expect(nextIncrementalAt).toBeNull();
  });

  it('is refused with one problem per field', async () => {
    const id = await create();
    const windows = [{ days: [8], from: '25:00', to: '06:00', timeZone: 'Mars/Base' }];
    const refused = await schedules
      .change(key(id), { fullSeconds: 1, windows })
      .catch((error: unknown) => error);
    expect((refused as InvalidInputError).problems.map((problem) => problem.field)).toEqual([
      'full_interval',
      'maintenance_windows[0].days',
      'maintenance_windows[0].from',
      'maintenance_windows[0].time_zone',
    ]);
  });
});

describe('a connection test', () => {
  const logged: unknown[] = [];

  function check(timeoutMs?: number): ConnectionCheck {
    const ignore = (): void => undefined;
    return new ConnectionCheck({
      database: db.database,
      secretBox: world.secretBox,
      clock: systemClock,
      guard: { policy: { isAllowed: () => true }, resolver: { resolve: () => Promise.resolve([]) } },
      http: () => {
        throw new Error('a scripted source asks nobody');
      },
      log: { debug: ignore, info: ignore, warn: ignore, error: (facts) => void logged.push(facts) },
      uploads: (directory) => new UploadBox(db.database).filesOf(directory),
      ...(timeoutMs !== undefined && { timeoutMs }),
    });
  }
  const request = (): Parameters<ConnectionCheck['run']>[1] => ({
    environmentId,
    organizationId,
    directoryId: null,
    answers: CONFIG,
  });

  it('shows who would come, and whom the organization has already', async () => {
    const other = await create();
    await db.database.query({
      text: `INSERT INTO directory_users (environment_id, directory_id, id, user_name, user_name_key, email, email_key,
          emails, active, asserted_active, raw, folded, custom_attributes, version, created_at, updated_at)
        VALUES ($1, $2, 'directory_user_1', 'ada', 'ada', 'ada@example.com', 'ada@example.com', '[]', true, true, '{}',
          '{}', '{}', 1, now(), now())`,
      values: [environmentId, other],
    });
    const report = await check().run(source.connector(), request());
    expect(report).toMatchObject({ error: null, warnings: [] });
    expect(report.samples).toMatchObject([
      { user: { sourceId: 'ada' }, known: [{ directoryId: other, id: 'directory_user_1' }] },
    ]);
  });

  it('names what is wrong, in the words of the source', async () => {
    source.script.check = () =>
      Promise.reject(new SourceError('insufficient_permissions', 'The right "users.read" is missing.'));
    expect(await check().run(source.connector(), request())).toMatchObject({
      error: { code: 'insufficient_permissions', message: 'The right "users.read" is missing.' },
      samples: [],
    });
  });

  it.each([
    'invalid_credentials',
    'insufficient_permissions',
    'rate_limited',
    'source_unavailable',
    'source_changed_shape',
    'incomplete_listing',
  ] as const)('speaks of no run where it failed by %s: there is none', async (code) => {
    source.script.check = () => Promise.reject(new SourceError(code, 'No.'));
    const { error } = await check().run(source.connector(), request());
    expect(error?.remedy).toMatch(/./);
    expect(error?.remedy).not.toMatch(/\brun\b|stays as it is|in the directory/);
  });

  it('that fails for a reason of our own says so in the log, and is not taken for an answer of the source', async () => {
    source.script.check = () => Promise.reject(new TypeError('secret internals'));
    const failed = await check().run(source.connector(), request());
    expect(failed.error).toMatchObject({ code: 'internal_error' });
    expect(logged).toMatchObject([{ provider: 'scripted', err: new TypeError('secret internals') }]);
    source.script.check = () => Promise.reject(new RetryableError('The database is away.', {}));
    await expect(check().run(source.connector(), request())).rejects.toThrow('The database is away.');
  });

  it('says that nobody is there, and what most people lack', async () => {
    source.script.streams = { users: [[]] };
    const empty = await check().run(source.connector(), request());
    expect(empty.warnings).toEqual([expect.stringContaining('shows nobody')]);
    source.script.streams = { users: [[aSourceUser('ada', { email: null }), aSourceUser('bob')]] };
    const poor = await check().run(source.connector(), request());
    expect(poor.warnings).toEqual(['1 of 2 people have no e-mail address.']);
  });

  it('does not wait for ever', async () => {
    source.script.check = () => new Promise(() => undefined);
    expect(await check(50).run(source.connector(), request())).toMatchObject({
      error: { code: 'source_unavailable' },
    });
  });
});
