import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { aSourceUser, createTestDatabase, ScriptedSource, type TestDatabase } from '#testing';
import { DyingDatabase } from '../../test-support/dying-database.js';
import { SyncWorld, until } from '../../test-support/sync-world.js';
import { RunControl } from './interrupted.js';
import { executeRun } from './run-executor.js';
import { LeaseLostError } from './lease-store.js';
import { pause } from './run-plan.js';
import { RunStore } from './run-store.js';

let db: TestDatabase;
let world: SyncWorld;
let source: ScriptedSource;
const EVERYBODY = ['ada', 'bob', 'cleo', 'dan'];

beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.drop());

beforeEach(async () => {
  source = new ScriptedSource({
    streams: {
      users: [[aSourceUser('ada'), aSourceUser('bob')], [aSourceUser('cleo')], [aSourceUser('dan')]],
      groups: [[]],
    },
  });
  world = await new SyncWorld(db.database, [source.connector()]).create();
});
afterEach(async () => {
  await world.close();
  await world.sql('UPDATE sync_schedules SET due_at = $1', ['infinity']);
});

async function statementsOfOneRun(): Promise<number> {
  const id = await world.directory();
  const dying = new DyingDatabase(db.pool);
  await world.runOnce({ database: dying, store: new RunStore(dying) });
  await world.sql('UPDATE sync_schedules SET due_at = $1 WHERE directory_id = $2', ['infinity', id]);
  return dying.statements;
}

/** Kills a run at its n-th statement, then lets other workers finish it. */
async function killAt(
  statement: number,
  isAfter: boolean,
): Promise<{ readonly id: string; readonly starts: number }> {
  const id = await world.directory();
  world.door.applied.set(id, new Set(['zoe']));
  const dying = new DyingDatabase(db.pool);
  dying.dyingAt = statement;
  dying.isAfter = isAfter;
  const [claim] = await world.claim();
  if (!claim) throw new Error('nothing claimed');
  // Killed in its very last statement, a run has ended for everybody to see.
  await executeRun(
    world.parts({ database: dying, store: new RunStore(dying) }),
    claim,
    new RunControl(),
  ).catch((error: Error) => expect(error.message).toBe('killed'));
  expect(dying.statements).toBeGreaterThanOrEqual(statement);
  let starts = 1;
  for (; starts < 5 && !(await world.lastRun(id))['finished_at']; starts += 1) {
    await world.expireLease(id);
    await world.makeDue(id);
    await world.runOnce();
  }
  return { id, starts };
}

describe('kill -9', () => {
  it.each([
    ['before', 'held', false],
    ['after', 'held', true],
    ['before', 'staged', false],
    ['after', 'staged', true],
  ])(
    '%s any statement of a run whose pages are %s loses nothing, repeats nothing that matters and needs no repair',
    async (_, pages, isAfter) => {
      // What cannot be read has its run staged page by page.
      if (pages === 'staged')
        source.script.streams['users'] = [
          [{ kind: 'invalid', of: 'user', id: 'eve', problem: 'no name' }],
          ...(source.script.streams['users'] ?? []),
        ];
      const total = await statementsOfOneRun();
      expect(total).toBeGreaterThan(pages === 'staged' ? 8 : 5);
      for (let statement = 1; statement <= total; statement += 1) {
        const { id } = await killAt(statement, isAfter);
        const applied = [...(world.door.applied.get(id) ?? [])].sort();
        expect({ statement, applied }).toEqual({ statement, applied: EVERYBODY });
        const runs = await world.sql<{ status: string }>(
          'SELECT status FROM sync_runs WHERE directory_id = $1',
          [id],
        );
        expect({ statement, runs }).toEqual({ statement, runs: [{ status: 'succeeded' }] });
        const cursors = await world.sql('SELECT stream_id FROM source_cursors WHERE directory_id = $1', [id]);
        expect(cursors).toHaveLength(2);
        await world.sql('UPDATE sync_schedules SET due_at = $1 WHERE directory_id = $2', ['infinity', id]);
      }
    },
  );

  it('between the end of a run and its tidying up leaves nothing staged after the next run', async () => {
    const id = await world.directory();
    world.door.before = (step) => {
      if (step === 'discard') throw new Error('killed');
    };
    await world.runOnce();
    expect(world.door.staged.size).toBe(1);
    world.door.before = () => undefined;
    await world.makeDue(id);
    await world.runOnce();
    expect(world.door.staged.size).toBe(0);
    expect(await world.schedule(id)).toMatchObject({ staged_run_id: null });
  });

  it('of a run that takes its worker with it every time ends that run at last', async () => {
    const id = await world.directory();
    for (let round = 0; round < 9; round += 1) {
      const dying = new DyingDatabase(db.pool);
      dying.dyingAt = 2;
      await world.runOnce({ database: dying, store: new RunStore(dying) }).catch(() => undefined);
      await world.expireLease(id);
    }
    await world.runOnce().catch(() => undefined);
    expect(await world.lastRun(id)).toMatchObject({ status: 'failed', error_code: 'internal_error' });
  });
});

