import { isJsonObject, type JsonObject, type JsonValue } from '#kernel';
import { invalidSyntax, invalidValue } from './errors.js';
import { findKey, withOwn } from './json-object.js';
import { readValue } from './read-value.js';
import type { SchemaDefinition } from './schema/definitions.js';
import type { Tolerance } from './tolerance.js';

/**
 * The resource with the attributes of declared extensions in the spelling and the types of their declaration. What
 * the declaration does not know stays as it was sent; in strict mode it is refused.
 * @throws ScimError `invalidValue` naming the attribute, `invalidSyntax` for an unknown one in strict mode
 */
export function typeExtensions(
  resource: JsonObject,
  schemas: readonly SchemaDefinition[],
  tolerance: Tolerance,
): JsonObject {
  return schemas.reduce((typed, schema) => {
    const key = findKey(typed, schema.id);
    const value = key === undefined ? undefined : typed[key];
    if (key === undefined || value === undefined) return typed;
    if (!isJsonObject(value))
      throw invalidValue(`The value of "${schema.id}" has the wrong type: send an object.`, schema.id);
    const read = typeAttributes(value, schema, tolerance);
    const rest = key === schema.id ? typed : withOwn(typed, key, undefined);
    return withOwn(rest, schema.id, Object.keys(read).length === 0 ? undefined : read);
  }, resource);
}

function typeAttributes(extension: JsonObject, schema: SchemaDefinition, tolerance: Tolerance): JsonObject {
  const entries = Object.entries(extension).flatMap(([key, value]): [string, JsonValue][] => {
    const wanted = key.toLowerCase();
    const definition = schema.attributes.find(({ name }) => name.toLowerCase() === wanted);
    if (definition === undefined && tolerance.strict)
      throw invalidSyntax(`"${schema.id}" has no attribute "${key}": remove it.`, `${schema.id}:${key}`);
    if (definition === undefined) return [[key, value]];
    const read = readValue(definition, value, { tolerance, name: `${schema.id}:${definition.name}` });
    return read === undefined ? [] : [[definition.name, read]];
  });
  return Object.fromEntries(entries);
}
