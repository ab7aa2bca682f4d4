import type { JsonObject } from '#kernel';
import { directoryGroupWire, directoryUserWire, type DirectoryGroup, type DirectoryUser } from '#model';

/** A user as REST shows it: SDKs crash when `groups` is not an array. */
export function userWithGroupsWire(user: DirectoryUser, groups: readonly DirectoryGroup[] = []): JsonObject {
  const wire = directoryUserWire(user);
  wire.groups = groups.map(directoryGroupWire);
  return wire;
}
