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

/** One member as the SCIM side shows it. */
export interface GroupMember {
  /** What the IdP refers to: our user id, or the value as sent while nobody is known by it. */
  readonly value: string;
  /** The member's user name; absent while pending. */
  readonly display?: string;
  readonly pending: boolean;
}

/**
 * One step on the members of a group. Steps are applied in order. A value is our user id, or (when `matchExternalId`
 * is set for the directory) an external id of the same directory; a value that matches nobody becomes a pending
 * membership.
 */
export type MemberOperation =
  | { readonly op: 'add'; readonly values: readonly string[] }
  | { readonly op: 'remove'; readonly values: readonly string[] }
  | { readonly op: 'replace'; readonly values: readonly string[] }
  | { readonly op: 'remove_all' };
