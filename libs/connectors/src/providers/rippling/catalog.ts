import type { SnapshotRecord } from '#model';
import { isJsonObject, type JsonValue } from '#kernel';
import { decodeRecord, type Fields } from '../../sdk/decode.js';
import { derivedGroupId, type GroupLabel } from '../../sdk/hr/derived-groups.js';
import { SourceError } from '../../sdk/source-error.js';
import { LISTS, type RipplingClient } from './client.js';
import type { RipplingConfig } from './config.js';

/** Kinds of which Rippling has lists; legal entities come with the workers. */
export type ListedType = 'department' | 'team' | 'location';

const LIST_OF = { department: 'departments', team: 'teams', location: 'locations' } as const;
export const LISTED_TYPES = Object.keys(LIST_OF) as ListedType[];

interface Entry {
  readonly name: string;
  readonly parentId: string | null;
}

type Entries = ReadonlyMap<string, Entry>;

/** Departments, teams and places of work: their names, and which department is part of which. */
export class Catalog {
  readonly #entries: ReadonlyMap<ListedType, Entries>;
  /** What in the lists could not be read. */
  readonly problems: readonly SnapshotRecord[];

  private constructor(entries: ReadonlyMap<ListedType, Entries>, problems: readonly SnapshotRecord[]) {
    this.#entries = entries;
    this.problems = problems;
  }

  /** Reads the lists that the settings share, whole. @throws SourceError */
  static async read(client: RipplingClient, { shared }: RipplingConfig): Promise<Catalog> {
    const entries = new Map<ListedType, Entries>();
    const problems: SnapshotRecord[] = [];
    for (const type of LISTED_TYPES.filter((name) => shared.has(name))) {
      const { items, redacted } = await client.all(LIST_OF[type]);
      expectNames(type, redacted);
      const known = new Map<string, Entry>();
      for (const item of items) problems.push(...readEntry(type, item, known));
      entries.set(type, known);
    }
    return new Catalog(entries, problems);
  }

  has(type: ListedType, id: string): boolean {
    return this.#entries.get(type)?.has(id) === true;
  }

  label(type: ListedType, id: string): GroupLabel {
    return { type, id, name: this.#entries.get(type)?.get(id)?.name ?? null };
  }

  /** The department and those that it is part of, up to the top. One that is its own parent is a top. */
  branch(id: string): readonly GroupLabel[] {
    const departments = this.#entries.get('department');
    const branch = new Set<string>([id]);
    for (let parent = departments?.get(id)?.parentId ?? null; parent !== null;) {
      if (branch.has(parent) || departments?.has(parent) !== true) break;
      branch.add(parent);
      parent = departments.get(parent)?.parentId ?? null;
    }
    return [...branch].map((department) => this.label('department', department));
  }

  labels(): readonly GroupLabel[] {
    return [...this.#entries].flatMap(([type, entries]) =>
      [...entries.keys()].map((id) => this.label(type, id)),
    );
  }
}

function readEntry(type: ListedType, item: JsonValue, known: Map<string, Entry>): readonly SnapshotRecord[] {
  const record = decodeRecord(item, 'group', (entry: Fields) => {
    const id = entry.text('id');
    const name = entry.text('name');
    known.set(id, { name, parentId: entry.optionalText('parent_id') });
    return { kind: 'group', group: { sourceId: id, name, raw: {} } };
  });
  if (record.kind !== 'invalid') return [];
  const id = isJsonObject(item) && typeof item['id'] === 'string' ? item['id'] : null;
  return [{ ...record, id: id === null ? null : derivedGroupId({ type, id, name: null }) }];
}

function expectNames(type: ListedType, redacted: readonly string[]): void {
  const hidden = redacted.filter((name) => ['id', 'name', 'parent_id'].includes(name));
  if (hidden.length === 0) return;
  const { path, scope } = LISTS[LIST_OF[type]];
  throw new SourceError(
    'insufficient_permissions',
    `Rippling hides ${hidden.join(', ')} in ${path} from the token. Give it ${scope}, or name "${type}" under "Fields that are not shared".`,
  );
}
