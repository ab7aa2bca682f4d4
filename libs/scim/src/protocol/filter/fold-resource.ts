import { foldKey, isJsonObject, type JsonObject, type JsonValue } from '#kernel';
import type { AttributeDefinition, ResourceTypeName } from '../schema/definitions.js';
import {
  extensionAttribute,
  findSchema,
  isExtensionKey,
  subAttributeOf,
  topLevelAttribute,
} from '../schema/resource-types.js';

/**
 * The same document with every string folded that is compared without regard to case (RFC 7643 2.2, `caseExact`).
 * In extensions that no schema describes the names are folded too, because a filter may spell them in any case.
 * Filters in SQL work on this copy.
 */
export function foldResource(type: ResourceTypeName, resource: JsonObject): JsonObject {
  const { described, custom } = splitExtensions(resource);
  const folded = mapValues(described, (value, key) => {
    if (isExtensionKey(key) && isJsonObject(value))
      return mapValues(value, (inner, name) => fold(extensionAttribute(key, name), inner));
    return fold(topLevelAttribute(type, key), value);
  });
  return { ...folded, ...(foldAll(custom) as JsonObject) };
}

/** Only the extensions that no schema describes, with all their names and strings folded. */
export function foldCustom(resource: JsonObject): JsonObject {
  return foldAll(splitExtensions(resource).custom) as JsonObject;
}

function splitExtensions(resource: JsonObject): {
  readonly described: JsonObject;
  readonly custom: JsonObject;
} {
  const isCustom = (key: string): boolean => isExtensionKey(key) && findSchema(key) === undefined;
  const entries = Object.entries(resource);
  return {
    described: Object.fromEntries(entries.filter(([key]) => !isCustom(key))),
    custom: Object.fromEntries(entries.filter(([key]) => isCustom(key))),
  };
}

function foldAll(value: JsonValue): JsonValue {
  if (typeof value === 'string') return foldKey(value);
  if (Array.isArray(value)) return value.map(foldAll);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [foldKey(key), foldAll(inner)]));
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
