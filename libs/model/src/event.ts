import type { JsonObject } from '#kernel';
import type { DirectoryGroup } from './group.js';
import type { DirectoryUser } from './user.js';
import { membershipText, type DirectoryUserText } from './wire.js';

/** Events that we emit. */
export const EVENT_TYPES = [
  'dsync.activated',
  'dsync.deleted',
  'dsync.user.created',
  'dsync.user.updated',
  'dsync.user.deleted',
  'dsync.group.created',
  'dsync.group.updated',
  'dsync.group.deleted',
  'dsync.group.user_added',
  'dsync.group.user_removed',
  'dsync.token.created',
  'dsync.token.revoked',
  'directory.removals_held',
  'directory.removals_alert',
  'directory.hold_approved',
  'directory.hold_rejected',
  'directory.hold_withdrawn',
  'organization.created',
  'organization.updated',
  'organization.deleted',
  'organization_domain.created',
  'organization_domain.updated',
  'organization_domain.deleted',
  'organization_domain.verified',
  'organization_domain.verification_failed',
  'webhook_endpoint.disabled',
  'directory.paused',
  'directory.resumed',
  'directory.oauth_client_created',
  'directory.oauth_client_revoked',
  'directory.token_expiring',
  'directory.token_expired',
  'directory.connection_failed',
  'directory.connection_recovered',
  'directory.authorization_requested',
  'directory.authorized',
] as const;

export type EventType = (typeof EVENT_TYPES)[number];

/** An event before it has its place in the log. */
export type NewEvent = EventAboutOne | MembershipEvent;

export interface EventAboutOne {
  readonly type: EventType;
  readonly data: JsonObject;
}

/** Memberships begin and end by the hundred, so what their events carry is put into words once, and only when needed. */
export interface MembershipEvent {
  readonly type: 'dsync.group.user_added' | 'dsync.group.user_removed';
  readonly membership: {
    readonly user: DirectoryUser | DirectoryUserText;
    readonly group: DirectoryGroup;
  };
}

/** Everything that the wire form of an event says. */
export type EventEnvelope = NewEvent & EventPlace;

export interface EventPlace {
  readonly id: string;
  /** Directory the event belongs to; null for events of the environment. */
  readonly directoryId: string | null;
  /** Position in its stream (a directory, or the environment): 1, 2, 3 … without gaps. */
  readonly sequence: number;
  /** ISO 8601, UTC, milliseconds. Informative; the order is `sequence`. */
  readonly createdAt: string;
}

/**
 * The wire form of an event: the exact text that is stored, signed, sent by webhook and shown in the feed.
 * Compact `JSON.stringify`, so that a consumer who parses and serializes it again gets the same bytes.
 */
export function eventBody(event: EventEnvelope): string {
  const { id, type, createdAt, directoryId, sequence } = event;
  const data = 'membership' in event ? membershipText(event.membership) : JSON.stringify(event.data);
  const directory = directoryId === null ? '' : `"directory_id":${JSON.stringify(directoryId)},`;
  return `{"id":${JSON.stringify(id)},"event":"${type}","data":${data},"created_at":"${createdAt}","object":"event","context":{},${directory}"sequence":${sequence}}`;
}
