import { RFC_TOLERANCE, type Tolerance } from '../protocol/tolerance.js';

/**
 * Everything that a dialect can set. The list is closed: core code asks for a switch, never for the name of a dialect.
 * The defaults are what RFC 7644 says; a dialect states evidence for every other value.
 */
export interface DialectSwitches {
  /** Answer to a PATCH of a user that asks for no particular attributes: 200 with the resource, or 204. */
  readonly userPatchAnswer: 'body' | 'no_content';
  /** The same for groups, where a body may mean tens of thousands of members. */
  readonly groupPatchAnswer: 'body' | 'no_content';
  /** Answer to a DELETE: 204, or 200 with nothing but `schemas`. */
  readonly deleteAnswer: 'ok' | 'no_content';
  /** How far the readers go along with deviations in bodies, paths and filters. */
  readonly tolerance: Tolerance;
  /** POST with `X-HTTP-Method-Override` is taken for the method that it names. */
  readonly methodOverride: boolean;
  /** `Authorization` may be the token alone, without `Bearer` or `Basic` before it. */
  readonly bareToken: boolean;
  /** A member may be named by the external id of a person or group; a directory can decide otherwise. */
  readonly matchExternalIds: boolean;
  /** Lists can be paged by cursor, and `/ServiceProviderConfig` says so (RFC 9865). */
  readonly cursors: boolean;
  /** Page size of a list request without `count`. */
  readonly defaultPageSize: number;
}

export const DEFAULT_SWITCHES: DialectSwitches = {
  userPatchAnswer: 'body',
  groupPatchAnswer: 'body',
  deleteAnswer: 'no_content',
  tolerance: RFC_TOLERANCE,
  methodOverride: false,
  bareToken: false,
  matchExternalIds: false,
  cursors: true,
  defaultPageSize: 100,
};

/** What SCIM 1.1 says otherwise: its protocol, section 3.6, answers a DELETE with 200, and it knows no cursors. */
const DEFAULTS_1_1: Partial<DialectSwitches> = { deleteAnswer: 'ok', cursors: false };

/** Non-default values, each with where it is known from. */
export type SwitchSettings = {
  readonly [Name in keyof DialectSwitches]?: {
    readonly value: DialectSwitches[Name];
    readonly evidence: string;
  };
};

/** The settings on top of the defaults of a protocol version. */
export function resolveSwitches(settings: SwitchSettings, version: '1.1' | '2.0'): DialectSwitches {
  const switches: Record<string, unknown> = {
    ...DEFAULT_SWITCHES,
    ...(version === '1.1' ? DEFAULTS_1_1 : {}),
  };
  for (const [name, setting] of Object.entries(settings)) switches[name] = setting.value;
  return switches as unknown as DialectSwitches;
}
