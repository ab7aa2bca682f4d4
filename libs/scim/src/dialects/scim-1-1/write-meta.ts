import { isJsonObject, type JsonValue } from '#kernel';

/** 1.1 has no `meta.resourceType` (SCIM 1.1 core schema, section 5). */
export function writeMeta(meta: JsonValue): JsonValue {
  if (!isJsonObject(meta)) return meta;
  const { resourceType: _resourceType, ...rest } = meta;
  return rest;
}
