/** How far a reader goes along with deviations from RFC 7643 and RFC 7644. A dialect picks one of the presets. */
export interface Tolerance {
  /**
   * Refuses what is otherwise repaired: `schemas` missing, booleans and numbers as strings, single values where a list
   * belongs. Unknown attributes of a body are dropped (RFC 7644 3.3 lets a server ignore them), in PATCH refused.
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
  /** PATCH remove with a filter that matches nothing succeeds, or is refused with `noTarget`. */
  readonly removeUnmatched: 'ignore' | 'noTarget';
}

/** Generic SCIM 2.0: every shape that real clients send is read, but an unknown PATCH path is an error. */
export const RFC_TOLERANCE: Tolerance = {
  strict: false,
  emptyStringUnassigns: true,
  numericBooleans: false,
  createOnUnmatchedFilter: true,
  unknownPathIgnored: false,
  unknownFilterAttribute: 'empty',
  removeUnmatched: 'ignore',
};

/** Okta, Entra and the like: a mapping with one odd attribute must not stop the whole user. */
export const LENIENT_TOLERANCE: Tolerance = {
  ...RFC_TOLERANCE,
  numericBooleans: true,
  unknownPathIgnored: true,
};

/** The letter of the RFCs, for conformance runs. */
export const STRICT_TOLERANCE: Tolerance = {
  strict: true,
  emptyStringUnassigns: false,
  numericBooleans: false,
  createOnUnmatchedFilter: false,
  unknownPathIgnored: false,
  unknownFilterAttribute: 'reject',
  removeUnmatched: 'noTarget',
};
