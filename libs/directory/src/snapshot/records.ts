import type { JsonObject } from '#kernel';
import type { Change, DirectoryUser, SnapshotGroup, SnapshotKind, SnapshotUser, UserInput } from '#model';
import type { KeptAttribute } from './losses.js';
import { settleNames, standInName, tellStandIn, type Namesake } from './namesakes.js';
import { isRecord, keyOf, ofRun } from './statement-parts.js';
import { BATCH, fenced, perform, type Outcome, type RunWork, type Task } from './worklist.js';

/** A staged record that differs from what was last believed. */
interface ChangedRow {
  readonly source_id: string;
  readonly digest: string;
  readonly record: JsonObject;
  readonly entity_id: string | null;
  readonly was_active: boolean | null;
  /** Somebody else has the user name, and keeps it. */
  readonly goesWithoutName?: boolean;
}

/** Most records of a run that are tried a second time; the others have their turn in the next run. */
const MOST_RETRIES = 1_000;

/**
 * Creates and updates the people or groups that the run shows otherwise than before. What is refused because another
 * change of the same run has to come first (two people who swap their names) is tried again at the end. Nobody is left
 * out for the sake of a name.
 */
export async function applyRecords(work: RunWork, kind: SnapshotKind): Promise<void> {
  const refused: ChangedRow[] = [];
  let after = '';
  for (;;) {
    const rows = await changedRows(work, { kind, after });
    refused.push(...(await applyRows(work, { kind, rows, isLast: false })).slice(0, MOST_RETRIES));
    if (rows.length < BATCH) break;
    after = (rows.at(-1) as ChangedRow).source_id;
  }
  for (let start = 0; start < refused.length; start += BATCH) {
    const rows = refused.slice(start, start + BATCH);
    const still = await applyRows(work, { kind, rows, isLast: kind === 'group' });
    if (still.length > 0) await applyRows(work, { kind, rows: await named(work, still), isLast: true });
  }
}

/** People who were refused, as far as that was for their names: each with a name that is free. */
async function named(work: RunWork, rows: readonly ChangedRow[]): Promise<readonly ChangedRow[]> {
  const namesakes = rows.map(toNamesake);
  const without = await settleNames(work, namesakes);
  for (const namesake of namesakes) if (without.has(namesake.sourceId)) tellStandIn(work, namesake);
  return rows.map((row) => ({ ...row, goesWithoutName: without.has(row.source_id) }));
}

function toNamesake({ source_id: sourceId, record }: ChangedRow): Namesake {
  return { sourceId, input: toUserInput(record as unknown as SnapshotUser) };
}

/** What a plan would create, update or deactivate; nothing is written. */
export async function planRecords(work: RunWork, kind: SnapshotKind): Promise<void> {
  let after = '';
  for (;;) {
    const rows = await changedRows(work, { kind, after });
    for (const row of rows) {
      const { change: _change, ...task } = toTask(work, kind, row);
      work.tally.add({ ...task, detail: '' });
    }
    if (rows.length < BATCH) return;
    after = (rows.at(-1) as ChangedRow).source_id;
  }
}

function changedRows(
  { database, run }: RunWork,
  { kind, after }: { readonly kind: SnapshotKind; readonly after: string },
): Promise<ChangedRow[]> {
  return database.query<ChangedRow & Record<string, unknown>>({
    name: `snapshot_changed_${kind}s`,
    text: kind === 'user' ? CHANGED_USERS : CHANGED_GROUPS,
    values: [...keyOf(run), after],
  });
}

/**
 * The entity is looked up beside: after a kill it may exist although nobody has noted so. Its state is asked for apart
 * from its key, so that no index but that of the key fits.
 */
