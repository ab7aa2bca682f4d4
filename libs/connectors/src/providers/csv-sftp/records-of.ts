import type { SnapshotRecord } from '#model';
import { DerivedGroups } from '../../sdk/hr/derived-groups.js';
import type { CsvConfig } from './config.js';
import type { Change } from './files/changes.js';
import type { OpenFiles } from './files/open-files.js';
import { operationOf } from './files/operation.js';
import { isBlank, isTrailer } from './files/survey.js';
import { mapGroup, mapMembership, membershipIn, unknownMembers } from './map-group.js';
import { labelsOf, mapPerson } from './map-person.js';
import { idIn, readRows, type Row, type SheetFile } from './text/read-rows.js';

const ROWS_PER_PAGE = 1_000;

interface Mapping {
  readonly config: CsvConfig;
  readonly now: Date;
}

/** What the files say: of new full files everything, otherwise what has changed. */
export async function* recordsOf(files: OpenFiles, mapping: Mapping): AsyncGenerator<SnapshotRecord[]> {
  const records = new Records(files, mapping);
  if (files.isNew) yield* records.ofFullFiles();
  yield* records.ofChanges();
}

class Records {
  readonly #files: OpenFiles;
  readonly #mapping: Mapping;
  readonly #derived: DerivedGroups;

  constructor(files: OpenFiles, mapping: Mapping) {
    this.#files = files;
    this.#mapping = mapping;
    this.#derived = new DerivedGroups(files.listsGroups ? [] : mapping.config.rules.groupTypes);
  }

  async *ofFullFiles(): AsyncGenerator<SnapshotRecord[]> {
    const { users, groups, memberships } = this.#files.full?.sheets ?? {};
    if (users !== undefined) yield* this.#paged(users, (row) => this.#listedPerson(row, users));
    if (groups !== undefined) yield* this.#paged(groups, (row) => this.#listedGroup(row, groups));
    if (memberships !== undefined)
      yield* this.#paged(memberships, (row) => mapMembership(row, memberships, this.#files));
  }

  *ofChanges(): Generator<SnapshotRecord[]> {
    const { users, groups, members } = this.#files.changes;
    let page: SnapshotRecord[] = [];
    for (const records of this.#changed(users, groups)) {
      page.push(...records);
      if (page.length < ROWS_PER_PAGE) continue;
      yield page;
      page = [];
    }
    for (const { groupId, id, isPresent, isPending } of members) {
      if (!isPending) continue;
      const member = { id, kind: 'user' } as const;
      page.push(
        isPresent
          ? { kind: 'members', groupId, members: [member] }
          : { kind: 'removed_member', groupId, member },
      );
    }
    if (page.length > 0) yield page;
  }

  *#changed(
    users: ReadonlyMap<string, Change>,
    groups: ReadonlyMap<string, Change>,
  ): Generator<readonly SnapshotRecord[]> {
    for (const [id, change] of users) if (change.isPending) yield this.#changedPerson(id, change);
    for (const [id, change] of groups) if (change.isPending) yield this.#changedGroup(id, change);
  }

  #changedPerson(id: string, { operation, row, file }: Change): readonly SnapshotRecord[] {
    if (operation !== 'put') return [unlessPut('user', { id, row, file })];
    if (id === '' || row.problem !== null) return this.#person(row, file);
    const before = this.#files.changes.labelsBefore.get(id) ?? [];
    return [...this.#derived.leaving(id, before, labelsOf(row)), ...this.#person(row, file)];
  }

  #changedGroup(id: string, { operation, row, file }: Change): readonly SnapshotRecord[] {
    if (operation !== 'put') return [unlessPut('group', { id, row, file })];
    const parents = this.#files.changes.parentsBefore.get(id) ?? new Set();
    const left = [...parents].filter((parent) => parent !== '' && parent !== row.cells['parent_group_id']);
    const member = { id, kind: 'group' } as const;
    return [
      ...left.map((groupId) => ({ kind: 'removed_member', groupId, member }) as const),
      ...mapGroup(row, file),
    ];
  }

  /** Of whom a delta file speaks, it has the last word. */
  #listedPerson(row: Row, file: SheetFile): readonly SnapshotRecord[] {
    const id = row.cells['idp_id'] ?? '';
    const { changes, survey } = this.#files;
    if (changes.users.get(id)?.isPending === true) return [];
    if (row.problem !== null) return this.#person(row, file);
    const operation = operationOf(row);
    if (id !== '' && operation !== 'put') return [unlessPut('user', { id, row, file })];
    if (survey?.repeated.has(id) !== true) return this.#person(row, file);
    const problem = `${file.name}, line ${row.line}: the id stands in several rows.`;
    return [{ kind: 'invalid', of: 'user', id, problem }, ...this.#derived.recordsOf(id, labelsOf(row))];
  }

  #listedGroup(row: Row, file: SheetFile): readonly SnapshotRecord[] {
    const id = row.cells['group_id'] ?? '';
    if (this.#files.changes.groups.get(id)?.isPending === true) return [];
    const operation = operationOf(row);
    if (row.problem !== null || operation === 'put') return mapGroup(row, file);
    const record = unlessPut('group', { id, row, file });
    return record.kind === 'invalid' ? [record, ...membershipIn(row, id)] : [record];
  }

  /** Who is set aside stays in the groups that the row names. */
  #person(row: Row, file: SheetFile): readonly SnapshotRecord[] {
    const id = idIn(row, file, 'idp_id');
    const record = mapPerson(row, file, this.#mapping);
    // Files of memberships may name somebody who is not known to be there.
    const stranger = id === null ? [unknownMembers(null, `${file.name}, line ${row.line}: no id.`)] : [];
    if (id === null || row.problem !== null) return [record, ...stranger, ...this.#derived.unknown()];
    return [record, ...this.#derived.recordsOf(id, labelsOf(row))];
  }

  async *#paged(
    file: SheetFile,
    map: (row: Row) => readonly SnapshotRecord[],
  ): AsyncGenerator<SnapshotRecord[]> {
    const { trailer } = this.#mapping.config.files;
    let records: SnapshotRecord[] = [];
    for await (const row of readRows(file)) {
      if (isBlank(row) || (trailer && isTrailer(row, file))) continue;
      records.push(...map(row));
      if (records.length < ROWS_PER_PAGE) continue;
      yield records;
      records = [];
    }
    if (records.length > 0) yield records;
  }
}

/** A row that removes, or whose word nobody knows: then everything stays as it is. */
function unlessPut(
  of: 'user' | 'group',
  { id, row, file }: { readonly id: string; readonly row: Row; readonly file: SheetFile },
): SnapshotRecord {
  const at = `${file.name}, line ${row.line}`;
  const word = (row.cells['operation'] ?? '').slice(0, 40);
  if (operationOf(row) === 'remove' && id !== '')
    return { kind: 'removed', of, id, reason: `${at} says "${word}"` };
  const problem = `${at}: "operation" has the unknown value "${word}". Known are add, update and remove.`;
  return { kind: 'invalid', of, id: id === '' ? null : id, problem };
}
