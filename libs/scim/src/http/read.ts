import { etagOf, matchesIfNoneMatch } from '../protocol/etag.js';
import { readListQuery } from '../protocol/messages/list-query.js';
import type { Answer, RoutedCall } from './call.js';
import { idOf, noSuchResource } from './conditions.js';
import { headerOf } from './messages.js';
import type { ScimPorts } from './ports.js';
import { answerGroup, answerUser } from './present.js';

/** GET of one resource (RFC 7644 3.4.1). */
export async function readOne(call: RoutedCall<'resource'>, ports: ScimPorts): Promise<Answer> {
  const id = idOf(call);
  const answer = { call, ports, requested: readListQuery(call.parameters), status: 200 } as const;
  if (call.route.resourceType === 'User') {
    const user = await ports.reader.findUser(call.ref, id);
    if (user === undefined) throw noSuchResource('User', id);
    return unchanged(call, user) ?? answerUser(user, answer);
  }
  const group = await ports.reader.findGroup(call.ref, id);
  if (group === undefined) throw noSuchResource('Group', id);
  return unchanged(call, group) ?? answerGroup(group, answer);
}

function unchanged(call: RoutedCall<'resource'>, resource: { readonly version: number }): Answer | undefined {
  if (!matchesIfNoneMatch(headerOf(call.request, 'if-none-match'), resource.version)) return undefined;
  return { status: 304, etag: etagOf(resource.version) };
}
