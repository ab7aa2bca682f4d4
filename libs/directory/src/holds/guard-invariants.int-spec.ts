import { afterAll, beforeAll, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { directoryUserWire, type Change, type PageRequest } from '#model';
import { createTestDatabase, type TestDatabase } from '#testing';
import { FoldedLog, withoutMarks } from '../../test-support/fold-log.js';
import {
  guardedDirectory,
  hire,
  makeGroup,
  members,
  update,
  type GuardedDirectory,
} from '../../test-support/guarded-directory.js';

const PAGE: PageRequest = { limit: 100, order: 'asc' };
const PEOPLE = ['ada', 'bob', 'cyd', 'dan', 'eve'];
const TEAMS = ['Red', 'Blue'];
const TINY = {
  push: {
    users: { count: 1, percent: 0 },
    groups: { count: 0, percent: 0 },
    memberships: { count: 1, percent: 0 },
  },
};

let db: TestDatabase;

beforeAll(async () => {
  db = await createTestDatabase();
});

afterAll(() => db.drop());

/** What the IdP said last: people by name, teams by name with the names of their members. */
interface Source {
  readonly people: Map<string, { id: string; active: boolean; title: string | null }>;
  readonly teams: Map<string, { id: string; members: Set<string> }>;
}

type Step =
  | { readonly do: 'hire' | 'leave' | 'sleep' | 'wake' | 'retitle'; readonly who: string; readonly n: number }
  | { readonly do: 'join' | 'quit'; readonly who: string; readonly team: string }
  | { readonly do: 'found' | 'close' | 'empty'; readonly team: string }
  | { readonly do: 'approve' | 'reject' };

const who = fc.constantFrom(...PEOPLE);
const team = fc.constantFrom(...TEAMS);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constantFrom('hire', 'leave', 'sleep', 'wake', 'retitle'),
      who,
      n: fc.nat(3),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('join', 'quit'), who, team }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('found', 'close', 'empty'), team }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('approve', 'reject') }) },
);

it('keeps the fold of the log equal to what is in effect, and the source equal to what it said', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 60 }), async (steps) => {
      const d = await guardedDirectory(db, { guard: TINY });
      const source: Source = { people: new Map(), teams: new Map() };
      for (const name of PEOPLE) await play(d, source, { do: 'hire', who: name, n: 0 });
      for (const name of TEAMS) await play(d, source, { do: 'found', team: name });
      for (const each of steps) await play(d, source, each);
      expect(await folded(d)).toEqual(await inEffect(d));
      expect(await asserted(d)).toEqual(said(source));
      expect(await listed(d)).toEqual(await differing(d));
      // Approving one may leave nothing of another, so each is looked at when its turn comes.
      for (const { id } of (await d.holds.list(d.ref, PAGE)).data)
        if ((await d.holds.get(d.ref.environmentId, id)).state !== 'withdrawn')
          await d.holds.approve(d.ref.environmentId, id, 'end');
      expect(await folded(d)).toEqual(await inEffect(d));
      expect(await differing(d)).toBe(0);
    }),
    { numRuns: 40, endOnFailure: true },
  );
}, 120_000);

async function play(d: GuardedDirectory, source: Source, each: Step): Promise<void> {
  if (each.do === 'approve' || each.do === 'reject') return decide(d, each.do);
  if ('who' in each && 'team' in each) return playMember(d, source, each);
  if ('who' in each) return playPerson(d, source, each);
  if ('team' in each) return playTeam(d, source, each);
}

async function decide(d: GuardedDirectory, decision: 'approve' | 'reject'): Promise<void> {
  const { data } = await d.holds.list(d.ref, PAGE);
  const open = data.find((hold) => hold.state === 'open');
  if (open) await d.holds[decision](d.ref.environmentId, open.id, 'key');
}

async function playPerson(
  d: GuardedDirectory,
  { people, teams }: Source,
  each: { readonly do: string; readonly who: string; readonly n: number },
): Promise<void> {
  const person = people.get(each.who);
  if (each.do === 'hire') {
    if (person) return;
    const { user } = await d.store.apply(d.ref, hire(each.who));
    people.set(each.who, { id: String(user?.id), active: true, title: null });
    return;
  }
  if (!person) return;
  if (each.do === 'leave') {
    await d.store.apply(d.ref, { kind: 'delete_user', id: person.id });
    people.delete(each.who);
    for (const { members: names } of teams.values()) names.delete(each.who);
    return;
  }
  if (each.do === 'retitle') person.title = `Title ${each.n}`;
  else person.active = each.do === 'wake';
  await d.store.apply(d.ref, update(person.id, { active: person.active, jobTitle: person.title }));
}

