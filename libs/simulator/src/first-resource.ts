import { isJsonObject, type JsonObject } from '#kernel';

/** The first match of a ListResponse; undefined when the list is empty. */
export function firstResource(list: JsonObject): JsonObject | undefined {
  const resources = list['Resources'];
  const first = Array.isArray(resources) ? resources[0] : undefined;
  return isJsonObject(first) ? first : undefined;
}
