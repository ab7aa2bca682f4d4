import type { JsonObject } from '#kernel';
import type { ListQuery } from '../protocol/messages/list-query.js';
import type { ResourceTypeName } from '../protocol/schema/definitions.js';
import type { ScimCall } from './call.js';
import type { ScimPorts, ScimSearch } from './ports.js';
import { presentGroup, presentUser } from './present.js';
import { isWanted, projected } from './projection.js';

/** The resources of one type in a list. */
export interface Section {
  readonly type: ResourceTypeName;
  /** What is asked of them; the page is chosen later. */
  readonly search: Omit<ScimSearch, 'offset' | 'limit'>;
}

/** Part of a section. */
export type Window = Pick<ScimSearch, 'offset' | 'limit' | 'after' | 'skipTotal'>;

export interface SectionPage {
  readonly total: number;
  readonly ids: readonly string[];
  readonly resources: readonly JsonObject[];
}

/** Where the pages of a list come from. */
export interface ListSource {
  readonly call: ScimCall;
  readonly ports: ScimPorts;
  readonly query: ListQuery;
}

export function readSection(source: ListSource, section: Section, window: Window): Promise<SectionPage> {
  const search = { ...section.search, ...window };
  return section.type === 'User' ? readUsers(source, search) : readGroups(source, search);
}

async function readUsers({ call, ports, query }: ListSource, search: ScimSearch): Promise<SectionPage> {
  const withGroups = isWanted('User', 'groups', query);
  const { total, items, groups } = await ports.reader.searchUsers(call.ref, { ...search, withGroups });
  const ids = items.map((user) => user.id);
  const resources = items.map((user) =>
    projected('User', presentUser(call, user, groups && (groups.get(user.id) ?? [])), query),
  );
  return { total, ids, resources };
}

/** The members of all groups of the page come in one query, or not at all. */
async function readGroups({ call, ports, query }: ListSource, search: ScimSearch): Promise<SectionPage> {
  const { total, items } = await ports.reader.searchGroups(call.ref, search);
  const ids = items.map((group) => group.id);
  const load = items.length > 0 && isWanted('Group', 'members', query);
  const members = load ? await ports.reader.membersOf(call.ref, ids) : undefined;
  const resources = items.map((group) =>
    projected(
      'Group',
      presentGroup(call, group, { members: members && (members.get(group.id) ?? []), requested: query }),
      query,
    ),
  );
  return { total, ids, resources };
}
