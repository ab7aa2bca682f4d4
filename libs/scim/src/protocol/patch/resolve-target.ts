import { getOwn, isJsonObject, type JsonObject, type JsonValue } from '#kernel';
import { invalidPath, mutability } from '../errors.js';
import type { Filter } from '../filter/ast.js';
import { bindElementFilter, type ElementFilter } from '../filter/bind.js';
import { findKey } from '../json-object.js';
import type { Path } from '../path/parse-path.js';
import { attribute as define } from '../schema/define.js';
import type { AttributeDefinition, ResourceTypeName } from '../schema/definitions.js';
import { resolveName } from '../schema/resolve-attribute.js';
import { RESOURCE_TYPES, findSchema, subAttributeOf } from '../schema/resource-types.js';
import { looksLikeSchema } from '../schema/split-name.js';
import { acceptsExtension, type Tolerance } from '../tolerance.js';

/** Who is patched, and how far deviations are accepted. */
export interface PatchContext {
  readonly type: ResourceTypeName;
  readonly tolerance: Tolerance;
}

/** Part of a complex attribute; custom parts have no definition. */
export interface PartTarget {
  readonly name: string;
  readonly definition?: AttributeDefinition;
}

/** The value selection of a path: as written, and resolved against the attribute. */
export interface Selection {
  readonly source: Filter;
  readonly filter: ElementFilter;
}

/** An attribute of our schemas, or elements or a part of it. */
export interface AttributeTarget {
  readonly kind: 'attribute';
  readonly extension?: string;
  readonly definition: AttributeDefinition;
  readonly selection?: Selection;
  readonly part?: PartTarget;
  /** The path for errors. */
  readonly name: string;
}

/** What a PATCH path points to (RFC 7644 3.5.2). */
export type Target =
  | AttributeTarget
  | { readonly kind: 'extension'; readonly urn: string }
  /** Custom data, stored as it is. */
  | { readonly kind: 'custom'; readonly extension?: string; readonly name: string; readonly part?: string }
  /** Accepted and without effect. */
  | { readonly kind: 'ignored' };

/** One step of a PATCH: an operation, or one key of an operation without path. */
export interface Step {
  readonly op: 'add' | 'replace' | 'remove';
  readonly path: Path;
  readonly value?: JsonValue;
  /** Came as a key of a value without path, where unknown names are read like those of a POST body. */
  readonly fromValue: boolean;
  /** Is a key of an extension's object, so that the schema of the path is certain. */
  readonly inExtension?: boolean;
}

const IGNORED: Target = { kind: 'ignored' };

/**
 * Finds what a path points to.
 * @throws ScimError `invalidPath` for what does not exist, `mutability` for what clients cannot change
 */
export function resolveTarget(step: Step, resource: JsonObject, context: PatchContext): Target {
  const { schema, attribute } = step.path;
  if (attribute === undefined) return extensionTarget(schema ?? '', step, { resource, context });
  const resolved = resolveName(context.type, { schema, attribute });
  if (resolved === undefined) return customTarget(step, resource, context);
  const { extension, attribute: definition } = resolved;
  const name = extension === undefined ? definition.name : `${extension}:${definition.name}`;
  if (definition.mutability === 'writeOnly') return IGNORED;
  if (definition.mutability === 'readOnly') return readOnlyTarget(name, step, context);
  return attributeTarget({ kind: 'attribute', extension, definition, name }, step.path, context);
}

function attributeTarget(target: AttributeTarget, path: Path, context: PatchContext): Target {
  const { definition } = target;
  const lenient = context.tolerance.unknownPathIgnored;
  const needsParts = path.filter !== undefined || path.subAttribute !== undefined;
  if (needsParts && definition.subAttributes === undefined) {
    if (lenient) return IGNORED;
    throw invalidPath(`"${target.name}" is a simple attribute: it has no parts to address.`, target.name);
  }
  const part = partTarget(target, path, context);
  if (part === 'ignored') return IGNORED;
  const selection = path.filter === undefined ? undefined : select(definition, path.filter, context);
  const name = part === undefined ? target.name : `${target.name}.${part.name}`;
  return { ...target, selection, part, name };
}

function partTarget(
  target: AttributeTarget,
  path: Path,
  context: PatchContext,
): PartTarget | undefined | 'ignored' {
  if (path.subAttribute === undefined) return undefined;
  const { strict, unknownPathIgnored } = context.tolerance;
  const definition = subAttributeOf(target.definition, path.subAttribute);
  const name = `${target.name}.${path.subAttribute}`;
  // Computed for every answer, whatever clients write.
  if (path.subAttribute.toLowerCase() === '$ref' && !strict) return 'ignored';
  if (definition?.mutability === 'readOnly') {
    if (unknownPathIgnored) return 'ignored';
    throw mutability(`"${name}" is read-only: remove the operation.`, name);
  }
  if (definition !== undefined) return { name: definition.name, definition };
  if (unknownPathIgnored) return { name: path.subAttribute };
  throw invalidPath(`"${target.name}" has no part "${path.subAttribute}".`, name);
}