describe('two workers', () => {
  it('share the directories and never run one at the same time', async () => {
    const ids: string[] = [];
    for (let index = 0; index < 30; index += 1) ids.push(await world.directory());
    const inside = new Map<string, number>();
    let mostAtOnce = 0;
    source.script.fault = async () => {
      await new Promise((resolve) => setTimeout(resolve, 2));
    };
    const apply = world.door.apply.bind(world.door);
    world.door.apply = async (run, facts, fence) => {
      inside.set(run.directoryId, (inside.get(run.directoryId) ?? 0) + 1);
      mostAtOnce = Math.max(mostAtOnce, ...inside.values());
      try {
        return await apply(run, facts, fence);
      } finally {
        inside.set(run.directoryId, (inside.get(run.directoryId) ?? 0) - 1);
      }
    };
    for (const name of ['one', 'two']) world.worker(name, { concurrency: 3 }).start();
    await until(() => world.ended.length >= ids.length);
    expect(source.configs).toHaveLength(ids.length);
    expect(mostAtOnce).toBe(1);
    for (const id of ids) expect([...(world.door.applied.get(id) ?? [])].sort()).toEqual(EVERYBODY);
    const runs = await world.sql('SELECT id FROM sync_runs WHERE environment_id = $1', [world.environmentId]);
    expect(runs).toHaveLength(ids.length);
  });

  it('hand a run over although one that ends still looks for due directories', async () => {
    const id = await world.directory();
    let letGo: () => void = () => undefined;
    const hanging = new Promise<void>((resolve) => (letGo = resolve));
    const claim = world.leases.claim.bind(world.leases);
    const looks = jest.spyOn(world.leases, 'claim').mockImplementation(async (request) => {
      if (looks.mock.calls.length === 1) return claim(request);
      await hanging;
      return [];
    });
    const first = world.worker('one');
    let stopping: Promise<void> | undefined;
    source.script.fault = async ({ page }) => {
      if (page !== 1) return;
      await until(() => looks.mock.calls.length === 2);
      stopping ??= first.stop();
    };
    first.start();
    await until(async () => stopping !== undefined && (await world.schedule(id))['worker'] === null);
    expect(await world.lastRun(id)).toMatchObject({ status: 'fetching', pages: 2 });
    letGo();
    await stopping;
    looks.mockRestore();
  });

  it('hand a run over when one of them ends', async () => {
    const id = await world.directory();
    const first = world.worker('one');
    let stopping: Promise<void> | undefined;
    source.script.fault = ({ page }) => {
      if (page === 1) stopping ??= first.stop();
    };
    first.start();
    await until(() => stopping !== undefined);
    await stopping;
    expect(await world.lastRun(id)).toMatchObject({ status: 'fetching', pages: 2 });
    world.worker('two').start();
    await until(async () => (await world.lastRun(id))['status'] === 'succeeded');
    expect(source.read.filter((line) => line.startsWith('users'))).toEqual([
      'users 0 full',
      'users 1 full',
      'users 2 full',
    ]);
  });

  it('interrupt a run whose lease was taken, and one that was cancelled', async () => {
    const lost = await world.directory();
    const control = new RunControl();
    const [claim] = await world.claim();
    if (!claim) throw new Error('nothing claimed');
    source.script.fault = () => new Promise<void>(() => undefined);
    const running = executeRun(world.parts(), claim, control);
    expect(await world.leases.renew([claim])).toMatchObject([{ directoryId: lost, isCancelled: false }]);
    await until(async () => (await world.lastRun(lost))['status'] === 'fetching');
    await world.sql('UPDATE sync_runs SET cancel_requested_at = now() WHERE directory_id = $1', [lost]);
    expect(await world.leases.renew([claim])).toMatchObject([{ directoryId: lost, isCancelled: true }]);
    await world.expireLease(lost);
    await world.claim(1, 'other');
    expect(await world.leases.renew([claim])).toEqual([]);
    control.interrupt('lost');
    expect(await running).toMatchObject({ outcome: 'lost' });
    await world.sql(`UPDATE sync_schedules SET worker = NULL WHERE directory_id = $1`, [lost]);
  });
});

