import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { aSourceUser, createTestDatabase, ScriptedSource, type TestDatabase } from '#testing';
import { SourceError } from '../index.js';
import { SyncWorld } from '../../test-support/sync-world.js';
import { RunControl } from './interrupted.js';
import type { Claim } from './lease-store.js';
import { executeRun } from './run-executor.js';
import { SyncRuns } from './sync-runs.js';

let db: TestDatabase;
let world: SyncWorld;
let source: ScriptedSource;

const TWO_PAGES = { users: [[aSourceUser('ada'), aSourceUser('bob')], [aSourceUser('cleo')]] };

beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.drop());

beforeEach(async () => {
  source = new ScriptedSource({ streams: TWO_PAGES });
  world = await new SyncWorld(db.database, [source.connector()]).create();
});
afterEach(async () => {
  await world.close();
  await world.sql('UPDATE sync_schedules SET due_at = $1', ['infinity']);
});

function people(directoryId: string): string[] {
  return [...(world.door.applied.get(directoryId) ?? [])].sort();
}

describe('a run', () => {
  it('reads every page, applies, saves the cursor and sets the next date', async () => {
    const id = await world.directory();
    expect(await world.runOnce()).toMatchObject({ outcome: 'succeeded', pages: 2, provider: 'scripted' });
    expect(people(id)).toEqual(['ada', 'bob', 'cleo']);
    expect(world.door.facts[0]?.complete).toEqual(['users']);
    expect(source.configs).toEqual([{ domain: 'example.com', api_token: 'sesame' }]);
    expect(await world.lastRun(id)).toMatchObject({
      status: 'succeeded',
      mode: 'full',
      pages: 2,
      records: 3,
    });
    expect(await world.schedule(id)).toMatchObject({
      active_run_id: null,
      worker: null,
      failures: 0,
      staged_run_id: null,
    });
    const { due_in, full_in } = (await world.schedule(id)) as { due_in: number; full_in: number };
    expect([Math.round(due_in / 60), Math.round(full_in / 3_600)]).toEqual([15, 24]);
    expect(world.door.staged.size).toBe(0);
  });

  it.each([
    ['hris', true],
    ['idp', false],
  ] as const)('of a source of the kind %s takes vanishing for abnormal: %s', async (kind, listsInactive) => {
    const connector = source.connector();
    const { manifest } = connector;
    const capabilities = { ...manifest.capabilities, listsInactive: true };
    const own = await new SyncWorld(db.database, [
      { ...connector, manifest: { ...manifest, kind, capabilities } },
    ]).create();
    await own.directory();
    await own.runOnce();
    expect(own.door.facts).toMatchObject([
      { complete: ['users'], listsInactive, statedCountsHalf: kind === 'hris' },
    ]);
  });

  it.each([
    ['can', true],
    ['cannot', false],
  ])('lets the directory ask about memberships where its source %s', async (_, isAble) => {
    if (isAble)
      source.script.lookUpMembers = (asked) => Promise.resolve(new Map(asked.map((one) => [one, 'present'])));
    await world.directory();
    await world.runOnce();
    const { lookUpMembers } = world.door.facts.at(-1) ?? {};
    const asked = { groupId: 'a', member: { kind: 'user', id: '1' } } as const;
    expect(await lookUpMembers?.([asked])).toEqual(isAble ? new Map([[asked, 'present']]) : undefined);
  });

  it('that is asked for while a worker has just claimed the directory is the one that is run', async () => {
    const id = await world.directory();
    const runs = new SyncRuns({ database: db.database, registry: world.registry });
    const polled = { environmentId: world.environmentId, directoryId: id };
    for (const needsApproval of [false, true]) {
      await world.sql('UPDATE sync_schedules SET needs_approval = $2 WHERE directory_id = $1', [
        id,
        needsApproval,
      ]);
      await world.makeDue(id, 'full');
      if (needsApproval) await world.runOnce();
      await world.makeDue(id);
      const [claim] = await world.claim();
      // The preview that the worker has seen gives way.
      const asked = await runs.request(polled, 'full');
      await executeRun(world.parts(), claim as Claim, new RunControl());
      expect((await runs.get(polled, asked.id)).status).toBe(
        needsApproval ? 'awaiting_approval' : 'succeeded',
      );
      expect((await world.lastRun(id))['id']).toBe(asked.id);
      expect([...world.door.staged.keys()].every((key) => key.includes(asked.id))).toBe(true);
    }
  });

  it('of a directory that another worker has claimed anew is not begun', async () => {
    const id = await world.directory();
    const [claim] = await world.claim();
    await world.expireLease(id);
    await world.claim();
    await expect(executeRun(world.parts(), claim as Claim, new RunControl())).resolves.toMatchObject({
      outcome: 'lost',
    });
    expect(await world.lastRun(id)).toEqual({});
  });

  it('is incremental from the saved cursor on, until a full one is due', async () => {
    const id = await world.directory();
    await world.runOnce();
    source.script.changes = { users: [[aSourceUser('dan')]] };
    await world.makeDue(id);
    await world.runOnce();
    expect(source.read.at(-1)).toBe('users 0 since "users-cursor"');
    expect(world.door.facts.at(-1)).toMatchObject({ complete: [] });
    expect(people(id)).toEqual(['ada', 'bob', 'cleo', 'dan']);
    await world.makeDue(id, 'full');
    await world.runOnce();
    expect(people(id)).toEqual(['ada', 'bob', 'cleo']);
  });

  it('with other settings does not use a cursor that was made with the old ones', async () => {
    const id = await world.directory();
    await world.runOnce();
    await world.sql(`UPDATE directories SET config = '{"domain": "example.org"}' WHERE id = $1`, [id]);
    await world.makeDue(id);
    await world.runOnce();
    expect(source.read.slice(-2)).toEqual(['users 0 full', 'users 1 full']);
  });

  it('without a change plans and applies nothing', async () => {
    const id = await world.directory();
    await world.runOnce();
    world.door.before = (step) => {
      throw new Error(`nothing to ${step}`);
    };
    await world.makeDue(id);
    expect(await world.runOnce()).toMatchObject({ outcome: 'succeeded' });
  });
});

