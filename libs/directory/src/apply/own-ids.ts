import { idTime } from '#kernel';

/** Whether a value that a source sent is an id that we gave. */
export function isUserId(value: string): boolean {
  return idTime('directory_user', value) !== undefined;
}

export function isGroupId(value: string): boolean {
  return idTime('directory_group', value) !== undefined;
}
