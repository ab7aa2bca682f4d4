import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { JsonObject } from '#kernel';
import type { PageRequest } from '#model';
import { createTestDatabase, type TestDatabase } from '#testing';
import { FoldedLog } from '../../test-support/fold-log.js';
import {
  guardedDirectory,
  hire,
  makeGroup,
  members as changeMembers,
  type GuardedDirectory,
} from '../../test-support/guarded-directory.js';

const PAGE: PageRequest = { limit: 100, order: 'asc' };
const PEOPLE = ['ada', 'bob', 'cyd', 'dan'];
const TEAMS = ['Red', 'Blue', 'Green', 'Gold', 'Grey'];
const NO_LIMIT = { count: 1_000, percent: 75 };
const GENEROUS = { push: { users: NO_LIMIT, groups: NO_LIMIT, memberships: NO_LIMIT } };
const NOTHING = { count: 0, percent: 0 };
const STRICT = { push: { users: NOTHING, groups: NOTHING, memberships: { count: 1, percent: 0 } } };

let db: TestDatabase;

beforeAll(async () => {
  db = await createTestDatabase();
});

afterAll(() => db.drop());

/** What the IdP said last: who and which teams each team lists, by id. What is gone is listed only while it waits. */
interface Source {
  readonly ids: Map<string, string>;
  readonly alive: Set<string>;
  readonly listed: Map<string, Set<string>>;
}

type Step =
  | { readonly do: 'list' | 'unlist' | 'replace'; readonly team: string; readonly names: readonly string[] }
  | { readonly do: 'delete' | 'create'; readonly name: string }
  | { readonly do: 'approve' | 'reject' | 'restore' };

const names = fc.uniqueArray(fc.constantFrom(...PEOPLE, ...TEAMS), { minLength: 1, maxLength: 4 });
const listing: fc.Arbitrary<Step> = fc.record({
  do: fc.constantFrom('list', 'list', 'unlist', 'replace'),
  team: fc.constantFrom(...TEAMS),
  names,
});
const existence: fc.Arbitrary<Step> = fc.record({
  do: fc.constantFrom('delete', 'create', 'create'),
  name: fc.constantFrom(...PEOPLE, ...TEAMS),
});
const decision: fc.Arbitrary<Step> = fc.record({ do: fc.constantFrom('approve', 'reject', 'restore') });

describe('after random changes of groups in groups', () => {
  it('belongs to a group whoever can be reached from it, and the log says the same', async () => {
    const steps = fc.array(fc.oneof({ weight: 5, arbitrary: listing }, { weight: 2, arbitrary: existence }), {
      minLength: 15,
      maxLength: 50,
    });
    await fc.assert(
      fc.asyncProperty(steps, fc.integer({ min: 1, max: 6 }), async (all, atOnce) => {
        const { d, source } = await start(GENEROUS);
        for (let from = 0; from < all.length; from += atOnce)
          await Promise.all(all.slice(from, from + atOnce).map((step) => play(d, source, step)));
        expect(await shown(d)).toEqual(said(source));
        expect(await asserted(d)).toEqual(reachable(source));
        expect(await inEffect(d)).toEqual(reachable(source));
        expect(await folded(d)).toEqual(reachable(source));
      }),
      { numRuns: 60, endOnFailure: true },
    );
  }, 240_000);

  it('holds back what a guard does not let pass, and nothing else', async () => {
    const steps = fc.array(
      fc.oneof(
        { weight: 8, arbitrary: listing },
        { weight: 3, arbitrary: existence },
        { weight: 2, arbitrary: decision },
      ),
      { minLength: 15, maxLength: 40 },
    );
    await fc.assert(
      fc.asyncProperty(steps, async (all) => {
        const { d, source } = await start(STRICT);
        for (const step of all) await play(d, source, step);
        expect(await shown(d)).toEqual(said(source));
        expect(await asserted(d)).toEqual(reachable(source));
        expect(await folded(d)).toEqual(await inEffect(d));
        for (const link of reachable(source)) expect(await inEffect(d)).toContain(link);
        for (const { id } of (await d.holds.list(d.ref, PAGE)).data)
          if ((await d.holds.get(d.ref.environmentId, id)).state !== 'withdrawn')
            await d.holds.approve(d.ref.environmentId, id, 'end');
        expect(await inEffect(d)).toEqual(reachable(source));
        expect(await folded(d)).toEqual(reachable(source));
      }),
      { numRuns: 40, endOnFailure: true },
    );
  }, 240_000);
});

