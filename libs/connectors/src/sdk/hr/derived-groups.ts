import type { JsonObject } from '#kernel';
import type { SnapshotRecord } from '#model';
import type { GroupType } from './hr-form.js';

/** An attribute of a person that makes a group: a department, a place. Vendors without ids for them have names only. */
export interface GroupLabel {
  readonly type: GroupType;
  readonly id: string | null;
  readonly name: string | null;
}

/** Makes groups out of what people have in common. One per stream: it says each group only once. */
export class DerivedGroups {
  readonly #types: ReadonlySet<GroupType>;
  readonly #said = new Set<string>();

  constructor(types: readonly GroupType[]) {
    this.#types = new Set(types);
  }

  /** The person's memberships, and the groups that were not said before. */
  recordsOf(userId: string, labels: readonly GroupLabel[]): SnapshotRecord[] {
    const records: SnapshotRecord[] = [];
    for (const label of labels) {
      const id = this.#types.has(label.type) ? derivedGroupId(label) : null;
      if (id === null) continue;
      records.push(...this.#groupOnce(id, label), {
        kind: 'members',
        groupId: id,
        members: [{ id: userId, kind: 'user' }],
      });
    }
    return records;
  }

  /** Groups that the person was in and is no longer, where a source tells changes only. */
  leaving(userId: string, before: readonly GroupLabel[], after: readonly GroupLabel[]): SnapshotRecord[] {
    const idsOf = (labels: readonly GroupLabel[]): Set<string> =>
      new Set(labels.flatMap((label) => (this.#types.has(label.type) ? (derivedGroupId(label) ?? []) : [])));
    const stays = idsOf(after);
    const member = { id: userId, kind: 'user' } as const;
    return [...idsOf(before)]
      .filter((groupId) => !stays.has(groupId))
      .map((groupId) => ({ kind: 'removed_member', groupId, member }));
  }

  /**
   * For a person whose record does not even say the groups: in this run no group and no membership counts as missing,
   * or the person would leave all of them.
   */
  unknown(): SnapshotRecord[] {
    if (this.#types.size === 0) return [];
    const problem = 'The groups of a person whose record could not be read are not known.';
    return (['group', 'membership'] as const).map((of) => ({ kind: 'invalid', of, id: null, problem }));
  }

  /** The group of a label, for vendors that list their departments: groups without people exist as well. */
  groupOf(label: GroupLabel): SnapshotRecord[] {
    const id = this.#types.has(label.type) ? derivedGroupId(label) : null;
    return id === null ? [] : this.#groupOnce(id, label);
  }

  #groupOnce(id: string, { type, id: vendorId, name }: GroupLabel): SnapshotRecord[] {
    if (this.#said.has(id)) return [];
    this.#said.add(id);
    const raw: JsonObject = { type, ...(vendorId === null ? {} : { id: vendorId }) };
    return [{ kind: 'group', group: { sourceId: id, name: name?.trim() || (vendorId as string), raw } }];
  }
}

/** `department:7`, or of the folded name, `department:name:research`. Null for a label that says nothing. */
export function derivedGroupId({ type, id, name }: GroupLabel): string | null {
  if (id !== null && id !== '') return `${type}:${id}`;
  const folded = name?.normalize('NFC').trim().replaceAll(/\s+/gu, ' ').toLowerCase();
  return folded === undefined || folded === '' ? null : `${type}:name:${folded}`;
}
