import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { SnapshotFinding, SnapshotMembership, SnapshotRecord } from '#model';
import { createTestDatabase, type TestDatabase } from '#testing';
import { FoldedLog } from '../../test-support/fold-log.js';
import { MortalDatabase } from '../../test-support/mortal-database.js';
import {
  allowed,
  people,
  snapshotWorld,
  team,
  type SnapshotWorld,
} from '../../test-support/snapshot-world.js';
import type { SnapshotReport } from './snapshot.js';

let db: TestDatabase;
let world: SnapshotWorld;

beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.drop());
beforeEach(async () => {
  world = await snapshotWorld(db);
});

type Answer = SnapshotFinding | undefined;

/** A source that can be asked, and what it was asked. */
function source(answers: (edge: string) => Answer): {
  readonly asked: string[][];
  readonly lookUpMembers: (
    asked: readonly SnapshotMembership[],
  ) => Promise<Map<SnapshotMembership, SnapshotFinding>>;
} {
  const asked: string[][] = [];
  return {
    asked,
    lookUpMembers: (memberships) => {
      const found = new Map<SnapshotMembership, SnapshotFinding>();
      const edges = memberships.map(edgeOf);
      asked.push(edges);
      memberships.forEach((membership, index) => {
        const answer = answers(edges[index] as string);
        if (answer !== undefined) found.set(membership, answer);
      });
      return Promise.resolve(found);
    },
  };
}

function edgeOf({ groupId, member }: SnapshotMembership): string {
  return `${groupId} ${member.kind === 'group' ? '@' : ''}${member.id}`;
}

function warningsOf({ counts }: SnapshotReport): string[] {
  return counts['warnings'] as string[];
}

/** A group's whole list, as an incremental run reads it. */
function anew(groupId: string, ...ids: string[]): SnapshotRecord[] {
  return [
    { kind: 'members', groupId, members: [], replaces: true },
    { kind: 'members', groupId, members: ids.map((id) => ({ id, kind: 'user' })) },
  ];
}

const all = [...people(8), ...team('red', 'p000', 'p001', 'p002', 'p003'), ...team('blue', 'p004', 'p005')];
/** Red without its last two, blue without its last one. */
const short = [...people(8), ...team('red', 'p000', 'p001'), ...team('blue', 'p004')];
const WHOLE = ['blue: p004, p005', 'red: p000, p001, p002, p003'];

