/** How far a reader goes along with deviations from RFC 7643 and RFC 7644. A dialect picks one of the presets. */
export interface Tolerance {
  /**
   * Refuses what is otherwise repaired or ignored: `schemas` missing or incomplete, unknown attributes and extensions,
   * booleans and numbers as strings, single values where a list belongs, several primaries, verbs in capitals.
   */
  readonly strict: boolean;
  /** `""` means "unassigned", like null (RFC 7643 2.5). */
  readonly emptyStringUnassigns: boolean;
  /** 1, 0, "1" and "0" are accepted for booleans. */
  readonly numericBooleans: boolean;
  /** PATCH add or replace on a value path without match creates the element from the filter's `eq` terms. */
  readonly createOnUnmatchedFilter: boolean;
  /** A PATCH path to an unknown attribute is stored as custom data (or skipped) instead of failing the batch. */
  readonly unknownPathIgnored: boolean;
  /** A filter on an unknown attribute matches nothing, or is refused. */
  readonly unknownFilterAttribute: 'empty' | 'reject';
  /**
   * `active` may be unassigned like every optional attribute. The account stays what it is, active or not: nobody is
   * let in or locked out by a value that is missing.
   */
  readonly activeCanBeCleared: boolean;
  /** PATCH remove with a filter that matches nothing succeeds, or is refused with `noTarget`. */
  readonly removeUnmatched: 'ignore' | 'noTarget';
  /** URNs of extensions that the directory has declared; others are unknown, which only strict refuses. */
  readonly extensionUrns?: readonly string[];
}

/** What a stored document has as `active` when it was cleared; without the key it is the default, true. */
export const CLEARED = null;

/** Generic SCIM 2.0: every shape that real clients send is read, but an unknown name in a path or filter is an error. */
export const RFC_TOLERANCE: Tolerance = {
  strict: false,
  emptyStringUnassigns: true,
  numericBooleans: false,
  createOnUnmatchedFilter: true,
  unknownPathIgnored: false,
  unknownFilterAttribute: 'reject',
  activeCanBeCleared: false,
  removeUnmatched: 'ignore',
};

/** Okta, Entra and the like: a mapping with one odd attribute must not stop the whole user. */
export const LENIENT_TOLERANCE: Tolerance = {
  ...RFC_TOLERANCE,
  numericBooleans: true,
  unknownPathIgnored: true,
  unknownFilterAttribute: 'empty',
};

/** True for the URN of an extension that may be used although no schema of ours describes it. */
export function acceptsExtension(urn: string, { strict, extensionUrns = [] }: Tolerance): boolean {
  return !strict || extensionUrns.some((known) => known.toLowerCase() === urn.toLowerCase());
}

/** The letter of the RFCs, for conformance runs. */
export const STRICT_TOLERANCE: Tolerance = {
  strict: true,
  emptyStringUnassigns: false,
  numericBooleans: false,
  createOnUnmatchedFilter: false,
  unknownPathIgnored: false,
  unknownFilterAttribute: 'reject',
  activeCanBeCleared: true,
  removeUnmatched: 'noTarget',
};
