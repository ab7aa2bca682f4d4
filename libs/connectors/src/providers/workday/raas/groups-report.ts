import { isJsonObject, type JsonObject, type JsonValue } from '#kernel';
import type { SnapshotMember, SnapshotRecord } from '#model';
import { decodeRecord } from '../../../sdk/decode.js';
import { SourceError } from '../../../sdk/source-error.js';
import { FEW } from '../shape.js';
import { Columns, type ColumnField } from './columns.js';
import { foldRow, instancesIn, textOf, valueIn, type FoldedRow } from './read-row.js';
import type { SplitReport } from './split-report.js';

const UNKNOWN = 'The members of a group that could not be read are not known.';
const UNREADABLE = 'A member of this group has no id in the report.';

/** A report of groups: a row is a group with its members, or one member of a group. */
export class GroupsReport {
  /** Members in all groups together. */
  readonly members: number;
  readonly #report: SplitReport;
  readonly #columns: Columns;

  /** @throws SourceError when its first row has no id of a group */
  constructor(report: SplitReport, mapped: ReadonlyMap<ColumnField, string>) {
    this.#report = report;
    this.#columns = new Columns(mapped);
    this.members = this.#countMembers();
  }

  get rows(): number {
    return this.#report.length;
  }

  /** A column of members that was renamed would empty all groups. @throws SourceError */
  expectMembers(previous: JsonValue | undefined): void {
    const before = isJsonObject(previous) ? Number(previous['members'] ?? 0) : 0;
    if (this.members > 0 || !(before >= FEW)) return;
    throw new SourceError(
      'source_changed_shape',
      `The report of groups had ${before} members the last time, and has none now: its column of members was removed or ` +
        'renamed. Correct the report; or, if it is meant so, save the settings again. The last state stays.',
    );
  }

  *records(): Generator<readonly SnapshotRecord[]> {
    const said = new Set<string>();
    for (const object of this.#report.rows()) yield recordsOf(foldRow(object), this.#columns, said);
  }

  #countMembers(): number {
    let count = 0;
    let isFirst = true;
    for (const object of this.#report.rows()) {
      const row = foldRow(object);
      if (isFirst && valueIn(row, this.#columns.namesOf('group_id')) === undefined) throw this.#noIds();
      isFirst = false;
      count += membersIn(row, this.#columns).members.length;
    }
    return count;
  }

  #noIds(): SourceError {
    const alias = this.#columns.mapped.get('group_id') ?? 'Group_ID';
    return new SourceError(
      'config_error',
      `The first row of the report of groups has no column ${alias.slice(0, 100)}. A row is a group: Group_ID, Group_Name, and Members with the workers' ids.`,
    );
  }
}

/** A row that cannot be read leaves open who is in which group, so that nobody leaves one. */
function recordsOf(row: FoldedRow, columns: Columns, said: Set<string>): readonly SnapshotRecord[] {
  const fields: JsonObject = {};
  for (const [key, field] of [
    ['id', 'group_id'],
    ['name', 'group_name'],
    ['type', 'group_type'],
  ] as const) {
    const value = valueIn(row, columns.namesOf(field));
    if (value !== undefined) fields[key] = value;
  }
  const record = decodeRecord(fields, 'group', (group) => ({
    kind: 'group',
    group: { sourceId: group.text('id'), name: group.text('name'), raw: group.pick(['id', 'name', 'type']) },
  }));
  if (record.kind !== 'group') {
    const id = record.kind === 'invalid' ? record.id : null;
    return [record, { kind: 'invalid', of: 'membership', id, problem: UNKNOWN }];
  }
  const { sourceId: groupId } = record.group;
  const isNew = !said.has(groupId);
  said.add(groupId);
  const { members, isWhole } = membersIn(row, columns);
  return [
    ...(isNew ? [record] : []),
    ...(members.length === 0 ? [] : [{ kind: 'members', groupId, members } as const]),
    ...(isWhole ? [] : [{ kind: 'invalid', of: 'membership', id: groupId, problem: UNREADABLE } as const]),
  ];
}

function membersIn(
  row: FoldedRow,
  columns: Columns,
): { readonly members: readonly SnapshotMember[]; readonly isWhole: boolean } {
  const names = columns.namesOf('member_id');
  const column = columns.namesOf('group_members').find((name) => row.has(name));
  const ids =
    column === undefined
      ? [valueIn(row, names)].filter((id) => id !== undefined)
      : instancesIn(row.get(column)).map((one) =>
          isJsonObject(one) ? (valueIn(foldRow(one), names) ?? textOf(one)) : textOf(one),
        );
  const members = ids.flatMap((id): SnapshotMember[] => (id === undefined ? [] : [{ kind: 'user', id }]));
  return { members, isWhole: members.length === ids.length };
}
