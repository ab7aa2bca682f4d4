import { isJsonObject, type JsonObject, type JsonValue } from '#kernel';
import { invalidSyntax, invalidValue } from '../../protocol/errors.js';
import { findKey, lastValue } from '../../protocol/json-object.js';
import type { ResourceTypeName } from '../../protocol/schema/definitions.js';
import { resolveAttribute } from '../../protocol/schema/resolve-attribute.js';
import { PATCH_OP_URN } from '../../protocol/schema/urns.js';
import { toCanonicalName } from './attributes.js';

/** Ours; clients send them back. */
const IGNORED: ReadonlySet<string> = new Set(['schemas', 'id', 'meta', 'groups']);

/**
 * A 1.1 PATCH is a partial resource (SCIM 1.1 protocol, section 3.3.2). It becomes a 2.0 PatchOp with the same steps in
 * the same order: clear what `meta.attributes` names, remove elements marked `"operation": "delete"`, merge the other
 * elements, overwrite the rest.
 */
export function readPartial(resource: JsonObject, resourceType: ResourceTypeName): JsonObject {
  const removals: JsonObject[] = clearedAttributes(lastValue(resource, 'meta')).map((name) => ({
    op: 'remove',
    path: toCanonicalName(name, resourceType),
  }));
  const merges: JsonObject[] = [];
  const overwrite: JsonObject = {};
  for (const [name, value] of Object.entries(resource)) {
    if (IGNORED.has(name.toLowerCase())) continue;
    const elements = elementsOf(name, value, resourceType);
    elements?.forEach((element) => checkOperation(name, element));
    if (elements === undefined) overwrite[name] = value;
    else {
      removals.push(...deletions(name, elements));
      merges.push(...additions(name, elements));
    }
  }
  if (Object.keys(overwrite).length > 0) merges.push({ op: 'replace', value: overwrite });
  return { schemas: [PATCH_OP_URN], Operations: [...removals, ...merges] };
}

const OPERATION = 'operation';

/** Names, or each as `{ "value": name }` like the elements of any other list (UnboundID SCIM SDK). */
function clearedAttributes(meta: JsonValue | undefined): string[] {
  const listed = isJsonObject(meta) ? lastValue(meta, 'attributes') : undefined;
  if (listed === undefined || listed === null) return [];
  const names = Array.isArray(listed)
    ? listed.map((name) => (isJsonObject(name) ? name['value'] : name))
    : [];
  if (!Array.isArray(listed) || !names.every((name) => typeof name === 'string'))
    throw invalidSyntax(
      'meta.attributes must be an array with the names of the attributes to clear, such as ["title"].',
      'meta.attributes',
    );
  return names;
}

/** The elements of a multi-valued attribute, undefined for every other attribute. */
function elementsOf(
  name: string,
  value: JsonValue,
  resourceType: ResourceTypeName,
): JsonObject[] | undefined {
  const multiValued = resolveAttribute(resourceType, name)?.attribute.multiValued ?? false;
  if (!multiValued || value === null) return undefined;
  const elements = Array.isArray(value) ? value : [value];
  return elements.map((element) => (isJsonObject(element) ? element : { value: element }));
}

/** What to do with an element, in lower case; empty when it is merged. Names may be in any letter case. */
function operationOf(element: JsonObject): JsonValue {
  const operation = lastValue(element, OPERATION) ?? '';
  return typeof operation === 'string' ? operation.trim().toLowerCase() : operation;
}

/**
 * "delete" is the only operation there is (SCIM 1.1 core schema, section 3.2). Whoever writes "remove" does not want
 * to add somebody; "add" says what happens anyway.
 */
function checkOperation(name: string, element: JsonObject): void {
  const operation = operationOf(element);
  if (operation === '' || operation === 'add' || operation === 'delete') return;
  throw invalidValue(
    `An element of "${name}" has an unknown "operation": SCIM 1.1 has "delete" only; leave "operation" out to add or change an element.`,
    `${name}.operation`,
  );
}

function isDeletion(element: JsonObject): boolean {
  return operationOf(element) === 'delete';
}

function deletions(name: string, elements: readonly JsonObject[]): JsonObject[] {
  const value = elements.filter(isDeletion).map(withoutOperation);
  return value.length === 0 ? [] : [{ op: 'remove', path: name, value }];
}

/** Members are a set, so they go in one step; other elements merge into the one with the same value or type. */
function additions(name: string, elements: readonly JsonObject[]): JsonObject[] {
  const added = elements.filter((element) => !isDeletion(element)).map(withoutOperation);
  if (added.length === 0) return [];
  if (name.toLowerCase() === 'members') return [{ op: 'add', path: name, value: added }];
  return added.map((element) => addition(name, element));
}

function addition(name: string, element: JsonObject): JsonObject {
  for (const key of ['value', 'type']) {
    const own = findKey(element, key) ?? key;
    const { [own]: match, ...rest } = element;
    if (typeof match !== 'string') continue;
    if (Object.keys(rest).length === 0) break;
    return { op: 'add', path: `${name}[${key} eq ${JSON.stringify(match)}]`, value: rest };
  }
  return { op: 'add', path: name, value: [element] };
}

function withoutOperation(element: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(element).filter(([key]) => key.toLowerCase() !== OPERATION));
}
