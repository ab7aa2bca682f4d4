import type { JsonObject } from '#kernel';

/** One address of a person, as REST shows it. */
export interface Email {
  readonly primary?: boolean;
  readonly type?: string;
  readonly value: string | null;
}

/** Why a user is not simply active; finer than `active` / `inactive`, which is all that SDKs know. */
export type StateReason = 'suspended' | 'pending' | 'archived' | 'terminated' | 'on_leave' | 'out_of_scope';

/**
 * What a source says about one person, already mapped. The store takes it as the whole truth: an attribute that is
 * null here is cleared there.
 */
export interface UserInput {
  /** The id inside the IdP (SCIM `externalId`, a vendor's own id). Null when the source has none. */
  readonly externalId: string | null;
  /** Spelled as received; compared by its folding key, unique per directory. */
  readonly userName: string;
  readonly email: string | null;
  readonly emails: readonly Email[];
  readonly firstName: string | null;
  readonly lastName: string | null;
  /** Full name for display. */
  readonly name: string | null;
  readonly jobTitle: string | null;
  readonly active: boolean;
  readonly stateReason: StateReason | null;
  /** The source's document as kept: for SCIM the canonical 2.0 resource without `id`, `meta` and `groups`. */
  readonly raw: JsonObject;
  readonly customAttributes: JsonObject;
  /** `raw` with every case-insensitive string folded (`foldKey`), for filters that SQL answers. */
  readonly folded: JsonObject;
}

/** A person as stored. Times are ISO 8601 in UTC with milliseconds. */
export interface DirectoryUser extends Omit<UserInput, 'folded'> {
  readonly id: string;
  readonly environmentId: string;
  readonly organizationId: string;
  readonly directoryId: string;
  /** `externalId`, or our own id when the source has none. */
  readonly idpId: string;
  readonly createdAt: string;
  readonly updatedAt: string;
  /** Counts real changes; the SCIM ETag. */
  readonly version: number;
  /** True when the source has removed or deactivated this person and the removal guard holds it back. */
  readonly pendingRemoval: boolean;
}
