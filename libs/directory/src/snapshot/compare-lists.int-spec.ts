import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { SnapshotKind, SnapshotRecord } from '#model';
import { createTestDatabase, type TestDatabase } from '#testing';
import {
  allowed,
  people,
  snapshotWorld,
  team,
  type SnapshotWorld,
} from '../../test-support/snapshot-world.js';
import type { SnapshotRun } from './snapshot.js';

const ALL = { complete: ['users', 'groups', 'memberships'] } as const;

let db: TestDatabase;
let world: SnapshotWorld;

beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.drop());
beforeEach(async () => {
  world = await snapshotWorld(db);
});

async function lines(text: string, ...values: unknown[]): Promise<string[]> {
  const rows = await db.database.query<{ line: string }>({
    text,
    values: [world.ref.directoryId, ...values],
  });
  return rows.map(({ line }) => line);
}

/** What of each page is staged: `group +added -missing`, or the whole list. */
const staged = ({ runId }: SnapshotRun) =>
  lines(
    `SELECT concat_ws(' ', d.group_id, CASE WHEN d.version IS NULL THEN 'whole' END,
        (SELECT string_agg('+' || i.id, ' ' ORDER BY l.member_kind DESC, i.id) FROM snapshot_member_lists l
          CROSS JOIN LATERAL unnest(l.member_ids) AS i (id)
          WHERE l.run_id = $2 AND l.group_id = d.group_id AND l.sequence = d.sequence),
        (SELECT string_agg('-' || i.id, ' ' ORDER BY i.id) FROM unnest(d.missing_users || d.missing_groups) AS i (id))) AS line
      FROM snapshot_member_digests d WHERE d.directory_id = $1 AND d.run_id = $2 ORDER BY d.sequence, d.group_id`,
    runId,
  );

const believed = () =>
  lines(
    `SELECT concat_ws(' ', group_id, member_kind, member_id) AS line FROM source_members WHERE directory_id = $1
      ORDER BY 1`,
  );
const marked = () =>
  lines(
    `SELECT concat_ws(' ', group_id, member_kind, member_id, missing_runs) AS line FROM source_missing_members
      WHERE directory_id = $1 ORDER BY 1`,
  );
const version = async () =>
  Number((await lines('SELECT version AS line FROM source_member_versions WHERE directory_id = $1'))[0]);

async function stage(...pages: (readonly SnapshotRecord[])[]): Promise<SnapshotRun> {
  const run = world.newRun();
  for (const page of pages) await world.snapshots.stage(run, page, allowed);
  return run;
}

const list = (id: string, ...members: string[]): SnapshotRecord[] => team(id, ...members).slice(1);
const gone = (groupId: string, id: string): SnapshotRecord => ({
  kind: 'removed_member',
  groupId,
  member: { kind: 'user', id },
});

describe('of a list that a page shows', () => {
  beforeEach(() =>
    world.run([...people(6), ...team('red', 'p000', 'p001', 'p002', '@blue'), ...team('blue', 'p003')]),
  );

  it('only what differs is staged', async () => {
    const run = await stage([...people(6), ...team('red', 'p000', 'p004', 'p002', '@red')]);
    expect(await staged(run)).toEqual(['red +p004 +red -blue -p001']);
  });

  it('everything is new where the group is', async () => {
    const run = await stage([...people(6), ...team('green', 'p000', '@red')]);
    expect(await staged(run)).toEqual(['green +p000 +red']);
  });

  it('everything is staged where the page says more about the group', async () => {
    const run = await stage([...people(6), ...team('red', 'p000', 'p005'), gone('red', 'p002')]);
    expect(
      await lines(
        'SELECT member_ids::text AS line FROM snapshot_member_lists WHERE directory_id = $1 AND run_id = $2 ORDER BY 1',
        run.runId,
      ),
    ).toEqual(['{p000,p005}', '{p002}']);
  });

  it('everything is staged where another page takes somebody away', async () => {
    const run = await stage(
      [...people(6), ...team('red', 'p000', 'p001', 'p005', '@blue')],
      [gone('red', 'p000')],
    );
    await world.snapshots.apply(run, ALL, allowed);
    expect(await staged(run)).toEqual(['red whole +p000 +p001 +p005 +blue']);
    expect(await believed()).toEqual([
      'blue user p003',
      'red group blue',
      'red user p001',
      'red user p002',
      'red user p005',
    ]);
    expect(await marked()).toEqual(['red user p002 1']);
  });

  it('nothing is concluded when the memberships were written meanwhile', async () => {
    const before = await version();
    const run = await stage([...people(6), ...team('red', 'p000', 'p004', '@blue'), ...team('blue', 'p003')]);
    await lines(
      `INSERT INTO source_members SELECT environment_id, id, 'green', 'user', 'p005' FROM directories WHERE id = $1`,
    );
    expect(await version()).toBe(before + 1);
    await world.snapshots.apply(run, ALL, allowed);
    expect(await marked()).toEqual([]);
    expect(await believed()).toContain('red user p001');
  });
});

