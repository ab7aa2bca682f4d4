import { isJsonObject, type JsonObject, type JsonValue } from '#kernel';
import { invalidVersion } from '../../protocol/errors.js';
import { findKey } from '../../protocol/json-object.js';
import type { ResourceTypeName } from '../../protocol/schema/definitions.js';
import { ENTERPRISE_USER_URN } from '../../protocol/schema/urns.js';
import type { ReceivedMessage } from '../contract.js';
import { toCanonicalName, toCanonicalText, toCanonicalUrn } from './attributes.js';
import { readPartial } from './read-partial.js';

/** A SCIM 1.1 message as canonical 2.0 (SCIM 1.1 protocol, section 3). */
export function readRequest(message: ReceivedMessage): JsonObject {
  const { kind, resourceType, body } = message;
  if (kind === 'query') return readQuery(body, resourceType);
  refusePatchOp(body);
  const resource = readResourceBody(body, resourceType);
  return kind === 'patch' ? readPartial(resource, resourceType) : resource;
}

function readQuery(parameters: JsonObject, resourceType: ResourceTypeName): JsonObject {
  const entries = Object.entries(parameters).map(([name, value]): [string, JsonValue] => [
    name,
    typeof value === 'string' ? toCanonicalText(value, resourceType) : value,
  ]);
  return Object.fromEntries(entries);
}

/** The commonest mistake of a set-up: a 2.0 client with the 1.1 address. */
function refusePatchOp(body: JsonObject): void {
  const isPatchOp = Object.keys(body).some((key) => key.toLowerCase() === 'operations');
  if (!isPatchOp) return;
  throw invalidVersion(
    'This address speaks SCIM 1.1, but the body is a SCIM 2.0 PATCH ("Operations"). Use the base URL with /scim/v2.0/, or set the client to SCIM 1.1.',
    'Operations',
  );
}

function readResourceBody(body: JsonObject, resourceType: ResourceTypeName): JsonObject {
  const resource: JsonObject = {};
  for (const [key, value] of Object.entries(body)) {
    const name = toCanonicalName(key, resourceType);
    resource[name] = name === ENTERPRISE_USER_URN ? readEnterprise(value) : value;
  }
  const schemas = resource['schemas'];
  if (Array.isArray(schemas))
    resource['schemas'] = schemas.map((urn) =>
      typeof urn === 'string' ? toCanonicalUrn(urn, resourceType) : urn,
    );
  return resource;
}

/** `manager.managerId` of 1.1 is `manager.value` of 2.0. */
function readEnterprise(value: JsonValue): JsonValue {
  const key = isJsonObject(value) ? findKey(value, 'manager') : undefined;
  if (key === undefined || !isJsonObject(value) || !isJsonObject(value[key])) return value;
  const { [findKey(value[key], 'managerId') ?? 'managerId']: managerId, ...manager } = value[key];
  return { ...value, [key]: managerId === undefined ? manager : { ...manager, value: managerId } };
}
