import { foldKey, isJsonObject, type JsonObject, type JsonValue } from '#kernel';
import type { AttributeDefinition, ResourceTypeName } from '../schema/definitions.js';
import {
  extensionAttribute,
  isExtensionKey,
  subAttributeOf,
  topLevelAttribute,
} from '../schema/resource-types.js';

/**
 * The same document with every string folded that is compared without regard to case (RFC 7643 2.2, `caseExact`).
 * Keys and custom data stay. Filters in SQL work on this copy.
 */
export function foldResource(type: ResourceTypeName, resource: JsonObject): JsonObject {
  return mapValues(resource, (value, key) => {
    if (isExtensionKey(key) && isJsonObject(value))
      return mapValues(value, (inner, name) => fold(extensionAttribute(key, name), inner));
    return fold(topLevelAttribute(type, key), value);
  });
}

function fold(definition: AttributeDefinition | undefined, value: JsonValue): JsonValue {
  if (definition === undefined) return value;
  if (Array.isArray(value)) return value.map((element) => fold(definition, element));
  if (isJsonObject(value))
    return mapValues(value, (inner, name) => fold(subAttributeOf(definition, name), inner));
  const folds = typeof value === 'string' && definition.type === 'string' && !definition.caseExact;
  return folds ? foldKey(value) : value;
}

function mapValues(object: JsonObject, change: (value: JsonValue, key: string) => JsonValue): JsonObject {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value, key)]));
}
