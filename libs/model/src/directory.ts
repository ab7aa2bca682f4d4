import type { JsonObject } from '#kernel';

/** REST spelling; events spell `linked` as `active` and `unlinked` as `inactive`. */
export type DirectoryState = 'unlinked' | 'linked' | 'validating' | 'invalid_credentials' | 'deleting';

/** That somebody stopped a directory for a while. What it holds stays; nothing is taken in until it is resumed. */
export interface DirectoryPause {
  readonly at: string;
  /** Who did it, in words that an administrator of the IdP may read. */
  readonly by: string;
  readonly reason: string | null;
}

/** How an IdP proves who it is: a token it sends as it is, or an OAuth client that fetches short-lived ones. */
export type CredentialKind = 'bearer' | 'oauth_client';

/** One connected source of users and groups. Times are ISO 8601 in UTC with milliseconds. */
export interface Directory {
  readonly id: string;
  readonly environmentId: string;
  readonly organizationId: string;
  readonly name: string;
  /** A value that SDKs know (`okta scim v2.0`). */
  readonly type: string;
  /** SCIM dialect id (`okta`, `entra`, `generic` …), null for a polled source. */
  readonly dialect: string | null;
  /** Provider id of a polled source, null for SCIM. */
  readonly provider: string | null;
  /** Random slug in the SCIM address. */
  readonly externalKey: string;
  readonly state: DirectoryState;
  readonly config: JsonObject;
  /** SCIM dialect that its requests look like, whatever `dialect` says; null while nothing has been recognized. */
  readonly detectedDialect: string | null;
  /** Null while it is not paused. */
  readonly pause: DirectoryPause | null;
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** Directory types that official SDKs know; anything else makes some of them throw. */
export const DIRECTORY_TYPES = [
  'azure scim v2.0',
  'okta scim v2.0',
  'onelogin scim v2.0',
  'jump cloud scim v2.0',
  'pingfederate scim v2.0',
  'cyberark scim v2.0',
  'rippling scim v2.0',
  'sailpoint scim v2.0',
  'generic scim v2.0',
  'gsuite directory',
  'workday',
  'bamboohr',
  'breathe hr',
  'cezanne hr',
  'fourth hr',
  'hibob',
  'people hr',
  'personio',
  'sftp',
  'sftp workday',
  's3',
] as const;
