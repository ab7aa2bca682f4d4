import type { JsonObject } from '#kernel';
import type { NamedMembers } from '#model';

/** What a body named, whether with a value or with null. PUT needs to tell "absent" from "cleared". */
export interface NamedKeys {
  /** Canonical names of top-level attributes and URNs of extensions. */
  readonly attributes: ReadonlySet<string>;
  /** URNs listed in `schemas`, known ones in canonical spelling. */
  readonly schemas: ReadonlySet<string>;
}

/** The body of a POST or PUT in canonical form. */
export interface ReadResource {
  /** Without `id`, `meta`, `groups`, `schemas`, `password` and `members`; unassigned attributes are left out. */
  readonly resource: JsonObject;
  /** Group members; undefined when the body does not name them, empty when it names none. */
  readonly members?: NamedMembers;
  readonly named: NamedKeys;
}
