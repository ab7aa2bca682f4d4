import { getOwn, isJsonObject, type JsonObject, type JsonValue } from '#kernel';
import type { NamedMembers } from '#model';
import { invalidSyntax, invalidValue, type ScimError } from './errors.js';
import { extensionEntries, findKey, lastValue, withOwn } from './json-object.js';
import { readMembers } from './read-members.js';
import { isUnassigned, readValue } from './read-value.js';
import type { ReadResource } from './received-resource.js';
import type { ResourceTypeName } from './schema/definitions.js';
import { resolveName, type ResolvedAttribute } from './schema/resolve-attribute.js';
import {
  RESOURCE_TYPES,
  canonicalUrn,
  findSchema,
  isExtensionKey,
  topLevelAttribute,
} from './schema/resource-types.js';
import { looksLikeSchema, splitName, type AttributeName } from './schema/split-name.js';
import { acceptsExtension, type Tolerance } from './tolerance.js';

export { mergePut } from './merge-put.js';
export type { ReadResource } from './received-resource.js';

/** State while the keys of a body are read one after the other. */
interface Draft {
  resource: JsonObject;
  members?: NamedMembers;
  readonly named: Set<string>;
}

interface Context {
  readonly type: ResourceTypeName;
  readonly tolerance: Tolerance;
}

/**
 * Reads the body of a POST or PUT (RFC 7644 3.3, 3.5.1) into the canonical resource: spelling of RFC 7643, typed
 * values, extensions nested under their URN. What only the server decides is dropped; a later duplicate key wins.
 * @throws ScimError `invalidValue` naming the attribute
 */
export function readResource(type: ResourceTypeName, body: JsonObject, tolerance: Tolerance): ReadResource {
  const context = { type, tolerance };
  const schemas = readSchemas(body, context);
  const draft: Draft = { resource: {}, named: new Set() };
  for (const [key, value] of Object.entries(body)) readKey(draft, { key, value }, context);
  checkRequired(draft.resource, type);
  if (tolerance.strict) checkListed(draft.resource, schemas);
  return {
    resource: draft.resource,
    ...(draft.members === undefined ? {} : { members: draft.members }),
    named: { attributes: draft.named, schemas },
  };
}

interface Entry {
  readonly key: string;
  readonly value: JsonValue;
}

function readKey(draft: Draft, entry: Entry, context: Context): void {
  if (entry.key === '__proto__') throw invalidValue('"__proto__" is a reserved name: remove it.', entry.key);
  const name = extensionName(entry);
  if (name === undefined) return readTopLevel(draft, entry, context);
  if (name.attribute === undefined)
    return readExtension(draft, { ...entry, key: name.schema as string }, context);
  const resolved = resolveName(context.type, { schema: name.schema, attribute: name.attribute });
  if (resolved !== undefined && resolved.extension === undefined)
    return readTopLevel(draft, { key: resolved.attribute.name, value: entry.value }, context);
  readInExtension(draft, { ...name, value: entry.value }, context);
}

/** The parts of a key that is a URN, or begins with one; undefined for a plain attribute name. */
function extensionName({ key, value }: Entry): AttributeName | undefined {
  if (!key.includes(':')) return undefined;
  const name = splitName(key);
  if (name === undefined) return { schema: key };
  // An object under an unknown URN is that extension, unless the URN has ended before its last part.
  const { schema = key } = name;
  const isSchema = isJsonObject(value) && findSchema(schema) === undefined && !looksLikeSchema(schema);
  return isSchema ? { schema: key } : name;
}

function readTopLevel(draft: Draft, { key, value }: Entry, { type, tolerance }: Context): void {
  const attribute = topLevelAttribute(type, key);
  if (attribute === undefined) return readCustom(draft, { key, value }, tolerance);
  if (attribute.mutability === 'readOnly' || attribute.mutability === 'writeOnly') return;
  draft.named.add(attribute.name);
  if (type === 'Group' && attribute.name === 'members') {
    draft.members = readMembers(value, tolerance);
    return;
  }
  const read = readValue(attribute, value, { tolerance, name: attribute.name });
  draft.resource = withOwn(draft.resource, attribute.name, read);
}

/** Unknown attributes are kept as they are. */
function readCustom(draft: Draft, { key, value }: Entry, tolerance: Tolerance): void {
  if (key.toLowerCase() === 'password') return;
  if (!acceptsExtension(key, tolerance)) throw unknownAttribute(key);
  const earlier = findKey(draft.resource, key);
  const rest = earlier === undefined ? draft.resource : withOwn(draft.resource, earlier, undefined);
  draft.named.add(key);
  draft.resource = isUnassigned(value, tolerance) ? rest : withOwn(rest, key, value);
}

