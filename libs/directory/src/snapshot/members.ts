import type { Change, MemberOperation } from '#model';
import { GONE_MEMBERS } from './compare-members.js';
import {
  memberDifferences,
  notedDifferences,
  type GroupDifference,
  type MemberKey,
} from './member-differences.js';
import { refreshStatistics } from './growth.js';
import { isRecord, keyOf, ofRun } from './statement-parts.js';
import { BATCH, fenced, perform, type Outcome, type RunWork, type Task } from './worklist.js';

/** Groups whose edges are taken over in one transaction, and edges from which on no further group is taken in. */
const EDGE_PAGE = 2_000;
const EDGES_PER_TRANSACTION = 20_000;
/** Groups whose members are worked out in one statement, to begin with and at most. */
const FIRST_GROUP_PAGE = 50;
const LAST_GROUP_PAGE = 3_200;
/** Differences that are taken from the server at once. */
const MOST_DIFFERENCES = 20_000;
/** A group of everybody must not become one endless transaction, nor its events fill the memory. */
const MEMBERS_PER_TRANSACTION = 500;

/**
 * Takes over the edges that the run shows or takes away, and marks the groups whose members follow from other edges than
 * before. Repeating it does nothing.
 */
export async function applyEdges(work: RunWork): Promise<void> {
  const { database, run } = work;
  let after = '';
  for (;;) {
    const groups = await database.query<{ group_id: string }>({
      name: 'snapshot_groups_with_edges',
      text: GROUPS_WITH_EDGES,
      values: [...keyOf(run), after],
    });
    if (groups.length === 0) break;
    const upTo = (groups.at(-1) as { group_id: string }).group_id;
    const range = [...keyOf(run), after, upTo];
    await fenced(work, async (tx) => {
      await tx.query({ name: 'snapshot_add_edges', text: ADD_EDGES, values: range });
      await tx.query({ name: 'snapshot_remove_edges', text: REMOVE_EDGES, values: range });
    });
    await work.growth.add(groups.length);
    after = upTo;
  }
  await refreshStatistics(database);
  await fenced(work, (tx) =>
    tx.query({ name: 'snapshot_dirty_ancestors', text: DIRTY_ANCESTORS, values: keyOf(run).slice(0, 2) }),
  );
}

const GROUPS_WITH_EDGES = `
SELECT page.group_id FROM (
  SELECT g.group_id,
    coalesce(sum(g.edges) OVER (ORDER BY g.group_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS before
  FROM (
    SELECT e.group_id, sum(e.edges) AS edges FROM (
      SELECT a.group_id, cardinality(a.member_ids) AS edges FROM snapshot_member_additions a
      WHERE ${ofRun('a')} AND a.group_id > $4
      UNION ALL
      SELECT m.group_id, 1 FROM ${GONE_MEMBERS} m WHERE m.group_id > $4) e
    GROUP BY e.group_id ORDER BY e.group_id LIMIT ${EDGE_PAGE}) g) page
WHERE page.before < ${EDGES_PER_TRANSACTION} ORDER BY page.group_id`;

const inRange = (alias: string): string => `${alias}.group_id > $4 AND ${alias}.group_id <= $5`;
/**
 * Notes what has to follow from the edges `changed`: for a group that is in no other and has none in it, the people whose
 * edge it is; for any other the group as a whole, and so for one that is to be worked out anyway. NOT IN and IS TRUE keep
 * the server from comparing each with each: it does not know how many there are.
 * @param isMember whether the edges have come or gone, as SQL
 */
