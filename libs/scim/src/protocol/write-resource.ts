import { isJsonObject, type JsonObject, type JsonValue } from '#kernel';
import type { GroupMember } from '#model';
import { etagOf } from './etag.js';
import { ID_PREFIX } from './reference.js';
import type { ResourceTypeName } from './schema/definitions.js';
import { RESOURCE_TYPES, isExtensionKey } from './schema/resource-types.js';
import { ENTERPRISE_USER_URN } from './schema/urns.js';
import { CLEARED } from './tolerance.js';

/** A group that a user belongs to: directly, or because a group in it has the user (RFC 7643 4.1.2). */
export interface GroupReference {
  readonly value: string;
  readonly display: string;
  readonly direct: boolean;
}

/** What is known of a resource. `raw` is the canonical document as stored. */
export interface WriteResourceInput {
  readonly resourceType: ResourceTypeName;
  readonly raw: JsonObject;
  readonly id: string;
  /** Public base URL of the directory, without trailing slash. */
  readonly baseUrl: string;
  readonly createdAt: string;
  readonly lastModified: string;
  readonly version: number;
  /** Only for groups; not shown when absent. */
  readonly members?: readonly GroupMember[];
  /** Members are shown with their names, which are `returned: request`. */
  readonly memberNames?: boolean;
  /** Only for users; not shown when absent. */
  readonly groups?: readonly GroupReference[];
}

/** Keys that are computed here and therefore never taken from the stored document. */
const COMPUTED: ReadonlySet<string> = new Set(['schemas', 'id', 'meta', 'members', 'groups', 'password']);

/** The representation that clients see (RFC 7643 3): stored values unchanged, everything computed added. */
export function writeResource(input: WriteResourceInput): JsonObject {
  const { resourceType, raw, baseUrl, members, groups } = input;
  const { endpoint, schema } = RESOURCE_TYPES[resourceType];
  const stored = Object.entries(raw)
    .filter(([key, value]) => !COMPUTED.has(key) && value !== CLEARED)
    .map(([key, value]): [string, JsonValue] => [
      key,
      key === ENTERPRISE_USER_URN ? withManagerAddress(value, baseUrl) : value,
    ]);
  const extensions = stored.filter(([key, value]) => isExtensionKey(key) && hasData(value));
  return {
    schemas: [schema.id, ...extensions.map(([key]) => key)],
    id: input.id,
    ...Object.fromEntries(stored),
    ...(resourceType === 'User' && !Object.hasOwn(raw, 'active') ? { active: true } : {}),
    ...(members === undefined ? {} : { members: members.map((member) => memberJson(member, input)) }),
    ...(groups === undefined ? {} : { groups: groups.map((group) => groupJson(group, baseUrl)) }),
    meta: {
      resourceType,
      created: input.createdAt,
      lastModified: input.lastModified,
      location: `${baseUrl}${endpoint}/${encodeURIComponent(input.id)}`,
      version: etagOf(input.version),
    },
  };
}

/** Some sources name the manager by an id of their own, which leads nowhere here. */
function withManagerAddress(enterprise: JsonValue, baseUrl: string): JsonValue {
  const manager = isJsonObject(enterprise) ? enterprise['manager'] : undefined;
  const id = isJsonObject(manager) ? manager['value'] : undefined;
  if (!isJsonObject(enterprise) || !isJsonObject(manager) || typeof id !== 'string') return enterprise;
  if (!id.startsWith(ID_PREFIX.User)) return enterprise;
  const $ref = `${baseUrl}/Users/${encodeURIComponent(id)}`;
  return { ...enterprise, manager: { ...manager, $ref } };
}

/** An extension is listed in `schemas` only when the resource carries data of it. */
function hasData(value: JsonValue): boolean {
  return isJsonObject(value) && Object.keys(value).length > 0;
}

/** A pending member is nobody yet, so there is no address to point to. */
function memberJson(
  { value, type, display, pending }: GroupMember,
  { baseUrl, memberNames }: WriteResourceInput,
): JsonObject {
  if (pending) return { value, type };
  return {
    value,
    $ref: `${baseUrl}${RESOURCE_TYPES[type].endpoint}/${encodeURIComponent(value)}`,
    type,
    ...(memberNames === true && display !== undefined ? { display } : {}),
  };
}

function groupJson(group: GroupReference, baseUrl: string): JsonObject {
  return {
    value: group.value,
    $ref: `${baseUrl}/Groups/${encodeURIComponent(group.value)}`,
    display: group.display,
    type: group.direct ? 'direct' : 'indirect',
  };
}
