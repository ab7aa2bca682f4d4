import { isJsonObject, type JsonObject, type JsonValue } from '#kernel';

/** What follows a field's ID in the name of its label. */
const LABEL = '#label';

/** The name under which `flatten` puts the text that people see, of a field whose value is a list item's id. */
export function labelOf(field: string): string {
  return `${field}${LABEL}`;
}

/**
 * One person by field ID: `work.department`, and its label. Bob sends each value twice, inside objects and under keys with
 * slashes, and those of `root` outside of any object. What is empty or hidden is left out.
 */
export function flatten(person: JsonObject, fields: readonly string[]): JsonObject {
  const labels = isJsonObject(person['humanReadable']) ? person['humanReadable'] : {};
  const entries = fields.flatMap((field) => [
    [field, valueAt(person, field)] as const,
    [labelOf(field), valueAt(labels, field)] as const,
  ]);
  return Object.fromEntries(entries.filter((entry): entry is [string, JsonValue] => hasValue(entry[1])));
}

function valueAt(person: JsonObject, field: string): JsonValue | undefined {
  const path = field.replace(/^root[.]/, '').split('.');
  let value: JsonValue | undefined = person;
  for (const key of path) value = isJsonObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
  if (hasValue(value)) return value;
  const slashed = person[`/${field.replaceAll('.', '/')}`];
  return isJsonObject(slashed) ? slashed['value'] : undefined;
}

function hasValue(value: JsonValue | undefined): value is JsonValue {
  return value !== undefined && value !== null && value !== '';
}