describe('a group that comes on several pages', () => {
  const names = Array.from({ length: 180 }, (_, i) => `p${String(i).padStart(3, '0')}`);

  it('is staged whole where a page lacks most of it', async () => {
    await world.run([...people(180), ...team('red', ...names)]);
    const run = await stage(
      [...people(180), ...team('red', ...names.slice(0, 10))],
      list('red', ...names.slice(10, 170)),
    );
    expect(await staged(run)).toEqual([
      expect.stringMatching(/^red whole \+p000 .* \+p009$/),
      expect.stringMatching(/^red -p000 .* -p179$/),
    ]);
    await world.snapshots.apply(run, ALL, allowed);
    expect(await marked()).toEqual(names.slice(170).map((name) => `red user ${name} 1`));
  });

  it('lacks whom none of them shows', async () => {
    await world.run([...people(8), ...team('red', ...names.slice(0, 6))]);
    const run = await stage(
      [...people(8), ...team('red', ...names.slice(0, 3))],
      list('red', ...names.slice(2, 5)),
      list('red', 'p007'),
    );
    expect(await staged(run)).toEqual([
      'red -p003 -p004 -p005',
      'red -p000 -p001 -p005',
      'red +p007 -p000 -p001 -p002 -p003 -p004 -p005',
    ]);
    await world.snapshots.apply(run, ALL, allowed);
    expect(await marked()).toEqual(['red user p005 1']);
    expect(await believed()).toContain('red user p007');
  });
});

/** What one page shows of two groups; `taken` after what is shown of it, or before. */
const shownPage = fc.record({
  red: fc.shuffledSubarray(['p000', 'p001', 'p002', '@blue']),
  blue: fc.shuffledSubarray(['p000', 'p003']),
  taken: fc.option(fc.constantFrom('p000', 'p001'), { freq: 5 }),
  isShownAgain: fc.boolean(),
});
const shownRun = fc.record({
  pages: fc.array(shownPage, { minLength: 1, maxLength: 3 }),
  repeats: fc.integer({ min: 1, max: 3 }),
  mode: fc.constantFrom('full' as const, 'full' as const, 'full' as const, 'incremental' as const),
});
type ShownRun = typeof shownRun extends fc.Arbitrary<infer T> ? T : never;

it('comes to what the rules say, run by run', async () => {
  const property = fc.asyncProperty(fc.array(shownRun, { minLength: 2, maxLength: 6 }), async (runs) => {
    world = await snapshotWorld(db);
    const model = new Model();
    for (const shown of runs.flatMap((each) => Array.from({ length: each.repeats }, () => each))) {
      const pages = shown.pages.map(recordsOf);
      const run = world.newRun(shown.mode);
      const listed = [...people(4), ...team('red').slice(0, 1), ...team('blue').slice(0, 1)];
      for (const [index, page] of pages.entries())
        await world.snapshots.stage(run, index === 0 ? [...listed, ...page] : page, allowed);
      await world.snapshots.apply(run, shown.mode === 'full' ? ALL : { complete: [] }, allowed);
      await world.snapshots.discard(run);
      model.run(shown.mode, pages.flat());
      expect({ believed: await believed(), marked: await marked() }).toEqual(model.lines());
    }
  });
  await fc.assert(property, {
    numRuns: Number(process.env['ROLLCALL_PROPERTY_RUNS'] ?? 20),
    endOnFailure: true,
  });
}, 120_000);

function recordsOf({ red, blue, taken, isShownAgain }: ShownRun['pages'][number]): SnapshotRecord[] {
  return [
    ...(red.length > 0 ? list('red', ...red) : []),
    ...(blue.length > 0 ? list('blue', ...blue) : []),
    ...(taken === null ? [] : [gone('red', taken)]),
    ...(taken === null || !isShownAgain ? [] : list('red', taken)),
  ];
}

/** The rules: the last word counts, who is not shown is missing, and who is missing in two full runs on end is gone. */
class Model {
  readonly #believed = new Set<string>();
  readonly #missing = new Map<string, number>();

  run(mode: SnapshotRun['mode'], records: readonly SnapshotRecord[]): void {
    const words = wordsOf(records);
    for (const [edge, isShown] of words) {
      if (isShown) this.#believed.add(edge);
      else this.#believed.delete(edge);
      this.#missing.delete(edge);
    }
    if (mode === 'full')
      for (const edge of [...this.#believed].filter((known) => !words.has(known))) this.#miss(edge);
  }

  #miss(edge: string): void {
    const times = (this.#missing.get(edge) ?? 0) + 1;
    if (times < 2) this.#missing.set(edge, times);
    else {
      this.#missing.delete(edge);
      this.#believed.delete(edge);
    }
  }

  lines(): { readonly believed: readonly string[]; readonly marked: readonly string[] } {
    return {
      believed: [...this.#believed].sort(),
      marked: [...this.#missing].map(([edge, times]) => `${edge} ${times}`).sort(),
    };
  }
}

function wordsOf(records: readonly SnapshotRecord[]): Map<string, boolean> {
  const words = new Map<string, boolean>();
  const edge = (
    groupId: string,
    { kind, id }: { readonly kind: SnapshotKind; readonly id: string },
  ): string => `${groupId} ${kind} ${id}`;
  for (const record of records) {
    if (record.kind === 'members')
      for (const member of record.members) words.set(edge(record.groupId, member), true);
    if (record.kind === 'removed_member') words.set(edge(record.groupId, record.member), false);
  }
  return words;
}
