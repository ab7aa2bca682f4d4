import { isJsonObject, type JsonObject, type JsonValue } from '#kernel';
import { attribute } from './define.js';
import type {
  AttributeDefinition,
  AttributeType,
  ResourceTypeName,
  SchemaDefinition,
} from './definitions.js';
import { findSchema } from './resource-types.js';

/** An extension that a directory has declared for one resource type. */
export interface DeclaredExtension {
  readonly resourceType: ResourceTypeName;
  readonly schema: SchemaDefinition;
}

export const EXTENSION_URN = /^urn:[a-z0-9][a-z0-9-]*:[\x21-\x7e]+$/i;
export const EXTENSION_NAME = /^[a-z$_][\w$-]*$/i;
export const EXTENSION_TYPES: readonly string[] = ['string', 'boolean', 'integer', 'decimal', 'complex'];

/**
 * Reads the directory setting `extension_schemas`: schemas in the form of RFC 7643 7 (`id`, `name`, `description`,
 * `attributes`), with `resourceType` "User" or "Group" (absent: User). Of an attribute count `name`, `description`,
 * `type` (string, boolean, integer, decimal, complex; anything else is kept as text), `multiValued`, `canonicalValues`
 * and `subAttributes`; everything is optional, readWrite and compared without regard to case, because that is what the
 * store does. An entry that is no schema, or that would redefine one of ours, is left out.
 */
export function readExtensionSchemas(setting: JsonValue | undefined): DeclaredExtension[] {
  if (!Array.isArray(setting)) return [];
  const seen = new Set<string>();
  return setting.filter(isJsonObject).flatMap((entry) => {
    const id = entry['id'];
    if (typeof id !== 'string' || !EXTENSION_URN.test(id)) return [];
    if (findSchema(id) !== undefined || seen.has(id.toLowerCase())) return [];
    seen.add(id.toLowerCase());
    return [readExtension(id, entry)];
  });
}

function readExtension(id: string, entry: JsonObject): DeclaredExtension {
  const name = textOf(entry['name']) ?? id;
  return {
    resourceType: entry['resourceType'] === 'Group' ? 'Group' : 'User',
    schema: {
      id,
      name,
      description: textOf(entry['description']) ?? name,
      attributes: readAttributes(entry['attributes'], EXTENSION_TYPES),
    },
  };
}

function readAttributes(value: JsonValue | undefined, types: readonly string[]): AttributeDefinition[] {
  if (!Array.isArray(value)) return [];
  return value.filter(isJsonObject).flatMap((entry) => {
    const name = entry['name'];
    return typeof name === 'string' && EXTENSION_NAME.test(name) ? [readAttribute(name, entry, types)] : [];
  });
}

const SIMPLE_TYPES: readonly string[] = EXTENSION_TYPES.filter((type) => type !== 'complex');

function readAttribute(name: string, entry: JsonObject, types: readonly string[]): AttributeDefinition {
  const given = entry['type'];
  const type = typeof given === 'string' && types.includes(given) ? (given as AttributeType) : 'string';
  const values = entry['canonicalValues'];
  return attribute(name, textOf(entry['description']) ?? name, {
    type,
    multiValued: entry['multiValued'] === true,
    ...(Array.isArray(values)
      ? { canonicalValues: values.filter((value) => typeof value === 'string') }
      : {}),
    ...(type === 'complex' ? { subAttributes: readAttributes(entry['subAttributes'], SIMPLE_TYPES) } : {}),
  });
}

function textOf(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
