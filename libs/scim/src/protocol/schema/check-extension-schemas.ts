import { InvalidInputError, isJsonObject, type InputProblem, type JsonValue } from '#kernel';
import { EXTENSION_NAME, EXTENSION_TYPES, EXTENSION_URN } from './extension-schemas.js';
import { findSchema } from './resource-types.js';

const SETTING = 'config.extension_schemas';

/**
 * Says what in the directory setting `extension_schemas` would not be understood, while whoever sets it can still
 * correct it; later, such a part is only left out.
 * @throws InvalidInputError naming every place
 */
export function checkExtensionSchemas(setting: JsonValue | undefined): void {
  const problems = setting === undefined ? [] : problemsOf(setting);
  if (problems.length > 0)
    throw new InvalidInputError('Validation failed', { code: 'invalid_extension_schemas', problems });
}

function problemsOf(setting: JsonValue): InputProblem[] {
  if (!Array.isArray(setting)) return [problem(SETTING, 'must be an array of schemas (RFC 7643, section 7)')];
  const seen = new Set<string>();
  return setting.flatMap((entry, index) => {
    const field = `${SETTING}[${index}]`;
    if (!isJsonObject(entry)) return [problem(field, 'must be an object with "id" and "attributes"')];
    const { id, resourceType, attributes } = entry;
    return [
      ...idProblems(id, `${field}.id`, seen),
      ...(resourceType === undefined || resourceType === 'User' || resourceType === 'Group'
        ? []
        : [problem(`${field}.resourceType`, 'must be "User" or "Group"')]),
      ...attributeProblems(attributes, `${field}.attributes`, EXTENSION_TYPES),
    ];
  });
}

function idProblems(id: JsonValue | undefined, field: string, seen: Set<string>): InputProblem[] {
  if (typeof id !== 'string' || !EXTENSION_URN.test(id))
    return [problem(field, 'must be a URN, such as "urn:example:params:badge:2.0:User"')];
  const isTaken = findSchema(id) !== undefined || seen.has(id.toLowerCase());
  seen.add(id.toLowerCase());
  return isTaken ? [problem(field, 'is the URN of another schema: choose one of your own')] : [];
}

function attributeProblems(
  attributes: JsonValue | undefined,
  field: string,
  types: readonly string[],
): InputProblem[] {
  if (!Array.isArray(attributes) || attributes.length === 0)
    return [problem(field, 'must be an array with at least one attribute')];
  const names = new Set<string>();
  return attributes.flatMap((attribute, index) => {
    const place = `${field}[${index}]`;
    if (!isJsonObject(attribute)) return [problem(place, 'must be an object with "name" and "type"')];
    const { name, type = 'string', subAttributes } = attribute;
    const key = typeof name === 'string' ? name.toLowerCase() : '';
    const isNew = EXTENSION_NAME.test(key) && !names.has(key);
    names.add(key);
    return [
      ...(isNew ? [] : [problem(`${place}.name`, 'must be a name of letters and digits, used once')]),
      ...(types.includes(type as string)
        ? []
        : [problem(`${place}.type`, `must be one of: ${types.join(', ')}`)]),
      ...(type === 'complex'
        ? attributeProblems(subAttributes, `${place}.subAttributes`, withoutComplex(types))
        : []),
    ];
  });
}

function withoutComplex(types: readonly string[]): readonly string[] {
  return types.filter((type) => type !== 'complex');
}

function problem(field: string, message: string): InputProblem {
  return { field, message: `"${field}" ${message}.` };
}
