import { NotFoundError } from '#kernel';
import type { Change, ChangeResult, DirectoryGroup, DirectoryUser, UserInput } from '#model';
import type { RoutedCall } from './call.js';
import { idOf, ifMatchOf, noSuchResource } from './conditions.js';
import type { ScimPorts } from './ports.js';

/** Applies a change of the addressed user; `update` runs under the directory's lock. */
export async function changeUser(
  call: RoutedCall<'resource'>,
  ports: ScimPorts,
  update: (current: DirectoryUser) => UserInput,
): Promise<DirectoryUser> {
  const id = idOf(call);
  const result = await applyTo(call, ports, { kind: 'update_user', id, ifMatch: ifMatchOf(call), update });
  return result.user as DirectoryUser;
}

/** Applies a change of the addressed group; `update` runs under the directory's lock. */
export async function changeGroup(
  call: RoutedCall<'resource'>,
  ports: ScimPorts,
  { named, update }: Pick<Extract<Change, { kind: 'update_group' }>, 'named' | 'update'>,
): Promise<DirectoryGroup> {
  const id = idOf(call);
  const change = { kind: 'update_group', id, ifMatch: ifMatchOf(call), named, update } as const;
  const result = await applyTo(call, ports, change);
  return result.group as DirectoryGroup;
}

/** Applies a change of the addressed resource; when it is gone, the answer speaks of the resource in SCIM words. */
export async function applyTo(
  call: RoutedCall<'resource'>,
  ports: ScimPorts,
  change: Change,
): Promise<ChangeResult> {
  try {
    return await ports.store.apply(call.ref, change);
  } catch (error) {
    throw error instanceof NotFoundError ? noSuchResource(call.route.resourceType, call.route.id) : error;
  }
}