describe('a list that loses members twice', () => {
  it('takes nobody out of a group whom the source still has there, and the run says so', async () => {
    const { asked, lookUpMembers } = source(() => 'present');
    await world.run(all);
    await world.run(short, { lookUpMembers });
    expect(asked).toEqual([]);
    const report = await world.run(short, { lookUpMembers });
    expect(asked).toEqual([['red p002', 'red p003', 'blue p005']]);
    expect(await world.teams()).toEqual(WHOLE);
    expect(warningsOf(report)).toEqual([
      expect.stringContaining('did not list 2 members of "red"'),
      expect.stringContaining('did not list 1 member of "blue"'),
    ]);
    expect(report.counts).toMatchObject({ memberships: { removals: 0 } });
    // Nothing is left to confirm, so no run comes before its turn.
    expect(report.awaitingConfirmation).toBe(0);
    for (let i = 0; i < 4; i++) await world.run(short, { lookUpMembers });
    expect(await world.teams()).toEqual(WHOLE);
  });

  it('takes out those whom the source denies, and of an honest list all who are missing', async () => {
    const { lookUpMembers } = source((edge) => (edge === 'red p002' ? 'present' : 'gone'));
    await world.run(all);
    await world.run(short, { lookUpMembers });
    const report = await world.run(short, { lookUpMembers });
    expect(await world.teams()).toEqual(['blue: p004', 'red: p000, p001, p002']);
    expect(warningsOf(report)).toHaveLength(1);
    expect(report.counts).toMatchObject({ memberships: { removals: 2 } });
    expect(new FoldedLog(await world.log()).contradictions).toEqual([]);
  });

  it('is asked about nobody who is back', async () => {
    const { asked, lookUpMembers } = source(() => 'present');
    const back = [
      ...people(8),
      ...team('red', 'p000', 'p001', 'p003'),
      ...team('blue', 'p005', 'p004', 'p006'),
    ];
    await world.run(all);
    await world.run(short, { lookUpMembers });
    await world.run(back, { lookUpMembers });
    expect(asked).toEqual([['red p002']]);
  });

  it('goes by its two runs where the source does not know', async () => {
    const { asked, lookUpMembers } = source(() => undefined);
    await world.run(all);
    await world.run(short, { lookUpMembers });
    const report = await world.run(short, { lookUpMembers });
    expect(asked).toHaveLength(1);
    expect(await world.teams()).toEqual(['blue: p004', 'red: p000, p001']);
    expect(warningsOf(report)).toEqual([]);
  });

  it('takes nobody out of a group whose members the source refuses to be asked about, and the run says so', async () => {
    const { lookUpMembers } = source((edge) => (edge.startsWith('red') ? 'unanswered' : 'gone'));
    await world.run(all);
    await world.run(short, { lookUpMembers });
    const report = await world.run(short, { lookUpMembers });
    expect(await world.teams()).toEqual(['blue: p004', 'red: p000, p001, p002, p003']);
    expect(warningsOf(report)).toEqual([expect.stringContaining('of "red" and refuses to say')]);
  });

  it('keeps whom the source does not know of, too, once it was caught; two more runs count anew', async () => {
    let isCaught = true;
    const { lookUpMembers } = source((edge) => (isCaught && edge === 'red p002' ? 'present' : undefined));
    await world.run(all);
    await world.run(short, { lookUpMembers });
    // Also whom this run is the first to miss.
    const shorter = [...people(8), ...team('red', 'p000'), ...team('blue', 'p004')];
    await world.run(shorter, { lookUpMembers });
    expect(await world.teams()).toEqual(['blue: p004', 'red: p000, p001, p002, p003']);
    isCaught = false;
    await world.run(shorter, { lookUpMembers });
    expect(await world.teams()).toEqual(['blue: p004', 'red: p000, p001, p002, p003']);
    await world.run(shorter, { lookUpMembers });
    expect(await world.teams()).toEqual(['blue: p004', 'red: p000']);
  });

  it('is planned as it would be applied', async () => {
    const { lookUpMembers } = source((edge) => (edge === 'blue p005' ? 'gone' : 'present'));
    await world.run(all);
    await world.run(short, { lookUpMembers });
    const run = world.newRun();
    await world.snapshots.stage(run, short, allowed);
    const facts = { complete: ['users', 'groups', 'memberships'] as const, lookUpMembers };
    const plan = await world.snapshots.plan(run, facts);
    expect(plan.counts).toMatchObject({ memberships: { removals: 1 } });
    expect(warningsOf(plan)).toEqual([expect.stringContaining('2 members of "red"')]);
    expect(await world.teams()).toEqual(WHOLE);
    const report = await world.snapshots.apply(run, facts, allowed);
    expect(report.counts).toMatchObject({ memberships: { removals: 1 } });
    expect(await world.teams()).toEqual(['blue: p004', 'red: p000, p001, p002, p003']);
  });

  it('spares a group in a group likewise', async () => {
    const nested = [...people(8), ...team('red', 'p000', 'p001'), ...team('blue', '@red', 'p004')];
    const { asked, lookUpMembers } = source(() => 'present');
    await world.run(nested);
    for (let i = 0; i < 2; i++)
      await world.run([...people(8), ...team('red', 'p000', 'p001'), ...team('blue', 'p004')], {
        lookUpMembers,
      });
    expect(asked).toEqual([['blue @red']]);
    expect(await world.teams()).toEqual(['blue: p000, p001, p004', 'red: p000, p001']);
  });
});

describe('a look-up that fails', () => {
  it('ends nothing, and the same run goes on when the source answers again', async () => {
    await world.run(all);
    await world.run(short);
    const run = world.newRun();
    await world.snapshots.stage(run, short, allowed);
    const complete = ['users', 'groups', 'memberships'] as const;
    const lookUpMembers = (): Promise<never> => Promise.reject(new Error('503'));
    await expect(world.snapshots.apply(run, { complete, lookUpMembers }, allowed)).rejects.toThrow('503');
    expect(await world.teams()).toEqual(WHOLE);
    await world.snapshots.apply(
      run,
      { complete, lookUpMembers: source((edge) => (edge === 'red p003' ? 'gone' : 'present')).lookUpMembers },
      allowed,
    );
    expect(await world.teams()).toEqual(['blue: p004, p005', 'red: p000, p001, p002']);
  });

  it('believes no answer that nobody asked for', async () => {
    await world.run(all);
    await world.run(short);
    const lookUpMembers = (): Promise<Map<SnapshotMembership, 'present'>> =>
      Promise.resolve(new Map([[{ groupId: 'red', member: { kind: 'user', id: 'p002' } }, 'present']]));
    const report = await world.run(short, { lookUpMembers });
    expect(warningsOf(report)).toEqual([]);
    expect(await world.teams()).toEqual(['blue: p004', 'red: p000, p001']);
  });
});

