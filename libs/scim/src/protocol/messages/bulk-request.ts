import { isJsonObject, type JsonObject, type JsonValue } from '#kernel';
import { invalidSyntax, invalidValue, payloadTooLarge, type ScimError } from '../errors.js';
import { lastValue } from '../json-object.js';
import { BULK_REQUEST_URN, PATCH_OP_URN } from '../schema/urns.js';

/** One operation of a bulk request (RFC 7644 3.7). */
export interface BulkOperation {
  /** In upper case; empty when it was no text. */
  readonly method: string;
  readonly path: string;
  readonly bulkId?: string;
  /** ETag that the resource must have. */
  readonly version?: string;
  readonly data?: JsonObject;
  /** Why this operation cannot be run; the others can. */
  readonly problem?: ScimError;
}

export interface BulkRequest {
  /** Stop after that many failures; undefined means never. */
  readonly failOnErrors: number | undefined;
  readonly operations: readonly BulkOperation[];
}

export const MAX_BULK_OPERATIONS = 1_000;

const METHODS: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);
const LONGEST_BULK_ID = 255;

/**
 * Reads the body of a bulk request (RFC 7644 3.7). What is wrong with one operation is noted as its `problem`.
 * @throws ScimError when the envelope is unusable; 413 when there are more operations than are processed at once
 */
export function readBulkRequest(body: JsonObject): BulkRequest {
  const failOnErrors = readFailOnErrors(lastValue(body, 'failOnErrors'));
  const listed = lastValue(body, 'Operations');
  const operations = isJsonObject(listed) ? [listed] : listed;
  if (!Array.isArray(operations))
    throw invalidSyntax('A bulk request needs an "Operations" array (RFC 7644 3.7).', 'Operations');
  if (operations.length > MAX_BULK_OPERATIONS)
    throw payloadTooLarge(
      `"Operations" holds ${operations.length} operations; send at most ${MAX_BULK_OPERATIONS} in one bulk request (maxOperations).`,
      'Operations',
    );
  return { failOnErrors, operations: refuseDuplicates(operations.map(readOperation)) };
}

/** A body of another message has lost its way; without `schemas` the endpoint says what it is. */
export function checkBulkSchemas(body: JsonObject, strict: boolean): void {
  const schemas = lastValue(body, 'schemas');
  if (!strict && (!Array.isArray(schemas) || schemas.length === 0)) return;
  const wanted = BULK_REQUEST_URN.toLowerCase();
  if (
    Array.isArray(schemas) &&
    schemas.some((urn) => typeof urn === 'string' && urn.toLowerCase() === wanted)
  )
    return;
  throw invalidSyntax(`"schemas" must contain "${BULK_REQUEST_URN}".`, 'schemas');
}

/** 0 means "never stop", like null: stopping before the first error would be no request at all. */
function readFailOnErrors(value: JsonValue | undefined): number | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  const count = typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : value;
  if (typeof count === 'number' && Number.isInteger(count) && count >= 0) return count || undefined;
  throw invalidValue(
    '"failOnErrors" must be a whole number of errors, or absent to never stop.',
    'failOnErrors',
  );
}

function readOperation(operation: JsonValue, index: number): BulkOperation {
  const name = `Operations[${index}]`;
  if (!isJsonObject(operation))
    return {
      method: '',
      path: '',
      problem: invalidSyntax(`"${name}" must be an object with "method", "path" and "data".`, name),
    };
  const [method, path, bulkId, version] = ['method', 'path', 'bulkId', 'version'].map((key) =>
    textOf(lastValue(operation, key)),
  );
  const verb = method?.toUpperCase() ?? '';
  const data = readData(verb, lastValue(operation, 'data'));
  const read = {
    method: verb.slice(0, 20),
    path: path ?? '',
    ...(bulkId !== undefined && bulkId.length <= LONGEST_BULK_ID ? { bulkId } : {}),
    ...(version === undefined ? {} : { version }),
    ...(data === undefined ? {} : { data }),
  };
  const problem = problemOf(read, { name, rawVersion: lastValue(operation, 'version') });
  return problem === undefined ? read : { ...read, problem };
}

/** Empty text is no text: clients fill what they do not need with "". */
function textOf(value: JsonValue | undefined): string | undefined {
  const text = typeof value === 'string' ? value.trim() : '';
  return text === '' ? undefined : text;
}

/** The examples of RFC 7644 3.7.3 show a PATCH as the bare list of its operations. */
function readData(verb: string, data: JsonValue | undefined): JsonObject | undefined {
  if (verb === 'DELETE') return undefined;
  if (verb === 'PATCH' && Array.isArray(data)) return { schemas: [PATCH_OP_URN], Operations: data };
  return isJsonObject(data) ? data : undefined;
}

function problemOf(
  { method, path, bulkId, version, data }: BulkOperation,
  { name, rawVersion }: { readonly name: string; readonly rawVersion: JsonValue | undefined },
): ScimError | undefined {
  if (!METHODS.has(method))
    return invalidSyntax(`"${name}.method" must be POST, PUT, PATCH or DELETE.`, `${name}.method`);
  if (path === '')
    return invalidSyntax(
      `"${name}.path" must be an address such as "/Users" or "/Users/<id>".`,
      `${name}.path`,
    );
  if (method === 'POST' && bulkId === undefined)
    return invalidValue(
      `"${name}.bulkId" is missing: give every POST a bulkId of 1 to ${LONGEST_BULK_ID} characters, unique within the request.`,
      `${name}.bulkId`,
    );
  if (method !== 'DELETE' && data === undefined)
    return invalidSyntax(
      `"${name}.data" must be the JSON object that a ${method} would send.`,
      `${name}.data`,
    );
  return version === undefined ? conditionProblem(rawVersion, name) : undefined;
}

/** A condition that cannot be read must not become no condition. */
function conditionProblem(raw: JsonValue | undefined, name: string): ScimError | undefined {
  if (raw === undefined || raw === null || raw === '') return undefined;
  return invalidValue(`"${name}.version" must be an ETag, as text.`, `${name}.version`);
}

/** All of them are refused: nobody can tell which one a reference means, and a guess may add the wrong person. */
function refuseDuplicates(operations: readonly BulkOperation[]): BulkOperation[] {
  const counts = new Map<string, number>();
  for (const { method, bulkId } of operations)
    if (method === 'POST' && bulkId !== undefined) counts.set(bulkId, (counts.get(bulkId) ?? 0) + 1);
  return operations.map((operation, index) => {
    const { method, bulkId } = operation;
    if (method !== 'POST' || bulkId === undefined || counts.get(bulkId) === 1) return operation;
    const problem = invalidValue(
      `"Operations[${index}].bulkId" is used by ${counts.get(bulkId) ?? 0} POST operations: give each its own.`,
      `Operations[${index}].bulkId`,
    );
    return { ...operation, problem };
  });
}