/** `"urn:…:User": { … }`; null clears the extension. */
function readExtension(draft: Draft, { key, value }: Entry, context: Context): void {
  const { type, tolerance } = context;
  const urn = canonicalUrn(key);
  if (urn === RESOURCE_TYPES[type].schema.id) return readCoreObject(draft, value, context);
  const isKnown = RESOURCE_TYPES[type].extensions.some((extension) => extension.id === urn);
  if (!isKnown) return readCustom(draft, { key: urn, value }, tolerance);
  draft.named.add(urn);
  draft.resource = withOwn(draft.resource, urn, undefined);
  if (isUnassigned(value, tolerance)) return;
  if (!isJsonObject(value))
    throw invalidValue(`The value of "${urn}" has the wrong type: send an object.`, urn);
  for (const [name, inner] of extensionEntries(value))
    readInExtension(draft, { schema: urn, attribute: name, value: inner }, context);
}

/** Some clients put core attributes under the URN of the core schema. */
function readCoreObject(draft: Draft, value: JsonValue, context: Context): void {
  if (!isJsonObject(value)) return;
  for (const [name, inner] of Object.entries(value))
    readTopLevel(draft, { key: name, value: inner }, context);
}

interface ExtensionEntry extends AttributeName {
  readonly value: JsonValue;
}

/** One attribute of an extension, nested or flat (`urn:…:User:department`, also `…:manager.value`). */
function readInExtension(draft: Draft, entry: ExtensionEntry, { type, tolerance }: Context): void {
  const { schema: urn = '', attribute: name = '', subAttribute, value } = entry;
  const resolved = resolveName(type, { schema: urn, attribute: name });
  if (resolved === undefined && !acceptsExtension(urn, tolerance)) throw unknownAttribute(`${urn}:${name}`);
  const inner = subAttribute === undefined ? value : { [subAttribute]: value };
  const key = resolved?.attribute.name ?? name;
  draft.named.add(urn);
  const read = readExtensionValue(resolved, inner, { tolerance, name: `${urn}:${key}` });
  const holder = getOwn(draft.resource, urn);
  const changed = withOwn(isJsonObject(holder) ? holder : {}, key, read);
  draft.resource = withOwn(draft.resource, urn, Object.keys(changed).length === 0 ? undefined : changed);
}

function readExtensionValue(
  resolved: ResolvedAttribute | undefined,
  value: JsonValue,
  reading: { readonly tolerance: Tolerance; readonly name: string },
): JsonValue | undefined {
  if (resolved !== undefined) return readValue(resolved.attribute, value, reading);
  return isUnassigned(value, reading.tolerance) ? undefined : value;
}

/** The type comes from the endpoint, so `schemas` only matters for what PUT clears, and in strict mode. */
function readSchemas(body: JsonObject, { type, tolerance }: Context): ReadonlySet<string> {
  const listed = lastValue(body, 'schemas') ?? [];
  const urns = (Array.isArray(listed) ? listed : [listed]).filter((urn) => typeof urn === 'string');
  const schemas = new Set(urns.map(canonicalUrn));
  const main = RESOURCE_TYPES[type].schema.id;
  if (tolerance.strict && !schemas.has(main))
    throw invalidSyntax(`"schemas" must contain "${main}" (RFC 7643 3).`, 'schemas');
  const ours = [main, ...RESOURCE_TYPES[type].extensions.map(({ id }) => id)];
  const stranger = [...schemas].find((urn) => !ours.includes(urn) && !acceptsExtension(urn, tolerance));
  if (stranger !== undefined)
    throw invalidSyntax(
      `"schemas" lists "${stranger}", which is no schema of ${type}: remove it, or see /Schemas.`,
      'schemas',
    );
  return schemas;
}

/** RFC 7643 3: `schemas` names every extension that the resource carries. */
function checkListed(resource: JsonObject, schemas: ReadonlySet<string>): void {
  const listed = new Set([...schemas].map((urn) => urn.toLowerCase()));
  const missing = Object.keys(resource).find((key) => isExtensionKey(key) && !listed.has(key.toLowerCase()));
  if (missing !== undefined)
    throw invalidSyntax(`"schemas" must contain "${missing}", because the body has data of it.`, 'schemas');
}

function unknownAttribute(name: string): ScimError {
  return invalidSyntax(`"${name}" is no attribute of this resource: remove it, or see /Schemas.`, name);
}

function checkRequired(resource: JsonObject, type: ResourceTypeName): void {
  const name = type === 'User' ? 'userName' : 'displayName';
  const value = getOwn(resource, name);
  if (typeof value === 'string' && value !== '') return;
  throw invalidValue(`"${name}" is required: send it as a non-empty string.`, name);
}
