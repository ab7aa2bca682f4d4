import { isJsonObject, type JsonObject, type JsonValue } from '#kernel';
import { ENTERPRISE_USER_URN } from '../../protocol/schema/urns.js';
import type { AnswerMessage } from '../contract.js';
import { CORE_1_0, ENTERPRISE_1_0, toLegacyUrn } from './attributes.js';
import { writeDiscovery, writeDiscoveryList } from './write-discovery.js';
import { writeMeta } from './write-meta.js';

/** A canonical answer in the words of SCIM 1.1 (protocol, section 3; core schema, sections 5 to 8). */
export function writeResponse(answer: AnswerMessage): JsonObject {
  switch (answer.kind) {
    case 'resource':
      return writeResource(answer.body);
    case 'list':
      return writeList(answer.body);
    case 'error':
      return writeError(answer.body);
    case 'bulk':
      return writeBulk(answer.body);
    case 'discovery':
      return writeDiscovery(answer.body);
    case 'discovery_list':
      return writeDiscoveryList(answer.body);
  }
}

function writeResource(resource: JsonObject): JsonObject {
  const written: JsonObject = {};
  for (const [key, value] of Object.entries(resource)) {
    if (key === 'schemas') written[key] = legacyUrns(value);
    else if (key === 'meta') Object.assign(written, writeMeta(value));
    else if (key === ENTERPRISE_USER_URN) written[ENTERPRISE_1_0] = writeEnterprise(value);
    else written[key] = key === 'members' || key === 'groups' ? withoutAddresses(value) : value;
  }
  return written;
}

function legacyUrns(schemas: JsonValue): JsonValue {
  return Array.isArray(schemas) ? schemas.map((urn) => toLegacyUrn(urn as string)) : [CORE_1_0];
}

/** 1.1 has no addresses of members and groups, and its clients refuse what they do not know (UnboundID SCIM SDK). */
function withoutAddresses(elements: JsonValue): JsonValue {
  if (!Array.isArray(elements)) return elements;
  return elements.map((element) => {
    if (!isJsonObject(element)) return element;
    const { $ref: _ref, ...rest } = element;
    return rest;
  });
}

function writeEnterprise(extension: JsonValue): JsonValue {
  if (!isJsonObject(extension) || !isJsonObject(extension['manager'])) return extension;
  const { value, $ref: _ref, ...manager } = extension['manager'];
  return { ...extension, manager: value === undefined ? manager : { managerId: value, ...manager } };
}

function writeList(list: JsonObject): JsonObject {
  const resources = Array.isArray(list['Resources']) ? list['Resources'] : [];
  return { ...list, schemas: [CORE_1_0], Resources: resources.filter(isJsonObject).map(writeResource) };
}

/** The status is an object here (SCIM 1.1 protocol, section 3.5). */
function writeBulk(body: JsonObject): JsonObject {
  const operations = Array.isArray(body['Operations']) ? body['Operations'] : [];
  return { schemas: [CORE_1_0], Operations: operations.filter(isJsonObject).map(writeBulkEntry) };
}

function writeBulkEntry(entry: JsonObject): JsonObject {
  const { status, response, ...rest } = entry;
  const code = { code: status ?? '500' };
  if (!isJsonObject(response)) return { ...rest, status: code };
  return {
    ...rest,
    status: { ...code, description: response['detail'] ?? '' },
    response: writeError(response),
  };
}

/** `Errors` is 1.1; the rest is there because Okta's 1.1 test set reads a top-level `detail`. */
function writeError(error: JsonObject): JsonObject {
  const { status = '500', detail = '' } = error;
  return { Errors: [{ description: detail, code: status }], schemas: [CORE_1_0], status, detail };
}
