import type { JsonObject } from '#kernel';
import type { StateReason, UserInput } from './user.js';

/** What a polled source is read into. */
export type SnapshotKind = 'user' | 'group';

/**
 * One person as a polled source shows them, mapped. `sourceId` is the vendor's immutable id and becomes `externalId`;
 * people are matched by nothing else.
 */
export interface SnapshotUser extends Omit<UserInput, 'externalId' | 'userName' | 'folded'> {
  readonly sourceId: string;
  /** Null when the source has no login for this person: the e-mail address, else the source id is used. */
  readonly userName: string | null;
  /**
   * The same human under several ids (a rehire, a contractor who was hired). Shown as the attribute `person_key`; it
   * suggests links and makes none.
   */
  readonly personKey?: string | null;
  /** The source did not show the state: `active` is for newcomers, whoever is known keeps theirs. */
  readonly isStateUntold?: true;
  /** A state that is already dated: the day of hire, the day after the last day. Applied without asking the source. */
  readonly upcoming?: UpcomingState | null;
}

/** What a person will be from an instant on (ISO 8601, UTC). */
export interface UpcomingState {
  readonly at: string;
  readonly active: boolean;
  readonly stateReason: StateReason | null;
}

export interface SnapshotGroup {
  readonly sourceId: string;
  readonly name: string;
  readonly raw: JsonObject;
}

/** A member as the source names it; groups in groups are expanded by us, once and without running in circles. */
export interface SnapshotMember {
  readonly id: string;
  readonly kind: SnapshotKind;
}

/** That somebody is listed in a group, right there and not by way of a group in it. */
export interface SnapshotMembership {
  readonly groupId: string;
  readonly member: SnapshotMember;
}

/**
 * What asking a source for something came to that it did not list. `unanswered`: it refuses to say; that is no proof,
 * and no reason to remove anything.
 */
export type SnapshotFinding = 'present' | 'gone' | 'unanswered';

/**
 * One thing that a source said. Records may repeat and come in any order; members may come before the group and the
 * people. `invalid` is something that could not be read: its last good state stays.
 */
export type SnapshotRecord =
  | { readonly kind: 'user'; readonly user: SnapshotUser }
  | { readonly kind: 'group'; readonly group: SnapshotGroup }
  /** Some of a group's members. With `replaces`, of a group's members in an incremental run: the whole new list begins. */
  | {
      readonly kind: 'members';
      readonly groupId: string;
      readonly members: readonly SnapshotMember[];
      readonly replaces?: boolean;
    }
  /** The source says itself that it is gone; `reason` tells how it said so. */
  | { readonly kind: 'removed'; readonly of: SnapshotKind; readonly id: string; readonly reason: string }
  | { readonly kind: 'removed_member'; readonly groupId: string; readonly member: SnapshotMember }
  | {
      readonly kind: 'invalid';
      readonly of: SnapshotKind | 'membership';
      /** The vendor's id, when at least that could be read. */
      readonly id: string | null;
      /** What is wrong, for the admin: attribute, value, what to do. */
      readonly problem: string;
    };

/** What a completely read stream proves: that whatever it did not show is absent. */
export type SnapshotCoverage = 'users' | 'groups' | 'memberships';
