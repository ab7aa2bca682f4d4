import type { JsonObject } from '#kernel';
import { readListQuery, type ListQuery } from '../protocol/messages/list-query.js';
import { listResponse } from '../protocol/messages/list-response.js';
import type { ResourceTypeName } from '../protocol/schema/definitions.js';
import { toCanonical, type Answer, type RoutedCall, type ScimCall } from './call.js';
import type { ScimPorts } from './ports.js';
import { presentGroup, presentUser } from './present.js';
import { isWanted, projected } from './projection.js';
import { toSearch } from './to-search.js';

/** GET of a collection (RFC 7644 3.4.2): always 200, also when nothing matches. */
export async function listResources(call: RoutedCall<'collection'>, ports: ScimPorts): Promise<Answer> {
  const { resourceType } = call.route;
  return answerList(call, ports, {
    resourceType,
    query: readListQuery(canonicalParameters(call, resourceType)),
  });
}

/** Also the end of `.search`. */
export async function answerList(
  call: ScimCall,
  ports: ScimPorts,
  { resourceType, query }: { readonly resourceType: ResourceTypeName; readonly query: ListQuery },
): Promise<Answer> {
  const { total, resources } =
    resourceType === 'User' ? await listUsers(call, ports, query) : await listGroups(call, ports, query);
  const body = listResponse({ resources, totalResults: total, startIndex: query.startIndex });
  return { status: 200, message: { kind: 'list', body } };
}

interface Listed {
  readonly total: number;
  readonly resources: JsonObject[];
}

async function listUsers(call: ScimCall, { reader }: ScimPorts, query: ListQuery): Promise<Listed> {
  const { total, items } = await reader.searchUsers(call.ref, toSearch('User', query, call.switches));
  const load = items.length > 0 && isWanted('User', 'groups', query);
  const groups = load ? await reader.groupsOf(call.ref, items.map(idOfItem)) : undefined;
  const resources = items.map((user) =>
    projected('User', presentUser(call, user, groups?.get(user.id)), query),
  );
  return { total, resources };
}

/** The members of all groups of the page come in one query, or not at all. */
async function listGroups(call: ScimCall, { reader }: ScimPorts, query: ListQuery): Promise<Listed> {
  const { total, items } = await reader.searchGroups(call.ref, toSearch('Group', query, call.switches));
  const load = items.length > 0 && isWanted('Group', 'members', query);
  const members = load ? await reader.membersOf(call.ref, items.map(idOfItem)) : undefined;
  const resources = items.map((group) =>
    projected('Group', presentGroup(call, group, members && (members.get(group.id) ?? [])), query),
  );
  return { total, resources };
}

function idOfItem(item: { readonly id: string }): string {
  return item.id;
}

/** The dialect's page size comes last: of a repeated parameter the first value counts. */
function canonicalParameters(
  call: ScimCall,
  resourceType: ResourceTypeName,
): readonly (readonly [string, string])[] {
  const parameters = [...call.parameters, ['count', String(call.switches.defaultPageSize)] as const];
  if (call.translator?.readRequest === undefined && call.dialect.readRequest === undefined) return parameters;
  const body = toCanonical(call, 'query', {
    resourceType,
    body: Object.fromEntries(parameters.toReversed()),
  });
  return Object.entries(body).map(([name, value]) => [name, value as string]);
}
