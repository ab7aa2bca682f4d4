import type { DirectoryGroup, GroupInput, MemberOperation } from './group.js';
import type { DirectoryUser, UserInput } from './user.js';

/** The new state of a group and what happens to its members. */
export interface GroupUpdate {
  readonly group: GroupInput;
  readonly members: readonly MemberOperation[];
}

/**
 * One wanted mutation, from push. `update` is a pure function that the store calls once, inside its transaction and
 * under the directory's lock, with the current state: there is no lost update and nothing to retry. Whatever it throws
 * refuses this change alone and reaches the caller of `apply` unchanged.
 *
 * `ifMatch` lists the acceptable versions; any other current version refuses with ConflictError reason `version`.
 */
export type Change =
  | { readonly kind: 'create_user'; readonly user: UserInput }
  | {
      readonly kind: 'update_user';
      readonly id: string;
      readonly ifMatch?: readonly number[];
      readonly update: (current: DirectoryUser) => UserInput;
    }
  | { readonly kind: 'delete_user'; readonly id: string; readonly ifMatch?: readonly number[] }
  | {
      readonly kind: 'create_group';
      readonly group: GroupInput;
      readonly members: readonly string[];
      /** Those of the members that the source calls groups. */
      readonly groups?: readonly string[];
    }
  | {
      readonly kind: 'update_group';
      readonly id: string;
      readonly ifMatch?: readonly number[];
      /** Members that `update` will name, as far as they are known beforehand: users among them are loaded with the group. */
      readonly named?: readonly string[];
      readonly update: (current: DirectoryGroup) => GroupUpdate;
    }
  | { readonly kind: 'delete_group'; readonly id: string; readonly ifMatch?: readonly number[] };

/** One event that a change produced: its position in the directory's log. */
export interface ChangeEvent {
  readonly id: string;
  readonly type: string;
  readonly sequence: number;
}

/**
 * What became of a change. `user` / `group` is the state after it (before it, for a deletion). `events` is empty when
 * nothing really changed.
 */
export interface ChangeResult {
  readonly user?: DirectoryUser;
  readonly group?: DirectoryGroup;
  /** A create that brought back somebody removed within the restore window, with the old id. */
  readonly restored?: boolean;
  readonly events: readonly ChangeEvent[];
}
