import type { Answer, RoutedCall } from './call.js';
import { applyTo } from './change.js';
import { idOf, ifMatchOf } from './conditions.js';
import type { ScimPorts } from './ports.js';

/** DELETE (RFC 7644 3.6): gone at once for the IdP; a second one is 404. A body is ignored. */
export async function removeResource(call: RoutedCall<'resource'>, ports: ScimPorts): Promise<Answer> {
  const kind = call.route.resourceType === 'User' ? 'delete_user' : 'delete_group';
  await applyTo(call, ports, { kind, id: idOf(call), ifMatch: ifMatchOf(call) });
  return { status: call.switches.deleteAnswer === 'ok' ? 200 : 204 };
}
