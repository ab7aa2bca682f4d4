import { isJsonObject } from '#kernel';
import type { SnapshotRecord } from '#model';
import { derivedGroupId } from '../../../sdk/hr/derived-groups.js';
import type { GroupType } from '../../../sdk/hr/hr-form.js';
import { SourceError } from '../../../sdk/source-error.js';
import type { ReadWorker } from '../map-worker.js';

/** Workers as they stood before; those who were not there are left out. @throws SourceError */
export type AskBefore = (ids: readonly string[]) => Promise<readonly ReadWorker[]>;

/**
 * Which groups changed workers have left. The log tells that somebody changed, not what; so they are asked for once more,
 * as they stood when the last run read them. Only a move counts, from one organization of a type to another: no
 * organization of a type at all may as well be hidden, which is for the full run to find out.
 */
export async function leftGroups(
  workers: readonly ReadWorker[],
  types: readonly GroupType[],
  askBefore: AskBefore,
): Promise<readonly SnapshotRecord[]> {
  const ids = workers.flatMap(({ fields: { id } }) => (typeof id === 'string' ? [id] : []));
  if (ids.length === 0 || types.length === 0) return [];
  const before = new Map((await askOrNobody(askBefore, ids)).map((worker) => [worker.fields['id'], worker]));
  return workers.flatMap((worker) => {
    const earlier = before.get(worker.fields['id']);
    return earlier === undefined ? [] : movesOf(earlier, worker, types);
  });
}

/** Workday may not know a worker as of an earlier day; then the full run finds what was left. */
async function askOrNobody(askBefore: AskBefore, ids: readonly string[]): Promise<readonly ReadWorker[]> {
  try {
    return await askBefore(ids);
  } catch (error) {
    if (error instanceof SourceError && error.code === 'config_error') return [];
    throw error;
  }
}

function movesOf(before: ReadWorker, now: ReadWorker, types: readonly GroupType[]): SnapshotRecord[] {
  const [was, is] = [groupsOf(before), groupsOf(now)];
  return types.flatMap((type) => {
    const current = is.get(type);
    if (current === undefined) return [];
    const left = [...(was.get(type) ?? [])].filter((groupId) => !current.has(groupId));
    const member = { kind: 'user', id: now.fields['id'] as string } as const;
    return left.map((groupId): SnapshotRecord => ({ kind: 'removed_member', groupId, member }));
  });
}

function groupsOf({ fields: { labels } }: ReadWorker): ReadonlyMap<GroupType, ReadonlySet<string>> {
  const groups = new Map<GroupType, Set<string>>();
  for (const label of Array.isArray(labels) ? labels.filter(isJsonObject) : []) {
    const type = label['type'] as GroupType;
    const text = (key: string): string | null => (typeof label[key] === 'string' ? label[key] : null);
    const id = derivedGroupId({ type, id: text('id'), name: text('name') });
    if (id !== null) groups.set(type, (groups.get(type) ?? new Set<string>()).add(id));
  }
  return groups;
}
