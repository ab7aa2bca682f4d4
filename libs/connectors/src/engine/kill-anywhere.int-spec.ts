import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { SnapshotMember, SnapshotRecord } from '#model';
import { aSourceUser } from '#testing';
import { KillWorld, people, type Aftermath, type KillScenario } from '../../test-support/kill-world.js';
import type { Death, SentStatement } from '../../test-support/mortal-process.js';

/*
 * `kill -9` at any statement of a run, on the real staging tables and the real store. A run sends so many statements that
 * a sample is taken of those that leave something behind: the process dies when they are carried out and their answer is
 * lost, or just before. ROLLCALL_KILLS=<number> takes another sample, ROLLCALL_KILLS=all each statement (by hand, long).
 */
const ROTATION = process.env['ROLLCALL_KILLS'] ?? '1';
const MOST = { after: 8, before: 3 };

const CROWD = Array.from({ length: 12 }, (_, index) => `p${String(index).padStart(2, '0')}`);

function team(id: string, ...members: readonly string[]): SnapshotRecord[] {
  return [{ kind: 'group', group: { sourceId: id, name: `Team ${id}`, raw: { id } } }, list(id, ...members)];
}

/** `@red` is the group red. */
function list(groupId: string, ...members: readonly string[]): SnapshotRecord & { readonly kind: 'members' } {
  return { kind: 'members', groupId, members: members.map(memberOf) };
}

function memberOf(name: string): SnapshotMember {
  return name.startsWith('@') ? { id: name.slice(1), kind: 'group' } : { id: name, kind: 'user' };
}

const FIRST = {
  users: [people('ada', 'bob', 'cleo', 'dan', 'eve'), people('fay', 'gus', 'hal', 'ida', ...CROWD)],
  groups: [
    [...team('red', 'ada', 'bob'), ...team('blue', '@red', 'cleo'), ...team('green', 'dan', 'eve', 'gus')],
    [...team('old', 'p00'), ...team('all', ...CROWD)],
  ],
};
/** Gus, the team old, and Bob in red are missing for the first time. */
const MISSED = {
  users: [people('ada', 'bob', 'cleo', 'dan', 'eve'), people('fay', 'hal', 'ida', ...CROWD)],
  groups: [
    [...team('red', 'ada'), ...team('blue', '@red', 'cleo'), ...team('green', 'dan', 'eve')],
    [...team('all', ...CROWD)],
  ],
};
const LEFT = { active: false, stateReason: 'terminated' } as const;
/** Gone are those who were missing; others left, came, were renamed, swapped names, and stand in other groups. */
const CHANGED = {
  users: [
    [aSourceUser('ada', { jobTitle: 'Lead' }), aSourceUser('bob', { userName: 'cleo@example.com' })],
    [aSourceUser('cleo', { userName: 'bob@example.com' }), ...people('dan')],
    [aSourceUser('fay', { userName: 'fay.new@example.com' }), aSourceUser('hal', LEFT)],
    people('kim', 'lee', ...CROWD),
  ],
  groups: [
    [...team('red', 'ada', 'kim'), ...team('blue', '@red', '@green', 'cleo'), ...team('green', 'dan', 'lee')],
    [...team('new', '@blue', 'fay'), ...team('all', ...CROWD.slice(1))],
  ],
};
/** So many people more that the run is no small one. */
const MANY = Array.from({ length: 250 }, (_, index) => `q${String(index).padStart(3, '0')}`);
const large = (streams: typeof FIRST): typeof FIRST => ({
  ...streams,
  users: [people(...MANY), ...streams.users],
});
const UNREADABLE: SnapshotRecord[] = [
  { kind: 'invalid', of: 'user', id: 'eve', problem: 'no name' },
  { kind: 'invalid', of: 'membership', id: 'green', problem: 'no such member' },
];

interface Scenario extends KillScenario {
  /** What it comes to when nothing happens to it. */
  readonly expected: { readonly removals: readonly string[]; readonly held: number };
}

