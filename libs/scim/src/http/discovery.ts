import type { JsonObject } from '#kernel';
import { forbidden, notFound } from '../protocol/errors.js';
import { MAX_BULK_OPERATIONS } from '../protocol/messages/bulk-request.js';
import { CURSOR_TIMEOUT_SECONDS } from '../protocol/messages/cursor.js';
import { listResponse } from '../protocol/messages/list-response.js';
import type { SchemaDefinition } from '../protocol/schema/definitions.js';
import { RESOURCE_TYPES, SCHEMAS, findSchema } from '../protocol/schema/resource-types.js';
import { resourceTypeJson, schemaJson } from '../protocol/schema/schema-json.js';
import { serviceProviderConfig } from '../protocol/schema/service-provider-config.js';
import type { Answer, RoutedCall, ScimCall } from './call.js';
import { BODY_LIMITS } from './read-body.js';

/** `/ServiceProviderConfig` (RFC 7644 4). */
export function readServiceProviderConfig(call: ScimCall): Answer {
  refuseFilter(call);
  const { defaultPageSize } = call.switches;
  return discovery(
    serviceProviderConfig({
      baseUrl: call.baseUrl,
      bulkSupported: true,
      bulkMaxOperations: MAX_BULK_OPERATIONS,
      bulkMaxPayloadSize: BODY_LIMITS.Bulk,
      defaultPageSize,
      cursorTimeout: CURSOR_TIMEOUT_SECONDS,
    }),
  );
}

export function listSchemas(call: ScimCall): Answer {
  refuseFilter(call);
  return discoveryList(SCHEMAS.map((schema) => schemaJson(schema, call.baseUrl)));
}

/** By URN, or by the name of the resource type as 1.1 clients do. */
export function readSchema(call: RoutedCall<'schema'>): Answer {
  refuseFilter(call);
  const schema = findSchemaByAnyName(call.route.id);
  if (schema === undefined)
    throw notFound(
      `There is no schema "${call.route.id.slice(0, 200)}". GET /Schemas lists the schemas of this server.`,
    );
  return discovery(schemaJson(schema, call.baseUrl));
}

export function listResourceTypes(call: ScimCall): Answer {
  refuseFilter(call);
  return discoveryList(Object.values(RESOURCE_TYPES).map((type) => resourceTypeJson(type, call.baseUrl)));
}

export function readResourceType(call: RoutedCall<'resource_type'>): Answer {
  refuseFilter(call);
  const wanted = call.route.id.toLowerCase();
  const type = Object.values(RESOURCE_TYPES).find(({ name }) => name.toLowerCase() === wanted);
  if (type === undefined)
    throw notFound(
      `There is no resource type "${call.route.id.slice(0, 200)}". This server has the resource types User and Group.`,
    );
  return discovery(resourceTypeJson(type, call.baseUrl));
}

/** RFC 7644 4: a client that filters here believes to get less than it gets. */
function refuseFilter(call: ScimCall): void {
  if (call.parameters.some(([name]) => name.toLowerCase() === 'filter'))
    throw forbidden('Discovery endpoints cannot be filtered. Leave the parameter "filter" out.', 'filter');
}

function findSchemaByAnyName(id: string): SchemaDefinition | undefined {
  const lower = id.toLowerCase();
  if (lower === 'user' || lower === 'users' || lower === 'urn:scim:schemas:core:1.0:user')
    return RESOURCE_TYPES.User.schema;
  if (lower === 'group' || lower === 'groups' || lower === 'urn:scim:schemas:core:1.0:group')
    return RESOURCE_TYPES.Group.schema;
  return findSchema(lower === 'urn:scim:schemas:extension:enterprise:1.0' ? ENTERPRISE : id);
}

const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

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