const changed = (kind: SnapshotKind, table: string, active: string): string => `
SELECT c.source_id, c.digest, c.record, e.id AS entity_id, e.active AS was_active
FROM (
  SELECT s.source_id, s.digest, s.record FROM snapshot_records s
  LEFT JOIN LATERAL (SELECT r.digest FROM source_records r
    WHERE ${isRecord('r', `'${kind}'`, 's.source_id')} OFFSET 0) r ON true
  WHERE ${ofRun('s')} AND s.kind = '${kind}' AND s.record IS NOT NULL AND s.source_id > $4
    AND s.digest IS DISTINCT FROM r.digest
  ORDER BY s.source_id LIMIT ${BATCH}) c
LEFT JOIN LATERAL (SELECT t.id, t.active FROM (SELECT t.id, ${active} AS active, t.asserted_deleted_at FROM ${table} t
    WHERE t.environment_id = $1 AND t.directory_id = $2 AND t.external_id = c.source_id OFFSET 0) t
  WHERE t.asserted_deleted_at IS NULL LIMIT 1) e ON true
ORDER BY c.source_id`;
const CHANGED_USERS = changed('user', 'directory_users', 't.active');
const CHANGED_GROUPS = changed('group', 'directory_groups', 'true');

async function applyRows(
  work: RunWork,
  {
    kind,
    rows,
    isLast,
  }: { readonly kind: SnapshotKind; readonly rows: readonly ChangedRow[]; readonly isLast: boolean },
): Promise<ChangedRow[]> {
  const { tally } = work;
  const before = { items: tally.items.length, refused: tally.of(kind, 'refused') };
  const outcomes = await perform(
    work,
    rows.map((row) => toTask(work, kind, row)),
  );
  await remember(work, kind, zip(rows, outcomes));
  const refused = rows.filter((_, index) => 'error' in (outcomes[index] as Outcome));
  if (isLast || refused.length === 0) return [];
  // They are tried again; only the last word is reported.
  tally.count({ kind, action: 'refused' }, before.refused - tally.of(kind, 'refused'));
  const kept = tally.items.slice(before.items).filter((item) => item.action !== 'refused');
  tally.items.splice(before.items, Infinity, ...kept);
  return refused;
}

function toTask({ decision }: RunWork, kind: SnapshotKind, row: ChangedRow): Task {
  const { source_id: sourceId, entity_id: id } = row;
  if (kind === 'group') {
    const group = row.record as unknown as SnapshotGroup;
    const input = { externalId: sourceId, name: group.name, raw: group.raw, folded: {} };
    const change: Change =
      id === null
        ? { kind: 'create_group', group: input, members: [] }
        : { kind: 'update_group', id, update: () => ({ group: input, members: [] }) };
    return { kind, sourceId, label: group.name, action: id === null ? 'create' : 'update', change };
  }
  const user = row.record as unknown as SnapshotUser;
  const input = toUserInput(user);
  const withName = (values: UserInput, current?: DirectoryUser): UserInput =>
    row.goesWithoutName === true ? { ...values, userName: standInName(sourceId, current) } : values;
  const withState = ({ active, stateReason }: DirectoryUser): UserInput =>
    user.isStateUntold === true ? { ...input, active, stateReason } : input;
  const change: Change =
    id === null
      ? { kind: 'create_user', user: withName(input) }
      : {
          kind: 'update_user',
          id,
          update: (current) => withName(keep(withState(current), current, decision.kept), current),
        };
  return { kind, sourceId, label: input.name ?? input.userName, action: actionOf(row, input), change };
}

function actionOf({ entity_id, was_active }: ChangedRow, { active }: UserInput): Task['action'] {
  if (entity_id === null) return 'create';
  return was_active === true && !active ? 'deactivate' : 'update';
}

function toUserInput(user: SnapshotUser): UserInput {
  const { sourceId, userName, personKey, ...others } = user;
  const { upcoming: _upcoming, isStateUntold: _isStateUntold, ...rest } = others;
  return {
    ...rest,
    externalId: sourceId,
    userName: userName ?? user.email ?? sourceId,
    // Whoever reads us can see that two are one; we make nothing of it.
    ...(personKey && { customAttributes: { ...rest.customAttributes, person_key: personKey } }),
    folded: {},
  };
}