async function playMember(
  d: GuardedDirectory,
  { people, teams }: Source,
  each: { readonly do: string; readonly who: string; readonly team: string },
): Promise<void> {
  const person = people.get(each.who);
  const group = teams.get(each.team);
  if (!person || !group) return;
  if (each.do === 'join') group.members.add(each.who);
  else group.members.delete(each.who);
  const op = each.do === 'join' ? 'add' : 'remove';
  await d.store.apply(d.ref, members(group.id, [{ op, values: [person.id] }]));
}

async function playTeam(
  d: GuardedDirectory,
  { people, teams }: Source,
  each: { readonly do: string; readonly team: string },
): Promise<void> {
  const group = teams.get(each.team);
  if (each.do === 'found' && !group) {
    const names = [...people.keys()];
    const values = names.map((name) => String(people.get(name)?.id));
    const created = await d.store.apply(d.ref, makeGroup(each.team, values));
    teams.set(each.team, { id: String(created.group?.id), members: new Set(names) });
  }
  if (!group || each.do === 'found') return;
  const change: Change =
    each.do === 'close'
      ? { kind: 'delete_group', id: group.id }
      : members(group.id, [{ op: 'replace', values: [] }]);
  await d.store.apply(d.ref, change);
  group.members.clear();
  if (each.do === 'close') teams.delete(each.team);
}

/** What a consumer has who follows the events. */
async function folded(d: GuardedDirectory): Promise<unknown> {
  const log = new FoldedLog(await d.log());
  expect(log.contradictions).toEqual([]);
  return log.state;
}

async function inEffect(d: GuardedDirectory): Promise<unknown> {
  const { environmentId, directoryId } = d.ref;
  const users = await d.lists.listUsers(environmentId, { ...PAGE, directoryId });
  const groups = await d.lists.listGroups(environmentId, { ...PAGE, directoryId });
  const links: string[] = [];
  for (const { id } of groups.data) {
    const inGroup = await d.lists.listUsers(environmentId, { ...PAGE, groupId: id });
    links.push(...inGroup.data.map((user) => `${id} ${user.id}`));
  }
  return {
    users: users.data.map((user) => withoutMarks(directoryUserWire(user))),
    groups: groups.data.map(({ id }) => id).toSorted(),
    links: links.toSorted(),
  };
}

async function asserted(d: GuardedDirectory): Promise<unknown> {
  const users = await d.reader.searchUsers(d.ref, { offset: 0, limit: 100 });
  const groups = await d.reader.searchGroups(d.ref, { offset: 0, limit: 100 });
  const inGroups = await d.reader.membersOf(
    d.ref,
    groups.items.map(({ id }) => id),
  );
  return {
    people: users.items
      .map(({ userName, active, jobTitle }) => `${userName} ${active} ${jobTitle}`)
      .toSorted(),
    teams: groups.items
      .map(({ id, name }) =>
        teamLine(
          name,
          (inGroups.get(id) ?? []).map((member) => member.display ?? '?'),
        ),
      )
      .toSorted(),
  };
}

function said({ people, teams }: Source): unknown {
  return {
    people: [...people].map(([name, { active, title }]) => `${name} ${active} ${title}`).toSorted(),
    teams: [...teams].map(([name, { members: names }]) => teamLine(name, [...names])).toSorted(),
  };
}

function teamLine(name: string, names: readonly string[]): string {
  return `${name}: ${names.toSorted().join(' ')}`;
}

/** How many things are pending according to the lists of the holds, and according to the rows. */
function listed(d: GuardedDirectory): Promise<number> {
  return countOf(`SELECT count(*) AS count FROM hold_items WHERE directory_id = $1`, d);
}

function differing(d: GuardedDirectory): Promise<number> {
  return countOf(
    `SELECT (SELECT count(*) FROM directory_users WHERE directory_id = $1 AND deleted_at IS NULL
        AND (asserted_deleted_at IS NOT NULL OR (active AND NOT asserted_active)))
      + (SELECT count(*) FROM directory_groups WHERE directory_id = $1 AND deleted_at IS NULL
        AND asserted_deleted_at IS NOT NULL)
      + (SELECT count(*) FROM memberships WHERE directory_id = $1 AND NOT asserted) AS count`,
    d,
  );
}

async function countOf(text: string, d: GuardedDirectory): Promise<number> {
  const rows = await db.database.query<{ count: number }>({ text, values: [d.ref.directoryId] });
  return Number(rows[0]?.count);
}