describe('a claim', () => {
  it('of one directory by many at once is given to one', async () => {
    const id = await world.directory();
    for (let round = 0; round < 30; round += 1) {
      await world.expireLease(id);
      await world.makeDue(id);
      const claims = await Promise.all(Array.from({ length: 8 }, (_, index) => world.claim(1, `w${index}`)));
      expect(claims.flat()).toHaveLength(1);
    }
  });

  it('does not wait for a directory that somebody is just writing', async () => {
    await world.directory();
    await db.database.transaction(async (tx) => {
      await tx.query({
        text: 'SELECT FROM sync_schedules WHERE environment_id = $1 FOR KEY SHARE',
        values: [world.environmentId],
      });
      expect(await world.claim()).toEqual([]);
    });
    expect(await world.claim()).toHaveLength(1);
  });

  it('that is no longer the newest writes nothing with any statement', async () => {
    const id = await world.directory();
    const store = new RunStore(db.database);
    const [stale] = await world.claim();
    if (!stale) throw new Error('nothing claimed');
    const opened = await store.open(stale, 'full');
    if (!opened) throw new Error('nothing opened');
    const { run } = opened;
    await world.expireLease(id);
    await world.claim(1, 'other');
    const before = [await world.lastRun(id), await world.schedule(id)];
    const item = { kind: 'invalid', detail: {} };
    for (const claim of [stale, { ...stale, activeRunId: run.id }])
      expect(await store.open(claim, 'full')).toBeUndefined();
    await expect(store.refreshed(stale)).rejects.toThrow(LeaseLostError);
    await expect(store.save(stale, { ...run, pages: 9 }, [item])).rejects.toThrow(LeaseLostError);
    const cursors = [{ streamId: 'users', cursor: 'c', fingerprint: 'f' }];
    await expect(store.close(stale, run, { ...pause(stale, 0), cursors })).rejects.toThrow(LeaseLostError);
    await world.leases.release(stale, 0);
    const [runRow, { due_in: _due, full_in: _full, ...schedule }] = [
      await world.lastRun(id),
      await world.schedule(id),
    ];
    expect(runRow).toEqual(before[0]);
    expect(before[1]).toMatchObject(schedule);
    expect(await world.sql('SELECT FROM source_cursors WHERE directory_id = $1', [id])).toEqual([]);
    expect(await world.sql('SELECT FROM sync_run_items WHERE directory_id = $1', [id])).toEqual([]);
  });
});