it('brings back with a restored group what had gone with it in the groups above', async () => {
  const d = await guardedDirectory(db);
  const [ada = '', bob = ''] = await d.hire(2);
  const make = async (name: string, values: string[]): Promise<string> =>
    String((await d.store.apply(d.ref, makeGroup(name, values))).group?.id);
  const inner = await make('Inner', [ada, bob]);
  const middle = await make('Middle', [inner]);
  const outer = await make('Outer', [middle, bob]);
  await d.store.apply(d.ref, { kind: 'delete_group', id: inner });
  expect(await inEffect(d)).toEqual([`${outer} ${bob}`]);
  const restored = await d.restores.restore(d.ref, { groupId: inner }, 'operator');
  expect(restored).toMatchObject({ groups: 1, memberships: 5 });
  const all = [inner, middle, outer].flatMap((id) => [`${id} ${ada}`, `${id} ${bob}`]).toSorted();
  expect(await inEffect(d)).toEqual(all);
  expect(await folded(d)).toEqual(all);
  // The source says the same as before; once it says otherwise, nothing happens to anybody.
  await d.store.apply(d.ref, makeGroup('Inner', [ada, bob]));
  await d.store.apply(d.ref, changeMembers(middle, [{ op: 'add', values: [inner] }]));
  expect(await asserted(d)).toEqual(all);
  const { pending } = await d.holds.get(d.ref.environmentId, restored.holdId);
  expect(pending).toEqual({ users: 0, groups: 0, memberships: 0, identities: 0 });
});

it('matches external ids when the dialect does and the directory says nothing', async () => {
  for (const [matchExternalIds, members] of [
    [true, 1],
    [false, 0],
  ] as const) {
    const d = await guardedDirectory(db);
    const ref = { ...d.ref, matchExternalIds };
    await d.store.apply(ref, hire('ada', { externalId: 'e-1' }));
    await d.store.apply(ref, makeGroup('Red', ['e-1']));
    expect(await inEffect(d)).toHaveLength(members);
  }
});

it('judges what a group takes along above it together with the group', async () => {
  const d = await guardedDirectory(db);
  const people = await d.hire(150);
  const inner = String((await d.store.apply(d.ref, makeGroup('Inner', people))).group?.id);
  const outer = String((await d.store.apply(d.ref, makeGroup('Outer', [inner]))).group?.id);
  // Of 300 memberships 150 may go within an hour, and 150 go with the group without being counted.
  await d.store.apply(d.ref, changeMembers(inner, [{ op: 'remove', values: people.slice(0, 1) }]));
  await d.store.apply(d.ref, { kind: 'delete_group', id: inner });
  expect((await d.holds.list(d.ref, PAGE)).data).toMatchObject([{ state: 'open' }]);
  expect((await inEffect(d)).filter((link) => link.startsWith(outer))).toHaveLength(149);
  expect((await inEffect(d)).filter((link) => link.startsWith(inner))).toHaveLength(149);
  expect(await asserted(d)).toEqual([]);
});

async function start(guard: JsonObject): Promise<{ d: GuardedDirectory; source: Source }> {
  const d = await guardedDirectory(db, { guard });
  const source: Source = { ids: new Map(), alive: new Set(), listed: new Map() };
  for (const name of [...PEOPLE, ...TEAMS]) await play(d, source, { do: 'create', name });
  return { d, source };
}

/** What the source says is noted in the order in which the store takes it. */
async function play(d: GuardedDirectory, source: Source, step: Step): Promise<void> {
  if ('team' in step) return playListing(d, source, step);
  if ('name' in step)
    return step.do === 'create' ? create(d, source, step.name) : remove(d, source, step.name);
  const { data } = await d.holds.list(d.ref, PAGE);
  const open = data.find((hold) => hold.state === 'open');
  if (step.do !== 'restore') {
    if (open) await d.holds[step.do](d.ref.environmentId, open.id, 'key');
    return;
  }
  const gone = TEAMS.find((name) => !source.alive.has(name));
  if (gone)
    await d.restores.restore(d.ref, { groupId: String(source.ids.get(gone)) }, 'key').catch(() => undefined);
}