function keep(input: UserInput, current: DirectoryUser, kept: readonly KeptAttribute[]): UserInput {
  const names: (KeptAttribute | 'userName' | 'emails')[] = kept.filter((name) => input[name] === null);
  // What was made of the address goes with it: the name that the source's own id stands in for now, and the list.
  if (names.includes('email') && input.userName === input.externalId) names.push('userName');
  if (names.includes('email') && input.emails.length === 0) names.push('emails');
  const values = names.map((name) => [name, current[name]] as const);
  return values.length === 0 ? input : { ...input, ...Object.fromEntries(values) };
}

/**
 * Whoever kept an attribute is compared again in every run, until the source shows it or the loss is believed; and who
 * goes without the name, until it is free.
 */
function digestOf({ digest, record, goesWithoutName }: ChangedRow, kept: readonly KeptAttribute[]): string {
  if (goesWithoutName === true) return '';
  return kept.some((name) => record[name] === null || record[name] === undefined) ? '' : digest;
}

interface Done {
  readonly row: ChangedRow;
  readonly entityId: string;
}

/** Those that were not refused, with the id that they have here. */
function zip(rows: readonly ChangedRow[], outcomes: readonly Outcome[]): Done[] {
  return rows.flatMap((row, index) => {
    const outcome = outcomes[index] as Outcome;
    if ('error' in outcome) return [];
    const entityId = (outcome.result.user ?? outcome.result.group)?.id;
    return entityId === undefined ? [] : [{ row, entityId }];
  });
}

/** Notes what is believed from now on. People who are new make the groups that were waiting for them dirty. */
async function remember(work: RunWork, kind: SnapshotKind, done: readonly Done[]): Promise<void> {
  const { run, decision } = work;
  if (done.length === 0) return;
  const upcoming = done.map(({ row }) => row.record['upcoming'] ?? null) as ({ at: string } | null)[];
  await fenced(work, async (tx) => {
    await tx.query({
      name: 'snapshot_remember',
      text: REMEMBER,
      values: [
        ...keyOf(run).slice(0, 2),
        kind,
        done.map(({ row }) => row.source_id),
        done.map(({ entityId }) => entityId),
        done.map(({ row }) => (kind === 'user' ? digestOf(row, decision.kept) : row.digest)),
        upcoming.map((state) => state?.at ?? null),
        upcoming.map((state) => (state === null ? null : JSON.stringify(state))),
      ],
    });
    const arrived = done.filter(({ row }) => row.entity_id === null).map(({ row }) => row.source_id);
    if (arrived.length > 0)
      await tx.query({
        name: 'snapshot_dirty_groups_of',
        text: DIRTY_GROUPS_OF,
        values: [...keyOf(run).slice(0, 2), kind, arrived],
      });
  });
}

const REMEMBER = `
INSERT INTO source_records (environment_id, directory_id, kind, source_id, entity_id, digest, upcoming_at, upcoming,
  is_dirty)
SELECT $1, $2, $3, r.source_id, r.entity_id, r.digest, r.upcoming_at, r.upcoming, $3 = 'group'
FROM unnest($4::text[], $5::text[], $6::text[], $7::timestamptz[], $8::jsonb[])
  AS r (source_id, entity_id, digest, upcoming_at, upcoming)
ON CONFLICT (environment_id, directory_id, kind, source_id) DO UPDATE SET entity_id = excluded.entity_id,
  digest = excluded.digest, upcoming_at = excluded.upcoming_at, upcoming = excluded.upcoming,
  is_dirty = source_records.is_dirty OR source_records.entity_id <> excluded.entity_id,
  missing_since = NULL, missing_runs = 0, missing_run_id = NULL`;

const DIRTY_GROUPS_OF = `
UPDATE source_records g SET is_dirty = true
FROM unnest($4::text[]) AS arrived (id)
CROSS JOIN LATERAL (SELECT m.group_id FROM source_members m WHERE m.environment_id = $1 AND m.directory_id = $2
  AND m.member_kind = $3 AND m.member_id = arrived.id) waiting
WHERE g.environment_id = $1 AND g.directory_id = $2 AND g.kind = 'group' AND g.source_id = waiting.group_id
  AND NOT g.is_dirty`;
