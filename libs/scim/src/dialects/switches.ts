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
  /** How far the readers go along with deviations in bodies, paths and filters. */
  readonly tolerance: Tolerance;
  /** POST with `X-HTTP-Method-Override` is taken for the method that it names. */
  readonly methodOverride: boolean;
  /** `Authorization` may be the token alone, without `Bearer` or `Basic` before it. */
  readonly bareToken: boolean;
  /** A member may be named by the external id of a person or group; a directory can decide otherwise. */
  readonly matchExternalIds: boolean;
  /** Page size of a list request without `count`. */
  readonly defaultPageSize: number;
}

export const DEFAULT_SWITCHES: DialectSwitches = {
  userPatchAnswer: 'body',
  groupPatchAnswer: 'body',
  tolerance: RFC_TOLERANCE,
  methodOverride: false,
  bareToken: false,
  matchExternalIds: false,
  defaultPageSize: 100,
};

/** Non-default values, each with where it is known from. */
export type SwitchSettings = {
  readonly [Name in keyof DialectSwitches]?: {
    readonly value: DialectSwitches[Name];
    readonly evidence: string;
  };
};

/** The settings on top of the defaults. */
export function resolveSwitches(settings: SwitchSettings): DialectSwitches {
  const switches: Record<string, unknown> = { ...DEFAULT_SWITCHES };
  for (const [name, setting] of Object.entries(settings)) switches[name] = setting.value;
  return switches as unknown as DialectSwitches;
}
