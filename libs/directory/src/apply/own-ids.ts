import { isId } from '#kernel';

/** Whether a value that a source sent is an id that we gave. */
export function isUserId(value: string): boolean {
  return isId('directory_user', value);
}

export function isGroupId(value: string): boolean {
  return isId('directory_group', value);
}