function select(definition: AttributeDefinition, source: Filter, { tolerance }: PatchContext): Selection {
  const unknown = tolerance.strict ? 'reject' : 'text';
  const filter = bindElementFilter(source, definition, unknown);
  if (filter === undefined) throw invalidPath(`The filter on "${definition.name}" cannot be used.`);
  return { source, filter };
}

/** IdPs copy what they read, `id` and `meta` included, into a value without path; that is no wish to change them. */
function readOnlyTarget(name: string, step: Step, { tolerance }: PatchContext): Target {
  const copied = ['id', 'schemas', 'meta'].includes(name) || tolerance.unknownPathIgnored;
  if (step.fromValue && copied) return IGNORED;
  throw mutability(`"${name}" is read-only: remove the operation.`, name);
}

interface Surroundings {
  readonly resource: JsonObject;
  readonly context: PatchContext;
}

function extensionTarget(urn: string, step: Step, { resource, context }: Surroundings): Target {
  const known = findSchema(urn)?.id;
  if (known !== undefined && known === RESOURCE_TYPES[context.type].schema.id)
    return { kind: 'extension', urn: known };
  const isOurs = RESOURCE_TYPES[context.type].extensions.some((extension) => extension.id === known);
  if (isOurs && known !== undefined) return { kind: 'extension', urn: known };
  const stored = findKey(resource, urn);
  if (stored !== undefined) return { kind: 'extension', urn: stored };
  if (!isForeign(urn, context)) checkUnknown(urn, step, context);
  return { kind: 'extension', urn };
}

function customTarget(step: Step, resource: JsonObject, context: PatchContext): Target {
  const { schema, attribute = '', subAttribute, filter } = step.path;
  if (attribute.toLowerCase() === 'password') return IGNORED;
  if (isNewExtension(step, resource))
    return extensionTarget(`${schema}:${attribute}`, step, { resource, context });
  const extension = extensionKey(resource, schema);
  const stored = storedKey(resource, extension, attribute);
  if (stored === undefined && !isForeign(schema, context)) checkUnknown(attribute, step, context);
  if (filter !== undefined) return customElements(step, stored ?? attribute, extension);
  return { kind: 'custom', extension, name: stored ?? attribute, part: subAttribute };
}

/** The URN as the resource spells it. */
function extensionKey(resource: JsonObject, urn: string | undefined): string | undefined {
  return urn === undefined ? undefined : (findKey(resource, urn) ?? urn);
}

/** Elements of custom data are chosen like those of any list; what parts they have shows when they are looked at. */
function customElements({ path }: Step, name: string, extension: string | undefined): Target {
  if (extension === undefined || path.filter === undefined) return IGNORED;
  const definition = define(name, 'Custom data.', {
    type: 'complex',
    multiValued: true,
    subAttributes: [],
  });
  const filter = bindElementFilter(path.filter, definition, 'text');
  if (filter === undefined) return IGNORED;
  return {
    kind: 'attribute',
    extension,
    definition,
    selection: { source: path.filter, filter },
    ...(path.subAttribute === undefined ? {} : { part: { name: path.subAttribute } }),
    name: `${extension}:${name}`,
  };
}

/** An extension of somebody else, which may be written; our own have the attributes that /Schemas shows. */
function isForeign(urn: string | undefined, { tolerance }: PatchContext): boolean {
  return urn !== undefined && findSchema(urn) === undefined && acceptsExtension(urn, tolerance);
}

function storedKey(resource: JsonObject, extension: string | undefined, name: string): string | undefined {
  const holder = extension === undefined ? resource : getOwn(resource, extension);
  return isJsonObject(holder) ? findKey(holder, name) : undefined;
}

/** An object under an unknown URN is that extension, unless the URN has ended before its last part. */
function isNewExtension({ path, value, inExtension }: Step, resource: JsonObject): boolean {
  const { schema } = path;
  if (inExtension || schema === undefined || !isJsonObject(value) || looksLikeSchema(schema)) return false;
  return findSchema(schema) === undefined && findKey(resource, schema) === undefined;
}

/** Strict refuses every unknown name; otherwise names inside a value are custom data, as in a POST body. */
function checkUnknown(name: string, step: Step, { type, tolerance }: PatchContext): void {
  if (tolerance.unknownPathIgnored || (step.fromValue && !tolerance.strict)) return;
  throw invalidPath(`${type} has no attribute "${name}": correct the path or remove the operation.`, name);
}