describe('the schedule', () => {
  it('takes the oldest first, in turn between environments, up to their cap', async () => {
    const other = await new SyncWorld(db.database, []).create();
    const mine: string[] = [];
    for (let index = 0; index < 6; index += 1) {
      const id = await world.directory();
      mine.push(id);
      await world.sql(
        `UPDATE sync_schedules SET due_at = now() - make_interval(mins => $2) WHERE directory_id = $1`,
        [id, 60 - index],
      );
    }
    const theirs = await other.directory();
    const first = await world.leases.claim({ worker: 'w', limit: 3, perEnvironment: 4 });
    expect(new Set(first.map((claim) => claim.directoryId))).toEqual(new Set([mine[0], mine[1], theirs]));
    const second = await world.leases.claim({ worker: 'w', limit: 10, perEnvironment: 4 });
    expect(new Set(second.map((claim) => claim.directoryId))).toEqual(new Set([mine[2], mine[3]]));
    expect(first.find((claim) => claim.directoryId === mine[0])?.lagSeconds).toBeGreaterThan(3_500);
  });

  it('keeps the last place of a worker for another environment, if there is one', async () => {
    const other = await new SyncWorld(db.database, []).create();
    for (let index = 0; index < 6; index += 1) await world.directory();
    const theirs = await other.directory();
    await other.sql(`UPDATE sync_schedules SET due_at = 'infinity' WHERE directory_id = $1`, [theirs]);
    source.script.fault = () => new Promise<void>(() => undefined);
    const held = (): Promise<unknown[]> =>
      world.sql('SELECT FROM sync_schedules WHERE environment_id = $1 AND worker IS NOT NULL', [
        world.environmentId,
      ]);
    const claims = jest.spyOn(world.leases, 'claim');
    world.worker('one', { concurrency: 3, drainMs: 0 }).start();
    await until(() => claims.mock.calls.length >= 5);
    expect(await held()).toHaveLength(2);
    await other.makeDue(theirs);
    await until(async () => (await other.schedule(theirs))['token'] !== '0');
    expect(await held()).toHaveLength(2);
  });

  it('leaves no place empty where there is one environment only', async () => {
    await db.asOwner('DELETE FROM sync_schedules');
    for (let index = 0; index < 4; index += 1) await world.directory();
    const mine = { worker: 'w', limit: 1, perEnvironment: 9, except: world.environmentId };
    expect(await world.leases.claim(mine)).toHaveLength(1);
    await (await new SyncWorld(db.database, []).create()).directory();
    const [claim] = await world.leases.claim(mine);
    expect(claim?.environmentId).not.toBe(world.environmentId);
    expect(await world.leases.claim(mine)).toEqual([]);
  });

  it('does not start a scheduled run in a maintenance window, but one that was asked for', async () => {
    const id = await world.directory();
    const always = JSON.stringify([
      { days: [1, 2, 3, 4, 5, 6, 7], from: '00:00', to: '23:59', timeZone: 'UTC' },
    ]);
    await world.sql('UPDATE sync_schedules SET windows = $2 WHERE directory_id = $1', [id, always]);
    const worker = world.worker('one');
    worker.start();
    await until(
      async () =>
        Number((await world.schedule(id))['due_in']) > 0 && (await world.schedule(id))['worker'] === null,
    );
    expect(source.read).toEqual([]);
  });

  it('skips what was deleted, and ends its run', async () => {
    const id = await world.directory();
    const [running] = await world.claim();
    if (!running) throw new Error('nothing claimed');
    await world.sql('UPDATE directories SET deleted_at = now() WHERE id = $1', [id]);
    expect(await world.leases.renew([running])).toMatchObject([{ directoryId: id, isCancelled: true }]);
    await world.expireLease(id);
    expect(await world.claim()).toEqual([]);
  });

  it('serves ten thousand small directories on one worker, at many times their pace', async () => {
    const { environmentId, organizationId } = world;
    await world.sql(
      `INSERT INTO directories (environment_id, id, organization_id, name, type, provider, external_key, state, config,
         created_at, updated_at)
       SELECT $1, 'directory_' || n, $2, 'People', 'bamboohr', 'scripted', 'key_' || n, 'linked',
         '{"domain": "example.com"}', now(), now() FROM generate_series(1, 10000) n`,
      [environmentId, organizationId],
    );
    await world.sql(
      `INSERT INTO sync_schedules (environment_id, directory_id, needs_approval, due_at, next_full_at)
       SELECT environment_id, id, false, now() - interval '1 minute', now() + interval '1 day' FROM directories
       WHERE environment_id = $1`,
      [environmentId],
    );
    await db.asOwner('ANALYZE sync_schedules, directories');
    source.script = { streams: { users: [[]] } };
    const startedAt = performance.now();
    world.worker('one', { concurrency: 4 }).start();
    await until(() => world.ended.length >= 300, 60_000);
    await world.close();
    const perSecond = world.ended.length / ((performance.now() - startedAt) / 1_000);
    process.stdout.write(`      ${perSecond.toFixed(0)} empty runs per second on one worker\n`);
    expect(world.ended.every((execution) => execution.outcome === 'succeeded')).toBe(true);
  }, 90_000);
});
