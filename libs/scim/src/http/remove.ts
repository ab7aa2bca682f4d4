import { RESOURCE_TYPES } from '../protocol/schema/resource-types.js';
import type { Answer, RoutedCall } from './call.js';
import { applyTo } from './change.js';
import { idOf, ifMatchOf } from './conditions.js';
import type { ScimPorts } from './ports.js';

/** DELETE (RFC 7644 3.6): gone at once for the IdP; a second one is 404. A body is ignored. */
export async function removeResource(call: RoutedCall<'resource'>, ports: ScimPorts): Promise<Answer> {
  const kind = call.route.resourceType === 'User' ? 'delete_user' : 'delete_group';
  await applyTo(call, ports, { kind, id: idOf(call), ifMatch: ifMatchOf(call) });
  if (call.switches.deleteAnswer === 'no_content') return { status: 204 };
  // Whoever reads a 200 expects JSON in it.
  const { schema } = RESOURCE_TYPES[call.route.resourceType];
  return { status: 200, message: { kind: 'resource', body: { schemas: [schema.id] } } };
}