const noteChanged = (isMember: 'true' | 'false'): string => `
nesting AS MATERIALIZED (SELECT EXISTS (SELECT FROM source_members m WHERE m.environment_id = $1 AND m.directory_id = $2
  AND m.member_kind = 'group') AS is_known),
alone AS (
  SELECT g.source_id FROM (SELECT DISTINCT group_id FROM changed) c
  CROSS JOIN LATERAL (SELECT r.source_id FROM source_records r
    WHERE ${isRecord('r', "'group'", 'c.group_id')} AND NOT r.is_dirty OFFSET 0) g
  WHERE g.source_id NOT IN (SELECT e.group_id FROM changed e WHERE e.member_kind = 'group')
    AND (NOT (SELECT nesting.is_known FROM nesting)
      OR NOT EXISTS (SELECT FROM source_members m WHERE m.environment_id = $1 AND m.directory_id = $2
          AND m.group_id = g.source_id AND m.member_kind = 'group' OFFSET 0)
        AND NOT EXISTS (SELECT FROM source_members m WHERE m.environment_id = $1 AND m.directory_id = $2
          AND m.member_kind = 'group' AND m.member_id = g.source_id OFFSET 0))),
noted AS (
  INSERT INTO source_member_changes (environment_id, directory_id, group_id, member_id, is_member)
  SELECT $1, $2, c.group_id, c.member_id, ${isMember} FROM changed c
  WHERE (c.group_id IN (SELECT alone.source_id FROM alone)) IS TRUE
  ON CONFLICT (environment_id, directory_id, group_id, member_id) DO UPDATE SET is_member = excluded.is_member)
UPDATE source_records g SET is_dirty = true
WHERE g.environment_id = $1 AND g.directory_id = $2 AND g.kind = 'group' AND NOT g.is_dirty
  AND g.source_id IN (SELECT group_id FROM changed EXCEPT SELECT source_id FROM alone)`;

const ADD_EDGES = `
WITH changed AS (
  INSERT INTO source_members (environment_id, directory_id, group_id, member_kind, member_id)
  SELECT $1, $2, a.group_id, a.member_kind, i.member_id
  FROM snapshot_member_additions a CROSS JOIN LATERAL unnest(a.member_ids) AS i (member_id)
  WHERE ${ofRun('a')} AND ${inRange('a')}
  ON CONFLICT DO NOTHING RETURNING group_id, member_kind, member_id),
${noteChanged('true')}`;

const REMOVE_EDGES = `
WITH changed AS (
  DELETE FROM source_members m USING ${GONE_MEMBERS} g
  WHERE m.environment_id = $1 AND m.directory_id = $2 AND m.group_id = g.group_id AND m.member_kind = g.member_kind
    AND m.member_id = g.member_id AND ${inRange('g')}
  RETURNING m.group_id, m.member_kind, m.member_id),
${noteChanged('false')}`;

/** A group in a group: what changes below changes above. */
const DIRTY_ANCESTORS = `
WITH RECURSIVE above (id) AS (
  SELECT source_id FROM source_records WHERE environment_id = $1 AND directory_id = $2 AND is_dirty
  UNION
  SELECT m.group_id FROM above
  CROSS JOIN LATERAL (SELECT e.group_id FROM source_members e WHERE e.environment_id = $1 AND e.directory_id = $2
    AND e.member_kind = 'group' AND e.member_id = above.id OFFSET 0) m)
UPDATE source_records g SET is_dirty = true
WHERE g.environment_id = $1 AND g.directory_id = $2 AND g.kind = 'group' AND NOT g.is_dirty
  AND g.source_id IN (SELECT id FROM above)`;

/** Brings memberships to what follows from the edges. */
export async function applyMembers(work: RunWork): Promise<void> {
  await applyNoted(work);
  await applyDirty(work);
}

/** Those that were noted one by one. */
async function applyNoted(work: RunWork): Promise<void> {
  let after: MemberKey = ['', ''];
  for (;;) {
    const groups = await notedDifferences(work, after);
    const last = groups.at(-1);
    if (last === undefined) return;
    const known = groups.filter((group) => group.entity_id !== null) as GroupDifference[];
    const failed = await changeMembers(work, known);
    const upTo: MemberKey = [last.source_id, last.last_member];
    await fenced(work, (tx) =>
      tx.query({
        name: 'snapshot_members_done',
        text: MEMBERS_DONE,
        values: [...keyOf(work.run).slice(0, 2), ...after, ...upTo, [...failed]],
      }),
    );
    after = upTo;
  }
}

const MEMBERS_DONE = `
DELETE FROM source_member_changes c WHERE c.environment_id = $1 AND c.directory_id = $2
  AND (c.group_id, c.member_id) > ($3, $4) AND (c.group_id, c.member_id) <= ($5, $6)
  AND c.group_id <> ALL($7::text[])`;

