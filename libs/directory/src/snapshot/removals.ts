import type { Change, SnapshotKind } from '#model';
import { NotFoundError } from '#kernel';
import { CONFIRMING_RUNS, goneRecords } from './absences.js';
import { keyOf, ofRun } from './statement-parts.js';
import { BATCH, fenced, perform, type Outcome, type RunWork, type Task } from './worklist.js';

interface GoneRow {
  readonly source_id: string;
  readonly entity_id: string;
  readonly label: string | null;
  /** The source said so, rather than not showing it any more. */
  readonly is_stated: boolean;
}

/** In words for the admin. */
const STATED = 'The source says that it is gone.';
const ABSENT = `The source lists it no more, and denied it when it was asked, or ${CONFIRMING_RUNS} complete runs in a row have missed it.`;

/** Removes what this run has proven to be gone, or what the source said is gone. */
export async function applyRemovals(work: RunWork, kind: SnapshotKind): Promise<void> {
  let after = '';
  for (;;) {
    const rows = await goneRows(work, { kind, after });
    if (rows.length === 0) return;
    const outcomes = await perform(
      work,
      rows.map((row) => toTask(kind, row)),
    );
    await forget(
      work,
      kind,
      rows.filter((_, index) => isOver(outcomes[index] as Outcome)).map((row) => row.source_id),
    );
    after = (rows.at(-1) as GoneRow).source_id;
  }
}

/** What a plan would remove. */
export async function planRemovals(work: RunWork, kind: SnapshotKind): Promise<void> {
  let after = '';
  for (;;) {
    const rows = await goneRows(work, { kind, after });
    if (rows.length === 0) return;
    for (const row of rows) {
      const { change: _change, proof = '', ...task } = toTask(kind, row);
      work.tally.add({ ...task, detail: proof });
    }
    after = (rows.at(-1) as GoneRow).source_id;
  }
}

function goneRows(
  { database, run }: RunWork,
  { kind, after }: { readonly kind: SnapshotKind; readonly after: string },
): Promise<GoneRow[]> {
  const [table, label] =
    kind === 'user' ? ['directory_users', 'coalesce(e.name, e.user_name)'] : ['directory_groups', 'e.name'];
  return database.query<GoneRow & Record<string, unknown>>({
    name: `snapshot_gone_${kind}s`,
    text: `SELECT r.source_id, r.entity_id, e.label, EXISTS (SELECT FROM snapshot_records s
        WHERE ${ofRun('s')} AND s.kind = $4 AND s.source_id = r.source_id AND s.record IS NULL) AS is_stated
      FROM (SELECT * FROM ${goneRecords('$4')} gone WHERE gone.source_id > $5 ORDER BY gone.source_id LIMIT ${BATCH}) r
      LEFT JOIN LATERAL (SELECT ${label} AS label FROM ${table} e WHERE e.environment_id = $1 AND e.directory_id = $2
        AND e.id = r.entity_id OFFSET 0) e ON true
      ORDER BY r.source_id`,
    values: [...keyOf(run), kind, after],
  });
}

function toTask(kind: SnapshotKind, row: GoneRow): Task {
  const { source_id: sourceId, entity_id: id, label, is_stated: isStated } = row;
  const change: Change = { kind: kind === 'user' ? 'delete_user' : 'delete_group', id };
  return {
    kind,
    action: 'delete',
    sourceId,
    label: label ?? sourceId,
    proof: isStated ? STATED : ABSENT,
    change,
  };
}

/** Somebody who is not there any more is removed already, by a run that was killed before it could note so. */
function isOver(outcome: Outcome): boolean {
  return !('error' in outcome) || outcome.error instanceof NotFoundError;
}

/** The edges of a person stay: the source still has them, and they count again when the person comes back. */
async function forget(work: RunWork, kind: SnapshotKind, sourceIds: readonly string[]): Promise<void> {
  if (sourceIds.length === 0) return;
  const values = [...keyOf(work.run).slice(0, 2), kind, sourceIds];
  await fenced(work, async (tx) => {
    if (kind === 'group') await tx.query({ name: 'snapshot_forget_edges', text: FORGET_EDGES, values });
    await tx.query({
      name: 'snapshot_forget',
      text: `DELETE FROM source_records WHERE environment_id = $1 AND directory_id = $2 AND kind = $3
        AND source_id = ANY($4::text[])`,
      values,
    });
  });
}

/** With a group go its edges; groups that held it are worked out again. */
const FORGET_EDGES = `
WITH gone AS (
  DELETE FROM source_members m WHERE m.environment_id = $1 AND m.directory_id = $2 AND m.group_id = ANY($4::text[])
  RETURNING m.group_id)
UPDATE source_records g SET is_dirty = true
WHERE g.environment_id = $1 AND g.directory_id = $2 AND g.kind = $3 AND NOT g.is_dirty AND g.source_id IN (
  SELECT m.group_id FROM source_members m WHERE m.environment_id = $1 AND m.directory_id = $2
    AND m.member_kind = 'group' AND m.member_id = ANY($4::text[]))`;
