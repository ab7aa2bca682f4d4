import { isJsonObject, type JsonObject, type JsonValue } from '#kernel';

/** 1.1 has no `meta.resourceType` (SCIM 1.1 core schema, section 5); where nothing else was asked for, no `meta`. */
export function writeMeta(meta: JsonValue): JsonObject {
  if (!isJsonObject(meta)) return {};
  const { resourceType: _resourceType, ...rest } = meta;
  return Object.keys(rest).length === 0 ? {} : { meta: rest };
}