describe('what is not asked', () => {
  it('concerns people who are gone, strangers, and groups that were not read', async () => {
    const { asked, lookUpMembers } = source(() => 'present');
    const before = [
      ...people(20),
      ...team('red', 'p000', 'p001', 'p002', 'stranger'),
      ...team('blue', 'p004', 'p005'),
      ...team('green', 'p006', 'p007'),
    ];
    // p001 is said to be gone, p002 is looked up; blue was not listed, green could not be read.
    const after: SnapshotRecord[] = [
      ...people(1),
      ...people(17, 3),
      ...team('red', 'p000'),
      ...team('green'),
      { kind: 'removed', of: 'user', id: 'p001', reason: 'deleted' },
      { kind: 'invalid', of: 'membership', id: 'green', problem: 'no' },
    ];
    await world.run(before);
    await world.run([...people(20), ...team('red', 'p000'), ...team('blue'), ...team('green')]);
    await world.run(after, {
      complete: ['users', 'memberships'],
      lookUpMembers,
      lookUp: (_, ids) => Promise.resolve(new Map(ids.map((id) => [id, 'gone']))),
    });
    expect(asked).toEqual([]);
    expect(await world.teams()).toEqual(['blue: p004, p005', 'green: p006, p007', 'red: p000']);
  });

  it('is nobody whom the source took away in so many words', async () => {
    const { asked, lookUpMembers } = source(() => 'present');
    const removed = { kind: 'removed_member', groupId: 'red', member: { id: 'p003', kind: 'user' } } as const;
    await world.run(all);
    await world.run(short, { lookUpMembers });
    await world.run([...short, removed], { lookUpMembers });
    expect(asked).toEqual([['red p002', 'blue p005']]);
    expect(await world.teams()).toEqual(['blue: p004, p005', 'red: p000, p001, p002']);
  });

  it('is anything where the memberships were not all read', async () => {
    const { asked, lookUpMembers } = source(() => 'gone');
    await world.run(all);
    await world.run(short);
    for (let i = 0; i < 2; i++) await world.run(short, { complete: ['users', 'groups'], lookUpMembers });
    expect(asked).toEqual([]);
    expect(await world.teams()).toEqual(WHOLE);
  });

  it('is a membership that comes back at once', async () => {
    const { asked, lookUpMembers } = source(() => 'gone');
    await world.run(all);
    await world.run(short, { lookUpMembers });
    await world.run(all, { lookUpMembers });
    await world.run(short, { lookUpMembers });
    expect(asked).toEqual([]);
    expect(await world.teams()).toEqual(WHOLE);
  });
});

describe('a list that was read anew between full runs', () => {
  it('keeps whom the source still has there, and loses the others at once', async () => {
    await world.run(all);
    const lying = source(() => 'present');
    const report = await world.run(anew('red', 'p000', 'p001', 'p006'), { mode: 'incremental', ...lying });
    expect(lying.asked).toEqual([['red p002', 'red p003']]);
    expect(warningsOf(report)).toEqual([expect.stringContaining('2 members of "red"')]);
    expect(await world.teams()).toEqual(['blue: p004, p005', 'red: p000, p001, p002, p003, p006']);
    const honest = source(() => 'gone');
    await world.run(anew('red', 'p000', 'p001'), { mode: 'incremental', ...honest });
    expect(await world.teams()).toEqual(['blue: p004, p005', 'red: p000, p001']);
  });

  it('loses whom it took away in so many words, though others are spared', async () => {
    await world.run(all);
    const { lookUpMembers } = source(() => 'present');
    await world.run(
      [
        ...anew('red', 'p000', 'p001'),
        { kind: 'removed_member', groupId: 'red', member: { id: 'p003', kind: 'user' } },
      ],
      { mode: 'incremental', lookUpMembers },
    );
    expect(await world.teams()).toEqual(['blue: p004, p005', 'red: p000, p001, p002']);
  });

  it('counts as it was read last in the run', async () => {
    await world.run(all);
    const { asked, lookUpMembers } = source(() => 'present');
    const run = world.newRun('incremental');
    await world.snapshots.stage(run, anew('red', 'p000', 'p001', 'p002', 'p003'), allowed);
    await world.snapshots.stage(run, anew('red', 'p000', 'p001', 'p002'), allowed);
    await world.snapshots.apply(run, { complete: [], lookUpMembers }, allowed);
    expect(asked).toEqual([['red p003']]);
    expect(await world.teams()).toEqual(WHOLE);
  });
});

