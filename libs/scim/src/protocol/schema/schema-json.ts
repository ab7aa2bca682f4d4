import type { JsonObject } from '#kernel';
import type { AttributeDefinition, ResourceTypeDefinition, SchemaDefinition } from './definitions.js';
import { RESOURCE_TYPE_URN, SCHEMA_URN } from './urns.js';

/** One entry of `/Schemas` with every characteristic (RFC 7643 7). */
export function schemaJson(schema: SchemaDefinition, baseUrl: string): JsonObject {
  return {
    schemas: [SCHEMA_URN],
    id: schema.id,
    name: schema.name,
    description: schema.description,
    attributes: schema.attributes.map(attributeJson),
    meta: { resourceType: 'Schema', location: `${baseUrl}/Schemas/${schema.id}` },
  };
}

/** One entry of `/ResourceTypes` (RFC 7643 6). */
export function resourceTypeJson(type: ResourceTypeDefinition, baseUrl: string): JsonObject {
  return {
    schemas: [RESOURCE_TYPE_URN],
    id: type.name,
    name: type.name,
    description: type.description,
    endpoint: type.endpoint,
    schema: type.schema.id,
    schemaExtensions: type.extensions.map((extension) => ({ schema: extension.id, required: false })),
    meta: { resourceType: 'ResourceType', location: `${baseUrl}/ResourceTypes/${type.name}` },
  };
}

function attributeJson(attribute: AttributeDefinition): JsonObject {
  const { canonicalValues, referenceTypes, subAttributes } = attribute;
  return {
    name: attribute.name,
    type: attribute.type,
    ...(subAttributes === undefined ? {} : { subAttributes: subAttributes.map(attributeJson) }),
    multiValued: attribute.multiValued,
    description: attribute.description,
    required: attribute.required,
    ...(canonicalValues === undefined ? {} : { canonicalValues: [...canonicalValues] }),
    caseExact: attribute.caseExact,
    mutability: attribute.mutability,
    returned: attribute.returned,
    uniqueness: attribute.uniqueness,
    ...(referenceTypes === undefined ? {} : { referenceTypes: [...referenceTypes] }),
  };
}
