import { isJsonObject, type JsonObject, type JsonValue } from '#kernel';
import type { AttributeDefinition, ResourceTypeName } from '../src/protocol/schema/definitions.js';
import { readExtensionSchemas } from '../src/protocol/schema/extension-schemas.js';
import { RESOURCE_TYPES } from '../src/protocol/schema/resource-types.js';

/** An extension of the directory's own, with every type that a declaration may have. */
export const BADGE_URN = 'urn:example:params:badge:2.0:User';
export const BADGE_SETTING: JsonObject = {
  id: BADGE_URN,
  name: 'Badge',
  description: 'What the doors know about a person',
  attributes: [
    { name: 'number', type: 'integer', description: 'Number on the badge.' },
    { name: 'weight', type: 'decimal', description: 'In grams.' },
    { name: 'colour', type: 'string', description: 'Colour.', canonicalValues: ['red', 'green'] },
    { name: 'valid', type: 'boolean', description: 'Opens doors.' },
    { name: 'doors', type: 'string', multiValued: true, description: 'Doors that it opens.' },
    {
      name: 'office',
      type: 'complex',
      description: 'Where the person sits.',
      subAttributes: [{ name: 'floor', type: 'string', description: 'Floor.' }],
    },
    {
      name: 'keys',
      type: 'complex',
      multiValued: true,
      description: 'Keys handed out.',
      subAttributes: [
        { name: 'value', type: 'string', description: 'Number of the key.' },
        { name: 'type', type: 'string', description: 'Kind of lock.' },
        { name: 'primary', type: 'boolean', description: 'The one in use.' },
      ],
    },
  ],
};

/** One attribute without parts, or one part of a complex attribute, as `/Schemas` advertises it. */
export interface SchemaCase {
  readonly type: ResourceTypeName;
  readonly extension?: string;
  readonly attribute: AttributeDefinition;
  readonly sub?: AttributeDefinition;
  /** As written in paths, filters and projections. */
  readonly path: string;
  /** What decides about the value: the part, or the attribute itself. */
  readonly leaf: AttributeDefinition;
}

/** Everything that is advertised for a directory with the badge extension. */
export function schemaCases(): SchemaCase[] {
  const declared = readExtensionSchemas([BADGE_SETTING]).map(({ schema }) => schema);
  return Object.values(RESOURCE_TYPES).flatMap(({ name, schema, extensions }) => [
    ...schema.attributes.flatMap((attribute) => casesOf({ type: name, attribute })),
    ...[...extensions, ...(name === 'User' ? declared : [])].flatMap(({ id, attributes }) =>
      attributes.flatMap((attribute) => casesOf({ type: name, extension: id, attribute })),
    ),
  ]);
}

function casesOf(place: Pick<SchemaCase, 'type' | 'extension' | 'attribute'>): SchemaCase[] {
  const { extension, attribute } = place;
  const path = extension === undefined ? attribute.name : `${extension}:${attribute.name}`;
  const { subAttributes } = attribute;
  if (subAttributes === undefined) return [{ ...place, path, leaf: attribute }];
  return subAttributes.map((sub) => ({
    ...place,
    sub,
    path: `${path}.${sub.name}`,
    leaf: effective(attribute, sub),
  }));
}

/** A part of a readOnly attribute cannot be written either. */
function effective(attribute: AttributeDefinition, sub: AttributeDefinition): AttributeDefinition {
  return attribute.mutability === 'readOnly' ? { ...sub, mutability: 'readOnly' } : sub;
}

/** A value of the attribute's type; another one for every number. Texts have letters of both cases. */
export function sampleOf(leaf: AttributeDefinition, number: number): JsonValue {
  switch (leaf.type) {
    case 'boolean':
      return number % 2 === 0;
    case 'integer':
      return number;
    case 'decimal':
      return number + 0.5;
    case 'binary':
      return Buffer.from(`Certificate ${number}`).toString('base64');
    case 'reference':
      return `https://example.com/Sample/${number}`;
    default:
      return `Sample ${String(number).padStart(6, '0')}`;
  }
}

/** The attribute with one value in it, as part of a body. An element gets a `value` when it is about another part. */
export function bodyWith({ extension, attribute, sub }: SchemaCase, value: JsonValue): JsonObject {
  const identified = sub?.name !== 'value' && attribute.subAttributes?.some((part) => part.name === 'value');
  const filler: JsonObject = identified
    ? { value: Buffer.from(JSON.stringify(value)).toString('base64') }
    : {};
  const whole: JsonValue =
    sub === undefined
      ? value
      : attribute.multiValued
        ? { ...filler, [sub.name]: value }
        : { [sub.name]: value };
  const named = { [attribute.name]: attribute.multiValued ? [whole] : whole };
  return extension === undefined ? named : { [extension]: named };
}

/** The (first) value of the attribute in an answer. */
export function valueIn(
  { extension, attribute, sub }: SchemaCase,
  resource: JsonObject,
): JsonValue | undefined {
  const holder = extension === undefined ? resource : resource[extension];
  const whole = isJsonObject(holder) ? holder[attribute.name] : undefined;
  const first = Array.isArray(whole) ? whole[0] : whole;
  if (sub === undefined) return first;
  return isJsonObject(first) ? first[sub.name] : undefined;
}
