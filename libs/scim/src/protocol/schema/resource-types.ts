import type {
  AttributeDefinition,
  ResourceTypeDefinition,
  ResourceTypeName,
  SchemaDefinition,
} from './definitions.js';
import { COMMON_ATTRIBUTES } from './common-attributes.js';
import { ENTERPRISE_USER_SCHEMA } from './enterprise-user-schema.js';
import { GROUP_SCHEMA } from './group-schema.js';
import { USER_SCHEMA } from './user-schema.js';

/** Resource types we serve (RFC 7643 6). */
export const RESOURCE_TYPES: Readonly<Record<ResourceTypeName, ResourceTypeDefinition>> = {
  User: {
    name: 'User',
    description: 'A person with an account',
    endpoint: '/Users',
    schema: USER_SCHEMA,
    extensions: [ENTERPRISE_USER_SCHEMA],
  },
  Group: {
    name: 'Group',
    description: 'A named set of people',
    endpoint: '/Groups',
    schema: GROUP_SCHEMA,
    extensions: [],
  },
};

/** Every schema that has data behind it, in the order of `/Schemas`. */
export const SCHEMAS: readonly SchemaDefinition[] = [USER_SCHEMA, GROUP_SCHEMA, ENTERPRISE_USER_SCHEMA];

const BY_URN: ReadonlyMap<string, SchemaDefinition> = new Map(
  SCHEMAS.map((schema) => [schema.id.toLowerCase(), schema]),
);

const TOP_LEVEL: Readonly<Record<ResourceTypeName, ReadonlyMap<string, AttributeDefinition>>> = {
  User: byName([...COMMON_ATTRIBUTES, ...USER_SCHEMA.attributes]),
  Group: byName([...COMMON_ATTRIBUTES, ...GROUP_SCHEMA.attributes]),
};

const BY_EXTENSION: ReadonlyMap<string, ReadonlyMap<string, AttributeDefinition>> = new Map(
  Object.values(RESOURCE_TYPES)
    .flatMap((type) => type.extensions)
    .map((schema) => [schema.id, byName(schema.attributes)]),
);

const NO_ATTRIBUTES: ReadonlyMap<string, AttributeDefinition> = new Map();

/** The schema with this URN, whatever its letter case (RFC 7643 2.1). */
export function findSchema(urn: string): SchemaDefinition | undefined {
  return BY_URN.get(urn.toLowerCase());
}

/** A known schema URN in its canonical spelling, any other text unchanged. */
export function canonicalUrn(urn: string): string {
  return findSchema(urn)?.id ?? urn;
}

/** Attribute at the top level of a resource: common or of the main schema. The name may be in any case. */
export function topLevelAttribute(type: ResourceTypeName, name: string): AttributeDefinition | undefined {
  return TOP_LEVEL[type].get(name.toLowerCase());
}

/** Attribute of an extension given by its canonical URN. */
export function extensionAttribute(urn: string, name: string): AttributeDefinition | undefined {
  return (BY_EXTENSION.get(urn) ?? NO_ATTRIBUTES).get(name.toLowerCase());
}

/** Part of a complex attribute. The name may be in any case. */
export function subAttributeOf(parent: AttributeDefinition, name: string): AttributeDefinition | undefined {
  const wanted = name.toLowerCase();
  return parent.subAttributes?.find((sub) => sub.name.toLowerCase() === wanted);
}

/** True for keys that hold an extension: a URN always contains a colon, an attribute name never (RFC 7643 2.1, 3.3). */
export function isExtensionKey(key: string): boolean {
  return key.includes(':');
}

function byName(attributes: readonly AttributeDefinition[]): ReadonlyMap<string, AttributeDefinition> {
  return new Map(attributes.map((attribute) => [attribute.name.toLowerCase(), attribute]));
}