async function playListing(
  d: GuardedDirectory,
  source: Source,
  step: { readonly do: string; readonly team: string; readonly names: readonly string[] },
): Promise<void> {
  const listed = source.listed.get(step.team);
  if (!listed || !source.alive.has(step.team)) return;
  const values = step.names.map((name) => String(source.ids.get(name)));
  const op = step.do === 'list' ? 'add' : step.do === 'unlist' ? 'remove' : 'replace';
  if (op === 'replace') listed.clear();
  for (const value of values) listed[op === 'remove' ? 'delete' : 'add'](value);
  await d.store.apply(d.ref, changeMembers(String(source.ids.get(step.team)), [{ op, values }]));
}

async function create(d: GuardedDirectory, source: Source, name: string): Promise<void> {
  if (source.alive.has(name)) return;
  source.alive.add(name);
  const isTeam = TEAMS.includes(name);
  if (isTeam) source.listed.set(name, new Set());
  const { user, group } = await d.store.apply(d.ref, isTeam ? makeGroup(name, []) : hire(name));
  source.ids.set(name, String((user ?? group)?.id));
}

/** Whoever goes is no longer listed; listed afterwards, they wait until they are back with their old id. */
async function remove(d: GuardedDirectory, source: Source, name: string): Promise<void> {
  if (!source.alive.has(name)) return;
  source.alive.delete(name);
  const id = String(source.ids.get(name));
  for (const listed of source.listed.values()) listed.delete(id);
  source.listed.get(name)?.clear();
  await d.store.apply(d.ref, { kind: TEAMS.includes(name) ? 'delete_group' : 'delete_user', id });
}

/** `team: ids that it lists`. */
function said({ ids, alive, listed }: Source): string[] {
  return [...listed]
    .filter(([name]) => alive.has(name))
    .map(([name, values]) => `${String(ids.get(name))}: ${[...values].toSorted().join(' ')}`)
    .toSorted();
}

/** `group user` of whoever can be reached from a team by what teams list, step by step. */
function reachable({ ids, alive, listed }: Source): string[] {
  const nameOf = new Map([...ids].map(([name, id]) => [id, name]));
  const links: string[] = [];
  for (const team of TEAMS.filter((name) => alive.has(name))) {
    const seen = new Set([team]);
    for (const name of seen) {
      const members = [...(listed.get(name) ?? [])].map((id) => String(nameOf.get(id)));
      for (const member of members.filter((each) => alive.has(each))) seen.add(member);
    }
    for (const name of seen) if (PEOPLE.includes(name)) links.push(`${ids.get(team)} ${ids.get(name)}`);
  }
  return links.toSorted();
}

async function shown(d: GuardedDirectory): Promise<string[]> {
  const { items } = await d.reader.searchGroups(d.ref, { offset: 0, limit: 100 });
  const inGroups = await d.reader.membersOf(
    d.ref,
    items.map(({ id }) => id),
  );
  const line = (id: string): string =>
    `${id}: ${(inGroups.get(id) ?? [])
      .map(({ value }) => value)
      .toSorted()
      .join(' ')}`;
  return items.map(({ id }) => line(id)).toSorted();
}

/** As SCIM shows them at the people: direct and indirect. */
async function asserted(d: GuardedDirectory): Promise<string[]> {
  const { items } = await d.reader.searchUsers(d.ref, { offset: 0, limit: 1_000 });
  const groups = await d.reader.groupsOf(
    d.ref,
    items.map(({ id }) => id),
  );
  return [...groups].flatMap(([userId, each]) => each.map(({ id }) => `${id} ${userId}`)).toSorted();
}

async function inEffect(d: GuardedDirectory): Promise<string[]> {
  const rows = await db.database.query<{ link: string }>({
    text: `SELECT group_id || ' ' || user_id AS link FROM memberships WHERE directory_id = $1`,
    values: [d.ref.directoryId],
  });
  return rows.map(({ link }) => link).toSorted();
}

async function folded(d: GuardedDirectory): Promise<unknown> {
  const log = new FoldedLog(await d.log());
  expect(log.contradictions).toEqual([]);
  return (log.state as { links: string[] }).links;
}
