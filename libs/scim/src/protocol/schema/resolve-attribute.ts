import type { AttributeDefinition, ResourceTypeName } from './definitions.js';
import {
  RESOURCE_TYPES,
  canonicalUrn,
  extensionAttribute,
  subAttributeOf,
  topLevelAttribute,
} from './resource-types.js';
import { splitName, type AttributeName } from './split-name.js';

/** Where an attribute lives and what it is. */
export interface ResolvedAttribute {
  /** Canonical URN of the extension that holds it; absent at the top level. */
  readonly extension?: string;
  readonly attribute: AttributeDefinition;
  readonly subAttribute?: AttributeDefinition;
}

/** Spellings that IdPs use in queries. */
const ALIASES: Readonly<Record<ResourceTypeName, Readonly<Record<string, string>>>> = {
  User: { email: 'emails', phonenumber: 'phoneNumbers' },
  Group: {},
};

/**
 * Finds an attribute by name as it is written in filters, `sortBy` and `attributes` (RFC 7644 3.10): any letter case,
 * with or without URN; a name without URN is also looked up in the extensions.
 */
export function resolveAttribute(type: ResourceTypeName, text: string): ResolvedAttribute | undefined {
  const name = splitName(text);
  return name === undefined ? undefined : resolveName(type, withAlias(type, name));
}

/** Like `resolveAttribute`, for a name already taken apart and without aliases (PATCH paths, body keys). */
export function resolveName(type: ResourceTypeName, name: AttributeName): ResolvedAttribute | undefined {
  const found = findAttribute(type, name);
  if (found === undefined || name.subAttribute === undefined) return found;
  const subAttribute = subAttributeOf(found.attribute, name.subAttribute);
  return subAttribute === undefined ? undefined : { ...found, subAttribute };
}

/** The name with well-known misspellings corrected. */
export function withAlias(type: ResourceTypeName, name: AttributeName): AttributeName {
  const key = name.attribute?.toLowerCase() ?? '';
  const aliases = ALIASES[type];
  return Object.hasOwn(aliases, key) ? { ...name, attribute: aliases[key] } : name;
}

function findAttribute(type: ResourceTypeName, name: AttributeName): ResolvedAttribute | undefined {
  if (name.attribute === undefined) return undefined;
  const { schema, extensions } = RESOURCE_TYPES[type];
  const holds = (urn: string): boolean => name.schema === undefined || canonicalUrn(name.schema) === urn;
  const top = holds(schema.id) ? topLevelAttribute(type, name.attribute) : undefined;
  if (top !== undefined) return { attribute: top };
  for (const { id } of extensions) {
    const attribute = holds(id) ? extensionAttribute(id, name.attribute) : undefined;
    if (attribute !== undefined) return { extension: id, attribute };
  }
  return undefined;
}
