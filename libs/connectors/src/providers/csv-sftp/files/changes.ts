import { SourceError } from '../../../sdk/source-error.js';
import type { GroupLabel } from '../../../sdk/hr/derived-groups.js';
import { labelsOf } from '../map-person.js';
import { idIn, readRows, type Row, type SheetFile } from '../text/read-rows.js';
import type { Role } from './find-sets.js';
import type { LoadedFullSet, LoadedSet } from './load-set.js';
import { operationOf, type Operation } from './operation.js';
import { isBlank, isTrailer, readDelta, type Survey } from './survey.js';

/** The last word of the delta files about one person or group. */
export interface Change {
  readonly operation: Operation;
  /** Cells that no delta file had are those of the full file. */
  readonly row: Row;
  readonly file: SheetFile;
  /** Said by a file that was not applied yet. */
  readonly isPending: boolean;
}

export interface MemberChange {
  readonly groupId: string;
  readonly id: string;
  readonly isPresent: boolean;
  readonly isPending: boolean;
}

/** What delta files come to, on top of the full ones. */
export interface Changes {
  readonly users: ReadonlyMap<string, Change>;
  readonly groups: ReadonlyMap<string, Change>;
  readonly members: readonly MemberChange[];
  /** Departments, places and teams in which a person was before. */
  readonly labelsBefore: ReadonlyMap<string, readonly GroupLabel[]>;
  /** Groups in which a group was before. */
  readonly parentsBefore: ReadonlyMap<string, ReadonlySet<string>>;
}

export interface DeltaFiles {
  readonly set: LoadedSet;
  readonly isPending: boolean;
}

interface Merging {
  /** Null when they are gone. */
  readonly full: LoadedFullSet | null;
  readonly survey: Survey | null;
  /** Columns of the full files, as `users.email`. */
  readonly columns: readonly string[];
  readonly expectsTrailer: boolean;
  /** Every delta file since the full ones is there, and so are they. */
  readonly isWhole: boolean;
  /** What people have in common makes groups. */
  readonly derivesGroups: boolean;
}

/** Rows of all delta files together; whoever changes more people than that sends full files. */
const MAX_ROWS = 200_000;

export const NO_CHANGES: Changes = {
  users: new Map(),
  groups: new Map(),
  members: [],
  labelsBefore: new Map(),
  parentsBefore: new Map(),
};

/** Reads delta files in order, the last word counts. @throws SourceError when they cannot be applied without guessing */
export async function mergeDeltas(deltas: readonly DeltaFiles[], merging: Merging): Promise<Changes> {
  if (deltas.length === 0) return NO_CHANGES;
  const merger = new Merger(merging);
  for (const delta of deltas)
    for (const role of ['users', 'groups', 'memberships'] as const) await merger.read(delta, role);
  await merger.fillIn();
  return merger.changes();
}

interface Step {
  readonly row: Row;
  readonly file: SheetFile;
  readonly isPending: boolean;
}

