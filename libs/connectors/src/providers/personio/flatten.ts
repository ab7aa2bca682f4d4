import { isJsonObject, type JsonValue } from '#kernel';

/**
 * `{type, attributes: {id: {label, value}, …}}` → `{id: value, …}`. References inside (an office, a supervisor) look
 * the same, some with bare values. An attribute that is not there stays not there. Anything else is left as it is.
 */
export function flatten(value: JsonValue): JsonValue {
  const attributes = isJsonObject(value) ? value['attributes'] : undefined;
  if (!isJsonObject(attributes)) return value;
  return Object.fromEntries(Object.entries(attributes).map(([name, field]) => [name, valueOf(field)]));
}

function valueOf(field: JsonValue | undefined): JsonValue {
  return (isJsonObject(field) && Object.hasOwn(field, 'value') ? field['value'] : field) ?? null;
}
