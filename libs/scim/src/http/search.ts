import { readSearchRequest } from '../protocol/messages/search-request.js';
import { toCanonical, type Answer, type RoutedCall } from './call.js';
import { answerList } from './list.js';
import type { ScimPorts } from './ports.js';
import { readBody } from './read-body.js';

/** POST on `.search` (RFC 7644 3.4.3): the same answer as GET, with the parameters in a body. */
export async function searchResources(call: RoutedCall<'search'>, ports: ScimPorts): Promise<Answer> {
  const { resourceType } = call.route;
  const body = readBody(call.request, 'User', call.dialect);
  const canonical = toCanonical(call, 'query', { resourceType, body });
  const query = readSearchRequest({ count: call.switches.defaultPageSize, ...canonical });
  return answerList(call, ports, { resourceType, query });
}