class Merger {
  readonly #merging: Merging;
  readonly #steps: Readonly<Record<'users' | 'groups', Map<string, Step[]>>> = {
    users: new Map(),
    groups: new Map(),
  };
  readonly #members = new Map<string, MemberChange>();
  readonly #before: Readonly<Record<'users' | 'groups', Map<string, Row>>> = {
    users: new Map(),
    groups: new Map(),
  };
  #rows = 0;

  constructor(merging: Merging) {
    this.#merging = merging;
  }

  async read({ set, isPending }: DeltaFiles, role: Role): Promise<void> {
    const file = set.sheets[role];
    if (file === undefined) return;
    const { expectsTrailer } = this.#merging;
    const limit = MAX_ROWS - this.#rows;
    const rows = await readDelta(file, { rows: set.rows[role], expectsTrailer, limit });
    this.#rows += rows.length;
    if (isPending) this.#expectColumns(file, role, rows);
    for (const row of rows)
      if (role === 'memberships') this.#member(row, isPending, file);
      else this.#step(role, { row, file, isPending });
  }

  /** Looks the named people and groups up in the full files. */
  async fillIn(): Promise<void> {
    const { full, expectsTrailer } = this.#merging;
    for (const role of ['users', 'groups'] as const) {
      const file = full?.sheets[role];
      if (file === undefined) continue;
      for await (const row of readRows(file)) {
        if (isBlank(row) || (expectsTrailer && isTrailer(row, file))) continue;
        const id = idOf(row, role);
        if (this.#steps[role].has(id) && row.problem === null) this.#before[role].set(id, row);
      }
    }
  }

  changes(): Changes {
    const users = this.#merged('users');
    const groups = this.#merged('groups');
    return {
      users: users.changes,
      groups: groups.changes,
      members: [...this.#members.values()],
      labelsBefore: new Map([...users.before].map(([id, rows]) => [id, rows.flatMap(labelsOf)])),
      parentsBefore: new Map(
        [...groups.before].map(([id, rows]) => [
          id,
          new Set(rows.map(({ cells }) => cells['parent_group_id'] ?? '')),
        ]),
      ),
    };
  }

  #merged(role: 'users' | 'groups'): { changes: Map<string, Change>; before: Map<string, Row[]> } {
    const changes = new Map<string, Change>();
    const before = new Map<string, Row[]>();
    for (const [id, steps] of this.#steps[role]) {
      let known = this.#before[role].get(id);
      const versions = known === undefined ? [] : [known];
      for (const step of steps) {
        const change = this.#onTopOf(known, step, role);
        changes.set(id, change);
        known = change.operation === 'put' && step.row.problem === null ? change.row : undefined;
        if (known !== undefined) versions.push(known);
      }
      before.set(id, versions);
    }
    return { changes, before };
  }

  /** A broken line says nothing, not even what is to be done. */
  #onTopOf(known: Row | undefined, { row, file, isPending }: Step, role: 'users' | 'groups'): Change {
    const operation = row.problem === null ? operationOf(row) : 'put';
    const isWhole = operation === 'put' && row.problem === null;
    const cells = { ...(isWhole ? known?.cells : {}), ...row.cells };
    return {
      operation,
      row: { ...row, cells },
      file: withColumns(file, cells, this.#known(role)),
      isPending,
    };
  }

  #known(role: 'users' | 'groups'): ReadonlySet<string> {
    return this.#merging.full?.sheets[role]?.header.known ?? new Set();
  }

  #step(role: 'users' | 'groups', step: Step): void {
    const id = idOf(step.row, role);
    if (role === 'users' && this.#merging.survey !== null) this.#expectZeros(id, step);
    const steps = this.#steps[role].get(id) ?? [];
    steps.push(step);
    this.#steps[role].set(id, steps);
  }

  #member(row: Row, isPending: boolean, file: SheetFile): void {
    const [groupId, id] = [idIn(row, file, 'group_id'), idIn(row, file, 'idp_id')];
    const operation = operationOf(row);
    // It would be passed over for good: a delta file is applied once.
    if (row.problem !== null || groupId === null || id === null) throw unreadable(file, row);
    if (operation === undefined) throw unknownWord(file, row);
    this.#members.set(`${groupId}\n${id}`, { groupId, id, isPresent: operation === 'put', isPending });
  }

  /** What a file does not say stays as it was, if anybody knows what that is. */
  #expectColumns(file: SheetFile, role: Role, rows: readonly Row[]): void {
    const { isWhole, columns, derivesGroups } = this.#merging;
    if (isWhole || role === 'memberships' || rows.every((row) => operationOf(row) === 'remove')) return;
    const missing = columns.filter((name) => {
      const [sheet, column = ''] = name.split('.');
      return sheet === role && !file.header.known.has(column);
    });
    if (missing.length === 0 && !(derivesGroups && role === 'users')) return;
    throw new SourceError(
      'incomplete_listing',
      `${file.name} can only be applied together with the full files and the delta files before it, and they are not there any more${missing.length > 0 ? ` (it has no ${missing.join(', ')})` : ''}. Leave them in place, or send full files.`,
    );
  }

  /** `7` is a stranger and `007` is not: a spreadsheet has been at the file. */
  #expectZeros(id: string, { file, row }: Step): void {
    const { survey } = this.#merging;
    if (survey === null || survey.users.has(id) || !survey.stripped.has(id)) return;
    throw new SourceError(
      'source_changed_shape',
      `${file.name}, line ${row.line}: the id "${id}" has lost its zeros; a spreadsheet has changed it. Export it as text. The last state stays.`,
    );
  }
}

function idOf({ cells }: Row, role: 'users' | 'groups'): string {
  return cells[role === 'users' ? 'idp_id' : 'group_id'] ?? '';
}

/** The columns that a merged row has, so that it is read like a row of a full file. */
function withColumns(
  file: SheetFile,
  cells: Readonly<Record<string, string>>,
  alsoKnown: ReadonlySet<string>,
): SheetFile {
  const names = [...new Set([...file.header.names, ...Object.keys(cells)])];
  return { ...file, header: { names, known: new Set([...file.header.known, ...alsoKnown]) } };
}

function unreadable(file: SheetFile, row: Row): SourceError {
  return new SourceError(
    'source_changed_shape',
    `${file.name}, line ${row.line}: ${row.problem ?? '"group_id" or "idp_id" is missing.'} Nothing of it is taken over; send it corrected, or full files.`,
  );
}

function unknownWord(file: SheetFile, row: Row): SourceError {
  return new SourceError(
    'source_changed_shape',
    `${file.name}, line ${row.line}: "${(row.cells['operation'] ?? '').slice(0, 40)}" is no operation that is known (add, update, remove). Nothing of it is taken over.`,
  );
}