const GONE = [
  'group delete old no',
  'membership remove bob blue no',
  'membership remove bob red no',
  'user deactivate hal no',
  'user delete gus no',
];
const NOTHING = { removals: [], held: 0 };
const SCENARIOS: Readonly<Record<string, Scenario>> = {
  'the first load': { before: [], mode: 'full', streams: FIRST, expected: NOTHING },
  'a full run that is staged page by page': {
    before: [FIRST, MISSED],
    mode: 'full',
    streams: { ...CHANGED, users: [UNREADABLE, ...CHANGED.users] },
    expected: { removals: GONE, held: 0 },
  },
  'a full run that is held in memory': {
    before: [FIRST, MISSED],
    mode: 'full',
    streams: CHANGED,
    expected: { removals: GONE, held: 0 },
  },
  'a full run that finds nothing new': {
    before: [FIRST, FIRST],
    mode: 'full',
    streams: FIRST,
    expected: NOTHING,
  },
  'a large full run that is held as ids until it differs': {
    before: [large(FIRST), large(MISSED)],
    mode: 'full',
    streams: large(CHANGED),
    expected: { removals: GONE, held: 0 },
  },
  'a large full run that finds nothing new': {
    before: [large(FIRST), large(FIRST)],
    mode: 'full',
    streams: large(FIRST),
    expected: NOTHING,
  },
  'an incremental run': {
    before: [FIRST, FIRST],
    mode: 'incremental',
    streams: FIRST,
    changes: {
      users: [
        [...UNREADABLE, aSourceUser('ada', { jobTitle: 'Lead' }), ...people('kim')],
        [
          { kind: 'removed', of: 'user', id: 'gus', reason: 'deleted' },
          aSourceUser('fay', { userName: 'fay.new@example.com' }),
          aSourceUser('hal', LEFT),
        ],
      ],
      groups: [
        [{ ...list('red', 'ada', 'kim'), replaces: true }, ...team('new', '@blue')],
        [
          { kind: 'removed_member', groupId: 'green', member: { id: 'dan', kind: 'user' } },
          { kind: 'removed', of: 'group', id: 'old', reason: 'deleted' },
        ],
      ],
    },
    expected: {
      removals: [
        'group delete old no',
        'membership remove bob blue no',
        'membership remove bob red no',
        'membership remove dan green no',
        'user deactivate hal no',
        'user delete gus no',
      ],
      held: 0,
    },
  },
  'a run whose removals are held back': {
    before: [FIRST, FIRST],
    mode: 'full',
    streams: {
      users: [
        [UNREADABLE[0] as SnapshotRecord, ...people('ada', 'bob', 'cleo', 'dan', 'fay', 'gus', 'ida', 'kim')],
        CROWD.map((name) => aSourceUser(name, LEFT)),
      ],
      groups: FIRST.groups,
    },
    expected: { removals: [], held: 12 },
  },
};

describe.each(Object.entries(SCENARIOS))('kill -9 in %s', (title, { expected, ...scenario }) => {
  let world: KillWorld;
  let undisturbed: Aftermath & { readonly statements: readonly SentStatement[] };

  beforeAll(async () => {
    world = await KillWorld.create(scenario);
    undisturbed = await world.run();
  });
  afterAll(() => world.drop());

  it('is compared with a run that does what it should', () => {
    const { state, problems } = undisturbed;
    expect(problems).toEqual([]);
    expect(state['removals']).toEqual(expected.removals);
    expect(state['held']).toHaveLength(expected.held);
    expect(state['holds']).toHaveLength(expected.held > 0 ? 1 : 0);
  });

  it('loses nothing, removes nobody else, and tells everything once', async () => {
    const deaths = deathsAt(undisturbed.statements);
    for (const death of deaths) {
      const where = `${death.moment} ${death.statement}: ${undisturbed.statements[death.statement - 1]?.text}`;
      const { state, events, problems } = await world.run(death);
      expect({ where, state, events, problems }).toEqual({
        where,
        state: undisturbed.state,
        events: undisturbed.events,
        problems: [],
      });
    }
    const { length: all } = undisturbed.statements;
    const durable = undisturbed.statements.filter(({ isDurable }) => isDurable).length;
    process.stdout.write(
      `      ${title}: ${deaths.length} deaths, ${all} statements, ${durable} leave something\n`,
    );
  }, 600_000);
});

/** From a place that rotates. Within a transaction it makes no difference where the process dies. */
function deathsAt(statements: readonly SentStatement[]): Death[] {
  if (ROTATION === 'all') return [...statements.keys()].flatMap(around);
  const places = [...statements.keys()].filter((index) => statements[index]?.isDurable === true);
  const deaths = places.map(around);
  return [
    ...sample(
      deaths.map(([, after]) => after),
      MOST.after,
    ),
    ...sample(
      deaths.map(([before]) => before),
      MOST.before,
    ),
  ];
}

function sample<T>(all: readonly T[], most: number): T[] {
  const step = Math.max(Math.ceil(all.length / most), 1);
  return all.filter((_, index) => index % step === Number(ROTATION) % step);
}

function around(index: number): [before: Death, after: Death] {
  return [
    { statement: index + 1, moment: 'before' },
    { statement: index + 1, moment: 'after' },
  ];
}
