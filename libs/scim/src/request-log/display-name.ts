import type { DirectoryGroup, DirectoryUser } from '#model';

/** What people call it: the userName of a person, the name of a group. */
export function displayNameOf(resource: DirectoryUser | DirectoryGroup): string {
  return 'userName' in resource ? resource.userName : `the group ${resource.name}`;
}
