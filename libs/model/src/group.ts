import type { JsonObject } from '#kernel';

/** What a source says about one group, without its members. */
export interface GroupInput {
  readonly externalId: string | null;
  readonly name: string;
  /** For SCIM the canonical 2.0 resource without `id`, `meta` and `members`. */
  readonly raw: JsonObject;
  readonly folded: JsonObject;
}

/** A group as stored. Times are ISO 8601 in UTC with milliseconds. */
export interface DirectoryGroup extends Omit<GroupInput, 'folded'> {
  readonly id: string;
  readonly environmentId: string;
  readonly organizationId: string;
  readonly directoryId: string;
  readonly idpId: string;
  readonly createdAt: string;
  /** Last change of an attribute; membership changes do not count here (REST shows this). */
  readonly updatedAt: string;
  /** Last change of an attribute or of the members (SCIM `meta.lastModified` shows this). */
  readonly lastModified: string;
  /** Counts real changes of attributes and members; the SCIM ETag. */
  readonly version: number;
  readonly pendingRemoval: boolean;
}

/** One member as the SCIM side shows it: what the IdP lists itself, not what follows from groups in groups. */
export interface GroupMember {
  /** What the IdP refers to: our user or group id, or the value as sent while nobody is known by it. */
  readonly value: string;
  readonly type: 'User' | 'Group';
  /** The member's user name, or the name of the group; absent while pending. */
  readonly display?: string;
  readonly pending: boolean;
}

/** Who is meant by a step on the members of a group. */
export interface NamedMembers {
  /** Our user or group ids, or (where the directory matches them) external ids of the same directory. */
  readonly values: readonly string[];
  /** Those of the values that the source calls groups: as external ids they name groups, all others name people. */
  readonly groups?: readonly string[];
}

/**
 * One step on the members of a group. Steps are applied in order. A group brings everybody in it, also whoever joins it
 * later. A value that matches nobody becomes a pending membership.
 */
export type MemberOperation =
  | ({ readonly op: 'add' } & NamedMembers)
  | ({ readonly op: 'remove' } & NamedMembers)
  | ({ readonly op: 'replace' } & NamedMembers)
  | { readonly op: 'remove_all' };
