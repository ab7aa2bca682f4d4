import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { SnapshotRecord, SnapshotUser } from '#model';
import { createTestDatabase, type TestDatabase } from '#testing';
import { FoldedLog } from '../../test-support/fold-log.js';
import { people, person, snapshotWorld, type SnapshotWorld } from '../../test-support/snapshot-world.js';

const NAME = 'ada@example.com';
const GONE = { active: false, stateReason: 'terminated' } as const;

describe('People with the same user name', () => {
  let db: TestDatabase;
  let world: SnapshotWorld;
  beforeAll(async () => void (db = await createTestDatabase()));
  afterAll(() => db.drop());
  beforeEach(async () => void (world = await snapshotWorld(db)));

  const ada = (id: string, fields: Partial<SnapshotUser> = {}): SnapshotRecord =>
    person(id, { userName: NAME, email: NAME, ...fields });
  const everybody = async (): Promise<string[]> => {
    const rows = await db.database.query<{ line: string }>({
      text: `SELECT external_id || ' ' || user_name || ' ' || active AS line FROM directory_users
        WHERE directory_id = $1 AND deleted_at IS NULL ORDER BY external_id`,
      values: [world.ref.directoryId],
    });
    return rows.map(({ line }) => line);
  };
  const eventCount = async (): Promise<number> => (await world.log()).length;

  it('lets somebody in who was hired again under another id, whom the old record is still listed beside', async () => {
    await world.run([ada('1')]);
    await world.run([ada('1', GONE)]);
    const source = [ada('1', GONE), ada('2')];
    const report = await world.run(source);
    expect(report.counts).toMatchObject({ users: { create: 1, refused: 0 } });
    expect(await everybody()).toEqual(['1 1 false', `2 ${NAME} true`]);
    const before = await eventCount();
    await world.run(source);
    expect(await eventCount()).toBe(before);
    expect(new FoldedLog(await world.log()).contradictions).toEqual([]);
  });

  it('shows that two records are of one person, where the source knows it', async () => {
    await world.run([ada('1', { ...GONE, personKey: 'U7' }), ada('2', { personKey: 'U7' }), person('3')]);
    const rows = await db.database.query<{ key: string | null }>({
      text: `SELECT custom_attributes ->> 'person_key' AS key FROM directory_users WHERE directory_id = $1
        ORDER BY external_id`,
      values: [world.ref.directoryId],
    });
    expect(rows.map(({ key }) => key)).toEqual(['U7', 'U7', null]);
  });

  it.each([
    ['first', ['1', '2']],
    ['last', ['2', '1']],
  ])('gives the name to who works here, in one load, listed %s', async (_, [old = '', now = '']) => {
    await world.run([ada(old, GONE), ada(now)]);
    expect(await everybody()).toEqual([`${old} ${old} false`, `${now} ${NAME} true`].sort());
  });

  it('keeps both who work here, the one who was there under the name, and says so', async () => {
    await world.run([ada('2')]);
    const source = [ada('1'), ada('2')];
    const report = await world.run(source);
    expect(await everybody()).toEqual(['1 1 true', `2 ${NAME} true`]);
    expect(report.counts).toMatchObject({ users: { refused: 0 } });
    expect(report.items.filter(({ action }) => action === 'warning')).toMatchObject([
      { kind: 'user', sourceId: '1', detail: expect.stringContaining(NAME) },
    ]);
    const before = await eventCount();
    await world.run(source);
    expect(await eventCount()).toBe(before);
  });

  it('hands the name on when it becomes free', async () => {
    const source = [ada('1'), ada('2')];
    await world.run(source);
    await world.run([ada('1', GONE), ada('2')]);
    await world.run([ada('1', GONE), ada('2')]);
    expect(await everybody()).toEqual(['1 1 false', `2 ${NAME} true`]);
  });

  it('ends somebody’s access although the record has the name of somebody else', async () => {
    await world.run([ada('1'), person('2')]);
    await world.run([ada('1'), ada('2', GONE)]);
    expect(await everybody()).toEqual([`1 ${NAME} true`, '2 2 false']);
  });

  it('gives the name at once to who comes with the removal of the other', async () => {
    await world.run([ada('1')]);
    const removal = { kind: 'removed', of: 'user', id: '1', reason: 'deleted' } as const;
    await world.run([removal, ada('2')], { mode: 'incremental' });
    expect(await everybody()).toEqual([`2 ${NAME} true`]);
  });

  it('takes the name of nobody whose removal waits for approval', async () => {
    const others = people(10);
    await world.run([...others, ada('1')]);
    const leaving = people(10).map((record) =>
      record.kind === 'user' ? { ...record, user: { ...record.user, ...GONE } } : record,
    );
    const report = await world.run([...leaving, ada('1', GONE), ada('2')]);
    expect(report.holdId).not.toBeNull();
    expect((await everybody()).filter((line) => /^[12] /.test(line))).toEqual([`1 ${NAME} true`, '2 2 true']);
  });

  it('counts nobody as renamed in every run who waits for a name', async () => {
    const shared = Array.from({ length: 12 }, (_, i) => ada(`${i + 10}`));
    await world.run(shared);
    const report = await world.run([...shared, person('new')]);
    expect(report.holdId).toBeNull();
    expect(report.counts['reasons']).toEqual([]);
  });

  it('gives a name to one of several who want it', async () => {
    await world.run([ada('1', GONE)]);
    await world.run([ada('1', GONE), ada('2'), ada('3'), ada('4', GONE)]);
    expect(await everybody()).toEqual(['1 1 false', `2 ${NAME} true`, '3 3 true', '4 4 false']);
  });
});