describe('an incomplete listing', () => {
  const cases: [string, () => void, string][] = [
    [
      'without an end',
      () => (source.script.alter = ({ records, next }) => ({ records, ...(next !== undefined && { next }) })),
      'incomplete_listing',
    ],
    [
      'that leads in a circle',
      () => (source.script.alter = ({ records }) => ({ records, next: 0 })),
      'incomplete_listing',
    ],
    [
      'that shows the same page twice',
      () => {
        source.script.streams = { users: [TWO_PAGES.users[0] ?? [], TWO_PAGES.users[0] ?? []] };
      },
      'incomplete_listing',
    ],
    [
      'that is shorter than the source says',
      () => (source.script.alter = (page) => ({ ...page, total: 100 })),
      'incomplete_listing',
    ],
    [
      'that breaks off',
      () =>
        (source.script.fault = ({ page }) => {
          if (page === 1) throw new SourceError('source_changed_shape', 'Page 2 has no "value".');
        }),
      'source_changed_shape',
    ],
  ];

  it.each(cases)('%s keeps what was read and proves no absence', async (_, arrange, code) => {
    const id = await world.directory();
    world.door.applied.set(id, new Set(['zoe']));
    arrange();
    expect(await world.runOnce()).toMatchObject({ outcome: 'partial' });
    expect(people(id)).toContain('zoe');
    expect(people(id)).toContain('ada');
    expect(world.door.facts.at(-1)?.complete).toEqual([]);
    expect(await world.lastRun(id)).toMatchObject({ status: 'partial', error_code: code });
  });

  it('of one stream leaves the proof of the others', async () => {
    const id = await world.directory();
    source.script.streams = { users: TWO_PAGES.users, groups: [[]] };
    source.script.fault = ({ stream }) => {
      if (stream === 'groups')
        throw new SourceError('insufficient_permissions', 'The right "groups.read" is missing.');
    };
    await world.runOnce();
    expect(world.door.facts[0]?.complete).toEqual(['users']);
    expect(await world.lastRun(id)).toMatchObject({
      status: 'partial',
      error_code: 'insufficient_permissions',
    });
  });

  it('counts and tells what could not be read, and goes on', async () => {
    const id = await world.directory();
    source.script.streams = {
      users: [[aSourceUser('ada'), { kind: 'invalid', of: 'user', id: 'x1', problem: 'No id\u0000.' }]],
    };
    expect(await world.runOnce()).toMatchObject({ outcome: 'succeeded' });
    expect(await world.lastRun(id)).toMatchObject({ invalid: 1, records: 2 });
    const items = await world.sql(
      `SELECT detail FROM sync_run_items WHERE directory_id = $1 AND kind = 'invalid'`,
      [id],
    );
    expect(items).toEqual([{ detail: { of: 'user', id: 'x1', problem: 'No id.' } }]);
  });
});

