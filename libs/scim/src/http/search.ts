import { readSearchRequest } from '../protocol/messages/search-request.js';
import type { ResourceTypeName } from '../protocol/schema/definitions.js';
import { toCanonical, type Answer, type RoutedCall, type ScimCall } from './call.js';
import { ALL_TYPES, answerList } from './list.js';
import type { ScimPorts } from './ports.js';
import { readBody } from './read-body.js';

/** POST on `.search` (RFC 7644 3.4.3): the same answer as GET, with the parameters in a body. */
export async function searchResources(call: RoutedCall<'search'>, ports: ScimPorts): Promise<Answer> {
  return search(call, ports, [call.route.resourceType]);
}

/** POST on `/.search`: users and groups in one list. */
export async function searchEverything(call: RoutedCall<'root_search'>, ports: ScimPorts): Promise<Answer> {
  return search(call, ports, ALL_TYPES);
}

async function search(call: ScimCall, ports: ScimPorts, types: readonly ResourceTypeName[]): Promise<Answer> {
  const body = readBody(call.request, 'User', call.dialect);
  const [resourceType = 'User'] = types;
  const canonical = toCanonical(call, 'query', { resourceType, body });
  const query = readSearchRequest({ count: call.switches.defaultPageSize, ...canonical });
  return answerList(call, ports, { types, query });
}
