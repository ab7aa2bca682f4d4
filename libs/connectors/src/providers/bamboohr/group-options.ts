import { getOwn, isJsonObject, type JsonValue } from '#kernel';
import type { SnapshotRecord } from '#model';
import { derivedGroupId } from '../../sdk/hr/derived-groups.js';
import type { GroupType } from '../../sdk/hr/hr-form.js';
import type { Placement } from './map-employee.js';

/** Aliases of BambooHR's lists. */
const LISTS: Readonly<Record<string, GroupType>> = {
  department: 'department',
  division: 'division',
  location: 'location',
  team: 'team',
  teams: 'team',
};

/**
 * Everything that can be chosen as a department, division … Changes tell only where somebody is now; with these it can
 * be said where they are not.
 */
export class GroupOptions {
  readonly #ids: readonly string[];

  constructor(lists: readonly JsonValue[], wanted: readonly GroupType[]) {
    this.#ids = lists.flatMap((list) => idsOf(list, wanted));
  }

  /** That a person is in none of the other groups. */
  othersOf({ id: userId, labels }: Placement): SnapshotRecord[] {
    const own = new Set(labels.map(derivedGroupId));
    return this.#ids
      .filter((groupId) => !own.has(groupId))
      .map((groupId) => ({ kind: 'removed_member', groupId, member: { kind: 'user', id: userId } }));
  }
}

function idsOf(list: JsonValue, wanted: readonly GroupType[]): string[] {
  if (!isJsonObject(list) || typeof list['alias'] !== 'string') return [];
  const type = getOwn(LISTS, list['alias']);
  if (type === undefined || !wanted.includes(type) || !Array.isArray(list['options'])) return [];
  return list['options'].flatMap((option) => {
    const id = isJsonObject(option) ? option['id'] : undefined;
    const isId = typeof id === 'number' || typeof id === 'string';
    const groupId = isId ? derivedGroupId({ type, id: String(id), name: null }) : null;
    return groupId === null ? [] : [groupId];
  });
}
