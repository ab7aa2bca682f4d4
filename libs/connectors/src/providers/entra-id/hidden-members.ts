import { isJsonObject, type JsonValue } from '#kernel';
import type { FoundMembers } from '../../sdk/member-stream.js';
import type { GraphClient } from './client.js';

const PROBLEM =
  'The group hides its members. Give the app the application permission Member.Read.Hidden and grant admin consent; ' +
  'until then its members stay as they are.';

/**
 * Lists of members, without those that Graph only shows as empty: an application without the permission Member.Read.Hidden
 * is told of nobody in a group that hides its members, by `members` and by `memberOf`
 * (github.com/microsoftgraph/microsoft-graph-docs/issues/12552), and no answer says why.
 */
export async function withoutHidden(
  client: GraphClient,
  groupIds: readonly string[],
  lists: readonly FoundMembers[],
): Promise<readonly FoundMembers[]> {
  if (client.seesHiddenMembers) return lists;
  const empty = groupIds.filter((_id, index) => isEmpty(lists[index]));
  if (empty.length === 0) return lists;
  const groups = await client.objects('groups', empty);
  const hidden = new Set(empty.filter((_id, index) => hidesMembers(groups[index] ?? null)));
  return lists.map((list, index) => (hidden.has(groupIds[index] as string) ? { problem: PROBLEM } : list));
}

/** `visibility` of a Microsoft 365 group (learn.microsoft.com/graph/api/resources/group). */
export function hidesMembers(group: JsonValue): boolean {
  return isJsonObject(group) && group['visibility'] === 'HiddenMembership';
}

function isEmpty(list: FoundMembers | undefined): boolean {
  return Array.isArray(list) && list.length === 0;
}
