import { isJsonObject, type JsonObject, type JsonValue } from '#kernel';
import { invalidPath, invalidSyntax, tooMany } from '../errors.js';
import { lastValue } from '../json-object.js';
import { PATCH_OP_URN } from '../schema/urns.js';
import { RFC_TOLERANCE, type Tolerance } from '../tolerance.js';

/** One operation of a PATCH request (RFC 7644 3.5.2). */
export interface PatchOperation {
  readonly op: 'add' | 'replace' | 'remove';
  /** Absent when the operation is about the resource itself. */
  readonly path?: string;
  /** Absent when the operation had no `value` at all; null when it was null. */
  readonly value?: JsonValue;
}

const MAX_OPERATIONS = 1_000;

/**
 * Reads the body of a PATCH (RFC 7644 3.5.2). Keys and verbs may be in any letter case, a single operation may stand
 * without its array, and an empty array is a request to change nothing.
 * @throws ScimError `invalidSyntax`, or `tooMany` when there are more operations than are processed at once
 */
export function readOperations(body: JsonObject, tolerance: Tolerance = RFC_TOLERANCE): PatchOperation[] {
  if (tolerance.strict) checkSchemas(body);
  const listed = lastValue(body, 'Operations');
  if (listed === undefined) throw missingOperations();
  const operations = isJsonObject(listed) ? [listed] : listed;
  if (!Array.isArray(operations))
    throw invalidSyntax('"Operations" must be an array of operations.', 'Operations');
  if (operations.length > MAX_OPERATIONS)
    throw tooMany(
      `"Operations" holds ${operations.length} operations; send at most ${MAX_OPERATIONS} in one request.`,
      'Operations',
    );
  if (tolerance.strict && operations.length === 0)
    throw invalidSyntax('"Operations" is empty: send at least one operation.', 'Operations');
  return operations.map((operation, index) => readOperation(operation, index, tolerance));
}

function readOperation(operation: JsonValue, index: number, tolerance: Tolerance): PatchOperation {
  const name = `Operations[${index}]`;
  if (!isJsonObject(operation))
    throw invalidSyntax(`"${name}" must be an object with "op", "path" and "value".`, name);
  const path = readPath(lastValue(operation, 'path'), name);
  const value = lastValue(operation, 'value');
  return {
    op: readVerb(lastValue(operation, 'op'), name, tolerance),
    ...(path === undefined ? {} : { path }),
    ...(value === undefined ? {} : { value }),
  };
}

function readVerb(value: JsonValue | undefined, name: string, { strict }: Tolerance): PatchOperation['op'] {
  const verb = typeof value === 'string' && !strict ? value.trim().toLowerCase() : value;
  if (verb === 'add' || verb === 'replace' || verb === 'remove') return verb;
  throw invalidSyntax(`"${name}.op" must be "add", "replace" or "remove", in lower case.`, `${name}.op`);
}

function readPath(value: JsonValue | undefined, name: string): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') throw invalidPath(`"${name}.path" must be a string.`, `${name}.path`);
  return value.trim() === '' ? undefined : value;
}

function checkSchemas(body: JsonObject): void {
  const schemas = lastValue(body, 'schemas');
  if (Array.isArray(schemas) && schemas.includes(PATCH_OP_URN)) return;
  throw invalidSyntax(`"schemas" must contain "${PATCH_OP_URN}".`, 'schemas');
}

function missingOperations(): Error {
  return invalidSyntax(
    'A PATCH needs an "Operations" array (RFC 7644 3.5.2). A body that is a partial resource is SCIM 1.1: ' +
      'set the client to SCIM 2.0, or let it use the SCIM 1.1 base URL.',
    'Operations',
  );
}