describe('a source that fails', () => {
  it('by refusing the credentials fails the run, marks the directory and backs off', async () => {
    const id = await world.directory();
    source.script.fault = ({ page }) => {
      if (page === 1) throw new SourceError('invalid_credentials', 'The token was revoked.');
    };
    expect(await world.runOnce()).toMatchObject({ outcome: 'failed' });
    expect(people(id)).toEqual([]);
    expect(world.health).toEqual([`failed ${id} invalid_credentials`]);
    expect(await world.lastRun(id)).toMatchObject({
      status: 'failed',
      error_message: 'The token was revoked.',
    });
    const { due_in, failures } = (await world.schedule(id)) as { due_in: number; failures: number };
    expect([Math.round(due_in), failures]).toEqual([60, 1]);
  });

  it('tells once that it recovered', async () => {
    const id = await world.directory({ state: 'invalid_credentials' });
    await world.runOnce();
    expect(world.health).toEqual([`succeeded ${id}`]);
  });

  it('for a while makes the run wait and go on from its checkpoint', async () => {
    const id = await world.directory();
    source.script.fault = ({ page }) => {
      if (page === 1) throw new SourceError('rate_limited', 'Too many requests.');
    };
    expect(await world.runOnce()).toMatchObject({ outcome: 'paused', pages: 1 });
    expect(await world.lastRun(id)).toMatchObject({ status: 'fetching', error_code: 'rate_limited' });
    delete source.script.fault;
    await world.makeDue(id);
    expect(await world.runOnce()).toMatchObject({ outcome: 'succeeded', pages: 1 });
    expect(source.read).toEqual(['users 0 full', 'users 1 full']);
    expect(people(id)).toEqual(['ada', 'bob', 'cleo']);
  });

  it('for too long leaves a partial run', async () => {
    const id = await world.directory();
    source.script.fault = ({ page }) => {
      if (page === 1) throw new SourceError('source_unavailable', 'The source is down.');
    };
    const outcomes: string[] = [];
    for (let round = 0; round < 12 && outcomes.at(-1) !== 'partial'; round += 1) {
      outcomes.push((await world.runOnce()).outcome);
      await world.makeDue(id);
    }
    expect(outcomes).toEqual(['paused', 'paused', 'paused', 'paused', 'paused', 'partial']);
    expect(people(id)).toEqual(['ada', 'bob']);
  });

  it('because its cursor expired reads that stream whole', async () => {
    const id = await world.directory();
    source.script.streams = { users: TWO_PAGES.users, groups: [[]] };
    await world.runOnce();
    await world.makeDue(id);
    source.read.length = 0;
    let isExpired = true;
    source.script.fault = ({ stream }) => {
      if (stream !== 'users' || !isExpired) return;
      isExpired = false;
      throw new SourceError('cursor_expired', 'The delta token is too old.');
    };
    expect(await world.runOnce()).toMatchObject({ outcome: 'succeeded' });
    expect(source.read).toEqual(['users 0 full', 'users 1 full', 'groups 0 since "groups-cursor"']);
    expect(world.door.facts.at(-1)?.complete).toEqual(['users']);
  });

  it('in an unforeseen way fails the run and logs it, without the text of the failure', async () => {
    const id = await world.directory();
    source.script.fault = () => {
      throw new TypeError('secret internals');
    };
    expect(await world.runOnce()).toMatchObject({ outcome: 'failed' });
    expect(await world.lastRun(id)).toMatchObject({ error_code: 'internal_error' });
    expect(String((await world.lastRun(id))['error_message'])).not.toContain('secret');
    expect(world.errors).toHaveLength(1);
  });

  it('is in the log with environment, directory, provider and run', async () => {
    const id = await world.directory();
    const lines: { level: string; facts: object }[] = [];
    const into = (level: string) => (facts: object) => void lines.push({ level, facts });
    source.script.fault = ({ page }) => {
      if (page === 1)
        throw new SourceError('insufficient_permissions', 'No right.', { facts: { status: 403 } });
    };
    const log = { debug: into('debug'), info: into('info'), warn: into('warn'), error: into('error') };
    await world.runOnce({ log });
    const { id: runId } = await world.lastRun(id);
    const about = { environmentId: world.environmentId, directoryId: id, provider: 'scripted', runId };
    expect(lines).toEqual([
      { level: 'info', facts: { ...about, stream: 'users', code: 'insufficient_permissions', status: 403 } },
    ]);
  });

  it('is in the log of its source under the same names', async () => {
    const id = await world.directory();
    const lines: object[] = [];
    const ignore = (): void => undefined;
    const log = {
      debug: ignore,
      info: (facts: object) => void lines.push(facts),
      warn: ignore,
      error: ignore,
    };
    const { ports } = world.parts();
    source.script.fault = () => told?.info({ attempt: 1 }, 'is tried again');
    let told: ReturnType<typeof ports>['log'] | undefined;
    const keep: typeof ports = (run) => {
      const made = ports(run);
      told = made.log;
      return made;
    };
    await world.runOnce({ log, ports: keep });
    const { id: runId } = await world.lastRun(id);
    const about = { environmentId: world.environmentId, directoryId: id, provider: 'scripted', runId };
    expect(lines[0]).toEqual({ ...about, attempt: 1 });
  });

  it('never is left to its time, and no hanging source holds a worker', async () => {
    const id = await world.directory();
    source.script.fault = ({ page }) => (page === 1 ? new Promise<void>(() => undefined) : undefined);
    expect(await world.runOnce({ deadlineSeconds: 0.3 })).toMatchObject({ outcome: 'partial' });
    expect(await world.lastRun(id)).toMatchObject({ error_code: 'run_deadline' });
  });
});