describe('more missing memberships than are asked about', () => {
  it('are all kept where one of the sample is there', async () => {
    const crowd = people(1_200);
    const ids = crowd.map((record) => (record.kind === 'user' ? record.user.sourceId : ''));
    const { asked, lookUpMembers } = source(() => 'present');
    await world.run([...crowd, ...team('red', ...ids), ...team('small', 'p000', 'p001')]);
    const lost = [...crowd, ...team('red', ...ids.slice(0, 100)), ...team('small', 'p000')];
    for (let i = 0; i < 2; i++) await world.run(lost, { lookUpMembers });
    expect(asked.flat()).toHaveLength(1_000);
    expect(asked.flat()).toContain('small p001');
    expect(asked.every((page) => page.length === 100)).toBe(true);
    const [{ members } = { members: 0 }] = await db.database.query<{ members: number }>({
      text: 'SELECT count(*)::integer AS members FROM memberships WHERE directory_id = $1',
      values: [world.ref.directoryId],
    });
    expect(members).toBe(1_202);
  }, 120_000);

  it('stay until the next full run where lists were read anew', async () => {
    const groups = Array.from({ length: 1_010 }, (_, i) => `g${String(i).padStart(4, '0')}`);
    await world.run([...people(2), ...groups.flatMap((id) => team(id, 'p000', 'p001'))]);
    const { asked, lookUpMembers } = source((edge) => (edge.endsWith('77 p001') ? 'gone' : 'present'));
    await world.run(
      groups.flatMap((id) => anew(id, 'p000')),
      { mode: 'incremental', lookUpMembers },
    );
    const first = asked.flat();
    expect(first).toHaveLength(1_000);
    const left = (await world.teams()).filter((line) => line.endsWith(': p000'));
    expect(left).toHaveLength(first.filter((edge) => edge.endsWith('77 p001')).length);
  }, 120_000);

  it('wait for the next run where nobody of their group was asked about', async () => {
    const groups = Array.from({ length: 1_030 }, (_, i) => `g${String(i).padStart(4, '0')}`);
    const full = [...people(2), ...groups.flatMap((id) => team(id, 'p000', 'p001'))];
    // Too few are gone for the removal guard: all others are unknown to the lists, and there.
    const isGone = (edge: string): boolean => edge.endsWith('7 p001');
    const lost = [...people(2), ...groups.flatMap((id) => team(id, 'p000'))];
    const { asked, lookUpMembers } = source((edge) => (isGone(edge) ? 'gone' : 'present'));
    await world.run(full);
    await world.run(lost, { lookUpMembers });
    const report = await world.run(lost, { lookUpMembers });
    const first = new Set(asked.flat());
    expect(first.size).toBe(1_000);
    expect(report.awaitingConfirmation).toBe(30);
    expect(warningsOf(report).slice(-2)).toEqual([
      expect.stringMatching(/in \d+ more groups/),
      expect.stringContaining('other groups wait for the next run'),
    ]);
    const left = async (): Promise<number> =>
      (await world.teams()).filter((line) => line.endsWith(': p000')).length;
    expect(await left()).toBe([...first].filter(isGone).length);
    asked.length = 0;
    const next = await world.run(lost, { lookUpMembers });
    expect(asked.flat()).toHaveLength(30);
    expect(asked.flat().filter((edge) => first.has(edge))).toEqual([]);
    expect(await left()).toBe(103);
    expect(warningsOf(next).at(-1)).not.toContain('wait for the next run');
  }, 120_000);
});

it('goes on after it was killed at any statement, by the answers it had', async () => {
  for (let at = 1; at < 400; at += 2) {
    const { wasKilled, report, teams, asked, decisions } = await killedAt(at);
    expect(teams).toEqual(['blue: p004', 'red: p000, p001, p002']);
    expect(warningsOf(report)).toEqual([expect.stringContaining('1 member of "red"')]);
    expect(decisions).toEqual([{ is_decided: true }]);
    // Whoever had believed the answers does not ask again.
    expect(asked.length).toBeLessThanOrEqual(2);
    if (!wasKilled) return;
  }
  throw new Error('The run never came to its end without being killed');
}, 120_000);

async function killedAt(statement: number): Promise<{
  readonly wasKilled: boolean;
  readonly report: SnapshotReport;
  readonly teams: string[];
  readonly asked: string[][];
  readonly decisions: unknown[];
}> {
  const database = new MortalDatabase(db.pool);
  world = await snapshotWorld(db, { database });
  const answers = source((edge) => (edge === 'red p002' ? 'present' : 'gone'));
  await world.run(all);
  await world.run(short);
  const run = world.newRun();
  await world.snapshots.stage(run, short, allowed);
  const facts = {
    complete: ['users', 'groups', 'memberships'] as const,
    lookUpMembers: answers.lookUpMembers,
  };
  database.statementsLeft = statement;
  const first = await world.snapshots.apply(run, facts, allowed).catch(() => undefined);
  database.statementsLeft = Infinity;
  const report = first ?? (await world.snapshots.apply(run, facts, allowed));
  const decisions = await db.database.query({
    text: `SELECT decision ? 'holdId' AS is_decided FROM snapshot_decisions WHERE run_id = $1`,
    values: [run.runId],
  });
  return {
    wasKilled: first === undefined,
    report,
    teams: await world.teams(),
    asked: answers.asked,
    decisions,
  };
}
