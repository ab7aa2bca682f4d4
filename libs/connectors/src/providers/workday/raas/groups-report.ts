import type { JsonObject } from '#kernel';
import type { SnapshotMember, SnapshotRecord } from '#model';
import { decodeRecord } from '../../../sdk/decode.js';
import { SourceError } from '../../../sdk/source-error.js';
import { Columns, type ColumnField } from './columns.js';
import { foldRow, objectsIn, valueIn, type FoldedRow } from './read-row.js';
import type { SplitReport } from './split-report.js';

/** A row is a group with its members, or one member of a group. */
export function* readGroupsReport(
  report: SplitReport,
  mapped: ReadonlyMap<ColumnField, string>,
): Generator<readonly SnapshotRecord[]> {
  const columns = new Columns(mapped);
  const said = new Set<string>();
  let hasIds = false;
  for (const object of report.rows()) {
    const row = foldRow(object);
    const id = valueIn(row, columns.namesOf('group_id'));
    if (!hasIds && id === undefined) throw noIds(columns);
    hasIds = true;
    yield recordsOf(row, { id, columns, said });
  }
}

interface Reading {
  readonly id: string | undefined;
  readonly columns: Columns;
  /** Groups that were said before. */
  readonly said: Set<string>;
}

/** A row that cannot be read leaves open who is in which group, so that nobody leaves one. */
function recordsOf(row: FoldedRow, { id, columns, said }: Reading): readonly SnapshotRecord[] {
  const value = (field: ColumnField): string | undefined => valueIn(row, columns.namesOf(field));
  const fields: JsonObject = present({ id, name: value('group_name'), type: value('group_type') });
  const record = decodeRecord(fields, 'group', (group) => ({
    kind: 'group',
    group: { sourceId: group.text('id'), name: group.text('name'), raw: group.pick(['id', 'name', 'type']) },
  }));
  if (record.kind !== 'group')
    return [
      record,
      {
        kind: 'invalid',
        of: 'membership',
        id: record.kind === 'invalid' ? record.id : null,
        problem: UNKNOWN,
      },
    ];
  const { sourceId } = record.group;
  const isNew = !said.has(sourceId);
  said.add(sourceId);
  const { members, isWhole } = membersIn(row, columns);
  return [
    ...(isNew ? [record] : []),
    ...(members.length === 0 ? [] : [{ kind: 'members', groupId: sourceId, members } as const]),
    ...(isWhole ? [] : [{ kind: 'invalid', of: 'membership', id: sourceId, problem: UNREADABLE } as const]),
  ];
}

const UNKNOWN = 'The members of a group that could not be read are not known.';
const UNREADABLE = 'A member of this group has no id in the report.';

function membersIn(
  row: FoldedRow,
  columns: Columns,
): { readonly members: readonly SnapshotMember[]; readonly isWhole: boolean } {
  const names = columns.namesOf('member_id');
  const column = columns.namesOf('group_members').find((name) => row.has(name));
  if (column === undefined) {
    const id = valueIn(row, names);
    return { members: id === undefined ? [] : [{ kind: 'user', id }], isWhole: true };
  }
  const objects = objectsIn(row.get(column));
  const ids = objects.map((object) => valueIn(foldRow(object), names));
  const members = ids.flatMap((id): SnapshotMember[] => (id === undefined ? [] : [{ kind: 'user', id }]));
  return { members, isWhole: objects.length > 0 && members.length === objects.length };
}

function noIds(columns: Columns): SourceError {
  const alias = columns.mapped.get('group_id') ?? 'Group_ID';
  return new SourceError(
    'config_error',
    `The first row of the report of groups has no column ${alias.slice(0, 100)}. A row is a group: Group_ID, Group_Name, and Members with the workers' ids.`,
  );
}

function present(values: Readonly<Record<string, string | undefined>>): JsonObject {
  const object: JsonObject = {};
  for (const [key, value] of Object.entries(values)) if (value !== undefined) object[key] = value;
  return object;
}