describe('the first run', () => {
  it('waits for approval and is applied after it', async () => {
    const id = await world.directory({ needsApproval: true, state: 'validating' });
    expect(await world.runOnce()).toMatchObject({ outcome: 'awaiting_approval' });
    expect(people(id)).toEqual([]);
    expect(await world.lastRun(id)).toMatchObject({
      status: 'awaiting_approval',
      counts: { users: { create: 3 } },
    });
    expect(await world.sql(`SELECT id FROM sync_run_items WHERE directory_id = $1`, [id])).toHaveLength(3);
    expect(await world.claim()).toEqual([]);

    await world.sql(
      `UPDATE sync_runs SET status = 'planning', needs_approval = false WHERE directory_id = $1`,
      [id],
    );
    await world.makeDue(id);
    expect(await world.runOnce()).toMatchObject({ outcome: 'succeeded' });
    expect(people(id)).toEqual(['ada', 'bob', 'cleo']);
    expect(world.health).toEqual([`succeeded ${id}`]);
    expect(await world.schedule(id)).toMatchObject({ needs_approval: false });
  });

  it('that nobody looked at for a day is read anew', async () => {
    const id = await world.directory({ needsApproval: true });
    await world.runOnce();
    await world.makeDue(id);
    expect(await world.runOnce()).toMatchObject({ outcome: 'cancelled' });
    expect(await world.lastRun(id)).toMatchObject({ error_code: 'approval_expired' });
    expect(await world.runOnce()).toMatchObject({ outcome: 'awaiting_approval' });
    expect(world.door.discarded).toHaveLength(1);
  });
});

describe('a cancelled run', () => {
  it('applies nothing', async () => {
    const id = await world.directory();
    source.script.fault = async ({ page }) => {
      if (page === 1)
        await world.sql('UPDATE sync_runs SET cancel_requested_at = now() WHERE directory_id = $1', [id]);
    };
    expect(await world.runOnce()).toMatchObject({ outcome: 'cancelled' });
    expect(people(id)).toEqual([]);
    expect(world.door.staged.size).toBe(0);
  });
});

describe('a process that ends', () => {
  it('finishes its page, gives the lease back, and another worker goes on', async () => {
    const id = await world.directory();
    const control = new RunControl();
    source.script.fault = ({ page }) => void (page === 0 && control.drain());
    expect(await world.runOnce({}, control)).toMatchObject({ outcome: 'paused', pages: 1 });
    expect(await world.runOnce()).toMatchObject({ outcome: 'succeeded', pages: 1 });
    expect(source.read).toEqual(['users 0 full', 'users 1 full']);
    expect(people(id)).toEqual(['ada', 'bob', 'cleo']);
  });
});

describe('a worker that lost its lease', () => {
  it('writes nothing any more, wherever it stands', async () => {
    for (const step of ['stage', 'apply'] as const) {
      const id = await world.directory();
      const [late] = await world.claim();
      let isTaken = false;
      world.door.before = async (at) => {
        if (at !== step || isTaken) return;
        isTaken = true;
        await world.expireLease(id);
        const [other] = await world.claim(1, 'other');
        expect(other?.directoryId).toBe(id);
      };
      if (!late) throw new Error('nothing claimed');
      expect(await executeRun(world.parts(), late, new RunControl())).toMatchObject({ outcome: 'lost' });
      expect(people(id)).toEqual([]);
      expect((await world.lastRun(id))['finished_at']).toBeNull();
      await world.sql('UPDATE sync_schedules SET due_at = $1 WHERE directory_id = $2', ['infinity', id]);
    }
  });
});
