import { isJsonObject, type JsonObject, type JsonValue } from '#kernel';
import { SCHEMA_URN, SERVICE_PROVIDER_CONFIG_URN } from '../../protocol/schema/urns.js';
import { CORE_1_0, LIST_1_0, toLegacyUrn } from './attributes.js';

/** `/ServiceProviderConfigs`, one schema or one resource type (SCIM 1.1 core schema, sections 9 and 10). */
export function writeDiscovery(body: JsonObject): JsonObject {
  const schemas = Array.isArray(body['schemas']) ? body['schemas'] : [];
  if (schemas.includes(SERVICE_PROVIDER_CONFIG_URN)) return writeConfig(body);
  if (schemas.includes(SCHEMA_URN)) return writeSchema(body);
  return { ...body, schemas: [CORE_1_0] };
}

export function writeDiscoveryList(list: JsonObject): JsonObject {
  const resources = Array.isArray(list['Resources']) ? list['Resources'] : [];
  return {
    ...list,
    schemas: [CORE_1_0, LIST_1_0],
    Resources: resources.filter(isJsonObject).map(writeDiscovery),
  };
}

function writeConfig(config: JsonObject): JsonObject {
  const { pagination: _pagination, meta, ...rest } = config;
  return { ...rest, schemas: [CORE_1_0], xmlDataFormat: { supported: false }, ...(meta ? { meta } : {}) };
}

function writeSchema(schema: JsonObject): JsonObject {
  const id = schema['id'] as string;
  const name = schema['name'] as string;
  const urn = toLegacyUrn(id);
  const attributes = Array.isArray(schema['attributes']) ? schema['attributes'] : [];
  return {
    schemas: [CORE_1_0],
    id: urn === CORE_1_0 ? `${CORE_1_0}:${name}` : urn,
    name,
    description: schema['description'] ?? name,
    schema: urn,
    endpoint: `/${name === 'Group' ? 'Groups' : 'Users'}`,
    attributes: attributes.filter(isJsonObject).map((attribute) => writeAttribute(attribute, urn)),
  };
}

function writeAttribute(attribute: JsonObject, schema: string): JsonObject {
  const { name, type, multiValued, description, required, caseExact, canonicalValues } = attribute;
  const subAttributes = attribute['subAttributes'];
  return {
    name: name as JsonValue,
    type: type as JsonValue,
    multiValued: multiValued as JsonValue,
    description: description as JsonValue,
    schema,
    readOnly: attribute['mutability'] === 'readOnly',
    required: required as JsonValue,
    caseExact: caseExact as JsonValue,
    ...(canonicalValues === undefined ? {} : { canonicalValues }),
    ...(Array.isArray(subAttributes)
      ? {
          subAttributes: partsOf(name as string, subAttributes.filter(isJsonObject)).map((sub) =>
            writeAttribute(sub, schema),
          ),
        }
      : {}),
  };
}

/** A manager has an id under another name here, and no address (SCIM 1.1 core schema, section 7). */
function partsOf(name: string, parts: readonly JsonObject[]): readonly JsonObject[] {
  if (name !== 'manager') return parts;
  return parts
    .filter((part) => part['name'] !== '$ref')
    .map((part) => (part['name'] === 'value' ? { ...part, name: 'managerId' } : part));
}