/** Those of dirty groups: everybody below, each once. */
async function applyDirty(work: RunWork): Promise<void> {
  let after = '';
  let size = FIRST_GROUP_PAGE;
  for (;;) {
    const groups = await memberDifferences(work, { after, size, most: MOST_DIFFERENCES });
    if (groups.length === 0) return;
    const failed = await changeMembers(work, groups);
    const clean = groups.map((group) => group.source_id).filter((id) => !failed.has(id));
    await fenced(work, (tx) =>
      tx.query({
        name: 'snapshot_clean_groups',
        text: `UPDATE source_records SET is_dirty = false
          WHERE environment_id = $1 AND directory_id = $2 AND kind = 'group' AND source_id = ANY($3::text[])`,
        values: [...keyOf(work.run).slice(0, 2), clean],
      }),
    );
    after = (groups.at(-1) as GroupDifference).source_id;
    size = nextPage(size, groups);
  }
}

/** Few differences in many groups are found by one look at all of them, many differences must not come at once. */
function nextPage(size: number, groups: readonly GroupDifference[]): number {
  const differences = groups.reduce((sum, { added, removed }) => sum + added.length + removed.length, 0);
  if (differences > MOST_DIFFERENCES / 4) return Math.max(Math.floor(size / 2), FIRST_GROUP_PAGE);
  return Math.min(size * 4, LAST_GROUP_PAGE);
}

/** @returns the source ids of those that are not as they should be, because a change was refused. */
async function changeMembers(
  work: RunWork,
  groups: readonly GroupDifference[],
): Promise<ReadonlySet<string>> {
  const failed = new Set<string>();
  for (const tasks of batches(groups, work.decision.holdId !== null)) {
    const outcomes = await perform(work, tasks);
    tasks.forEach(({ sourceId }, index) => {
      if ('error' in (outcomes[index] as Outcome)) failed.add(sourceId);
    });
  }
  return failed;
}

/** Small groups share a transaction, large ones have several. */
function* batches(groups: readonly GroupDifference[], isHeld: boolean): Generator<Task[]> {
  let tasks: Task[] = [];
  let members = 0;
  for (const group of groups)
    for (const step of isHeld ? parts(group) : steps(group)) {
      const size = step.reduce((sum, { values }) => sum + values.length, 0);
      if (tasks.length === BATCH || members + size > MEMBERS_PER_TRANSACTION) {
        yield tasks;
        tasks = [];
        members = 0;
      }
      tasks.push(toTask(group, step));
      members += size;
    }
  if (tasks.length > 0) yield tasks;
}

function toTask({ source_id: sourceId, entity_id: id, name }: GroupDifference, members: MemberStep): Task {
  const change: Change = {
    kind: 'update_group',
    id,
    named: members.flatMap(({ values }) => values),
    update: ({ externalId, name: current, raw }) => ({
      group: { externalId, name: current, raw, folded: {} },
      members,
    }),
  };
  return { kind: 'membership', action: 'members', sourceId, label: name ?? sourceId, change };
}

/** What is done to the members of a group in one change. */
type MemberStep = readonly Extract<MemberOperation, { readonly values: readonly string[] }>[];

/** Who comes and who goes in one change, where they are few. */
function* steps(group: GroupDifference): Generator<MemberStep> {
  const { added, removed } = group;
  if (added.length + removed.length > MEMBERS_PER_TRANSACTION) yield* parts(group);
  else {
    const members = (
      [
        { op: 'add', values: added },
        { op: 'remove', values: removed },
      ] as const
    ).filter(({ values }) => values.length > 0);
    if (members.length > 0) yield members;
  }
}

/** Apart, so that what a hold keeps back is told by itself. */
function* parts({ added, removed }: GroupDifference): Generator<MemberStep> {
  for (let start = 0; start < added.length; start += MEMBERS_PER_TRANSACTION)
    yield [{ op: 'add', values: added.slice(start, start + MEMBERS_PER_TRANSACTION) }];
  for (let start = 0; start < removed.length; start += MEMBERS_PER_TRANSACTION)
    yield [{ op: 'remove', values: removed.slice(start, start + MEMBERS_PER_TRANSACTION) }];
}
