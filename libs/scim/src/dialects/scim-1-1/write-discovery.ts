import { isJsonObject, type JsonObject, type JsonValue } from '#kernel';
import { SCHEMA_URN, SERVICE_PROVIDER_CONFIG_URN } from '../../protocol/schema/urns.js';
import { CORE_1_0, LIST_1_0, toLegacyUrn } from './attributes.js';
import { writeMeta } from './write-meta.js';

/** `/ServiceProviderConfigs`, one schema or one resource type (SCIM 1.1 core schema, sections 9 and 10). */
export function writeDiscovery(body: JsonObject): JsonObject {
  const schemas = Array.isArray(body['schemas']) ? body['schemas'] : [];
  if (schemas.includes(SERVICE_PROVIDER_CONFIG_URN)) return writeConfig(body);
  if (schemas.includes(SCHEMA_URN)) return writeSchema(body);
  return { ...body, schemas: [CORE_1_0] };
}

export function writeDiscoveryList(list: JsonObject): JsonObject {
  return {
    ...list,
    schemas: [CORE_1_0, LIST_1_0],
    Resources: objectsIn(list['Resources']).map(writeDiscovery),
  };
}

/** 1.1 speaks of URLs, and its `meta` knows no resource type (SCIM 1.1 core schema, sections 5 and 9). */
function writeConfig(config: JsonObject): JsonObject {
  const { pagination: _pagination, meta, documentationUri, authenticationSchemes, ...rest } = config;
  const schemes = Array.isArray(authenticationSchemes) ? authenticationSchemes : [];
  return {
    ...rest,
    schemas: [CORE_1_0],
    ...(documentationUri === undefined ? {} : { documentationUrl: documentationUri }),
    xmlDataFormat: { supported: false },
    authenticationSchemes: schemes.filter(isJsonObject).map(writeScheme),
    ...(meta === undefined ? {} : writeMeta(meta)),
  };
}

function writeScheme({ specUri, documentationUri, ...scheme }: JsonObject): JsonObject {
  return {
    ...scheme,
    ...(specUri === undefined ? {} : { specUrl: specUri }),
    ...(documentationUri === undefined ? {} : { documentationUrl: documentationUri }),
  };
}

/** A schema is that of a resource here: the attributes of its extensions are part of it, under their own URN. */
function writeSchema(schema: JsonObject): JsonObject {
  const id = schema['id'] as string;
  const name = schema['name'] as string;
  const urn = toLegacyUrn(id);
  return {
    schemas: [CORE_1_0],
    id: urn === CORE_1_0 ? `${CORE_1_0}:${name}` : urn,
    name,
    description: schema['description'] ?? name,
    schema: urn,
    endpoint: `/${name === 'Group' ? 'Groups' : 'Users'}`,
    attributes: [schema, ...objectsIn(schema['schemaExtensions'])].flatMap(attributesOf),
  };
}

function attributesOf(schema: JsonObject): JsonObject[] {
  const urn = toLegacyUrn(schema['id'] as string);
  return objectsIn(schema['attributes']).map((attribute) => writeAttribute(attribute, urn));
}

/** A part has no schema of its own. */
function writeAttribute(attribute: JsonObject, schema?: string): JsonObject {
  const name = attribute['name'] as string;
  const { multiValued = false, description = name, required = false, caseExact = false } = attribute;
  const { canonicalValues } = attribute;
  return {
    name,
    type: typeOf(attribute),
    multiValued,
    ...(multiValued === true ? { multiValuedAttributeChildName: childNameOf(name) } : {}),
    description,
    ...(schema === undefined ? {} : { schema }),
    readOnly: attribute['mutability'] === 'readOnly',
    required,
    caseExact,
    ...(canonicalValues === undefined ? {} : { canonicalValues }),
    ...(attribute['subAttributes'] === undefined
      ? {}
      : { subAttributes: partsOf(attribute).map((sub) => writeAttribute(sub)) }),
  };
}

/** 1.1 has no references. */
function typeOf({ type = 'string' }: JsonObject): JsonValue {
  return type === 'reference' ? 'string' : type;
}

/** Name of one element in XML: "emails" holds "email", "addresses" holds "address". */
function childNameOf(name: string): string {
  return name.replace(/(?<=ss)es$|s$/, '');
}

/** A manager has an id under another name here, and nothing has an address (SCIM 1.1 core schema, sections 6 to 8). */
function partsOf({ name, subAttributes }: JsonObject): JsonObject[] {
  const parts = objectsIn(subAttributes).filter((part) => part['name'] !== '$ref');
  if (name !== 'manager') return parts;
  return parts.map((part) => (part['name'] === 'value' ? { ...part, name: 'managerId' } : part));
}

function objectsIn(list: JsonValue | undefined): JsonObject[] {
  return Array.isArray(list) ? list.filter(isJsonObject) : [];
}
