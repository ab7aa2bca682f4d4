import { getOwn, type JsonObject } from '#kernel';
import { forbidden, notFound } from '../protocol/errors.js';
import { bindElementFilter } from '../protocol/filter/bind.js';
import { matchesElement } from '../protocol/filter/evaluate.js';
import { parseFilter } from '../protocol/filter/parse.js';
import { MAX_BULK_OPERATIONS } from '../protocol/messages/bulk-request.js';
import { CURSOR_TIMEOUT_SECONDS } from '../protocol/messages/cursor.js';
import { listResponse } from '../protocol/messages/list-response.js';
import { attribute as define } from '../protocol/schema/define.js';
import type { ResourceTypeDefinition, SchemaDefinition } from '../protocol/schema/definitions.js';
import { RESOURCE_TYPES, SCHEMAS } from '../protocol/schema/resource-types.js';
import { resourceTypeJson, schemaJson } from '../protocol/schema/schema-json.js';
import { ENTERPRISE_USER_URN, GROUP_URN, USER_URN } from '../protocol/schema/urns.js';
import { serviceProviderConfig } from '../protocol/schema/service-provider-config.js';
import { fromCanonical, type Answer, type RoutedCall, type ScimCall } from './call.js';
import { declaredExtensions, extensionsOf } from './extensions.js';
import { BODY_LIMITS } from './read-body.js';

/** `/ServiceProviderConfig` (RFC 7644 4). */
export function readServiceProviderConfig(call: ScimCall): Answer {
  refuseFilter(call);
  const { defaultPageSize, cursors } = call.switches;
  return discovery(
    serviceProviderConfig({
      baseUrl: call.baseUrl,
      bulkSupported: true,
      bulkMaxOperations: MAX_BULK_OPERATIONS,
      bulkMaxPayloadSize: BODY_LIMITS.Bulk,
      defaultPageSize,
      ...(cursors ? { cursorTimeout: CURSOR_TIMEOUT_SECONDS } : {}),
    }),
  );
}

export function listSchemas(call: ScimCall): Answer {
  if (call.request.version === '1.1') return discoveryList(chosenSchemas(call, resourceSchemas(call)));
  refuseFilter(call);
  return discoveryList(schemasOf(call).map((schema) => schemaJson(schema, call.baseUrl)));
}

/** By URN, or by the name of the resource type as 1.1 clients do. */
export function readSchema(call: RoutedCall<'schema'>): Answer {
  refuseFilter(call);
  const wanted = urnOf(call.route.id).toLowerCase();
  const whole = call.request.version === '1.1' ? resourceSchemas(call) : [];
  const ofResource = whole.find(({ id }) => (id as string).toLowerCase() === wanted);
  if (ofResource !== undefined) return discovery(ofResource);
  const schema = schemasOf(call).find(({ id }) => id.toLowerCase() === wanted);
  if (schema === undefined)
    throw notFound(
      `There is no schema "${call.route.id.slice(0, 200)}". GET /Schemas lists the schemas of this server.`,
    );
  return discovery(schemaJson(schema, call.baseUrl));
}

export function listResourceTypes(call: ScimCall): Answer {
  refuseFilter(call);
  return discoveryList(resourceTypesOf(call).map((type) => resourceTypeJson(type, call.baseUrl)));
}

export function readResourceType(call: RoutedCall<'resource_type'>): Answer {
  refuseFilter(call);
  const wanted = call.route.id.toLowerCase();
  const type = resourceTypesOf(call).find(({ name }) => name.toLowerCase() === wanted);
  if (type === undefined)
    throw notFound(
      `There is no resource type "${call.route.id.slice(0, 200)}". This server has the resource types User and Group.`,
    );
  return discovery(resourceTypeJson(type, call.baseUrl));
}

/** SCIM 1.1 has one schema per type of resource, with the extensions in it. */
function resourceSchemas(call: ScimCall): JsonObject[] {
  return resourceTypesOf(call).map(({ schema, extensions }) => ({
    ...schemaJson(schema, call.baseUrl),
    schemaExtensions: extensions.map((extension) => schemaJson(extension, call.baseUrl)),
  }));
}

const SCHEMA_OF_1_1 = define('schema', 'An entry of /Schemas.', {
  type: 'complex',
  subAttributes: ['id', 'name', 'schema', 'endpoint', 'description'].map((name) => define(name, name)),
});

/**
 * 1.1 clients look for a schema with a filter (UnboundID SCIM SDK: `name eq "User"`, `endpoint eq "Users"`), which only
 * 2.0 forbids. It is about what they see; the slash before an endpoint may be missing.
 */
function chosenSchemas(call: ScimCall, schemas: JsonObject[]): JsonObject[] {
  const [, text] = call.parameters.find(([name]) => name.toLowerCase() === 'filter') ?? [];
  if (text === undefined) return schemas;
  const filter = bindElementFilter(parseFilter(text), SCHEMA_OF_1_1, 'empty');
  return schemas.filter((schema) => {
    const seen = fromCanonical(call, { kind: 'discovery', body: schema });
    const bare = { ...seen, endpoint: (seen['endpoint'] as string).slice(1) };
    return filter !== undefined && [seen, bare].some((entry) => matchesElement(filter, entry));
  });
}

/** RFC 7644 4: a client that filters here believes to get less than it gets. */
function refuseFilter(call: ScimCall): void {
  if (call.parameters.some(([name]) => name.toLowerCase() === 'filter'))
    throw forbidden('Discovery endpoints cannot be filtered. Leave the parameter "filter" out.', 'filter');
}

/** Ours and those that the directory has declared, as they hold for this directory. */
function schemasOf({ directory }: ScimCall): readonly SchemaDefinition[] {
  const declared = declaredExtensions(directory).map(({ schema }) => schema);
  const namesMayRepeat = directory.config['unique_group_names'] === false;
  const ours = SCHEMAS.map((schema) =>
    namesMayRepeat && schema.id === GROUP_URN ? withRepeatableNames(schema) : schema,
  );
  return [...ours, ...declared];
}

function withRepeatableNames(schema: SchemaDefinition): SchemaDefinition {
  const attributes = schema.attributes.map((attribute) =>
    attribute.name === 'displayName' ? { ...attribute, uniqueness: 'none' as const } : attribute,
  );
  return { ...schema, attributes };
}

function resourceTypesOf({ directory }: ScimCall): readonly ResourceTypeDefinition[] {
  return Object.values(RESOURCE_TYPES).map((type) => ({
    ...type,
    extensions: [...type.extensions, ...extensionsOf(directory, type.name)],
  }));
}

const LEGACY_NAMES: Readonly<Record<string, string>> = {
  user: USER_URN,
  users: USER_URN,
  'urn:scim:schemas:core:1.0:user': USER_URN,
  group: GROUP_URN,
  groups: GROUP_URN,
  'urn:scim:schemas:core:1.0:group': GROUP_URN,
  'urn:scim:schemas:extension:enterprise:1.0': ENTERPRISE_USER_URN,
};

/** The URN behind a name as 1.1 clients write it. */
function urnOf(name: string): string {
  const lower = name.toLowerCase();
  return getOwn(LEGACY_NAMES, lower) ?? name;
}

function discovery(body: JsonObject): Answer {
  return { status: 200, message: { kind: 'discovery', body } };
}

function discoveryList(resources: JsonObject[]): Answer {
  return {
    status: 200,
    message: {
      kind: 'discovery_list',
      body: listResponse({ resources, totalResults: resources.length, startIndex: 1 }),
    },
  };
}
