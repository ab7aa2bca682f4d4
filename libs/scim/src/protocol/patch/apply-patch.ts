import { getOwn, isJsonObject, parseJson, type JsonObject, type JsonValue } from '#kernel';
import type { MemberOperation } from '#model';
import { ScimError, invalidValue, mutability, noTarget } from '../errors.js';
import { extensionEntries, withOwn } from '../json-object.js';
import { parsePath, type Path } from '../path/parse-path.js';
import type { ResourceTypeName } from '../schema/definitions.js';
import { RESOURCE_TYPES, isExtensionKey, topLevelAttribute } from '../schema/resource-types.js';
import { CLEARED, type Tolerance } from '../tolerance.js';
import { addValue } from './add.js';
import { patchCustom } from './custom.js';
import { memberOperations } from './members.js';
import type { PatchOperation } from './read-operations.js';
import { removeValue } from './remove.js';
import { replaceValue } from './replace.js';
import {
  resolveTarget,
  type AttributeTarget,
  type PatchContext,
  type Step,
  type Target,
} from './resolve-target.js';

/** The resource after a PATCH, and what happens to the members of a group (always empty for users). */
export interface PatchResult {
  readonly resource: JsonObject;
  readonly members: MemberOperation[];
}

const CHANGES = { add: addValue, replace: replaceValue, remove: removeValue } as const;

/**
 * Applies the operations of a PATCH in order (RFC 7644 3.5.2), each to the state that the earlier ones left. The given
 * resource is never changed, so a refused operation leaves everything as it was.
 * @throws ScimError `invalidPath`, `noTarget`, `mutability`, `invalidValue` or `invalidFilter`
 */
// oxlint-disable-next-line max-params -- the four are what a PATCH consists of, and callers pass them by position
export function applyPatch(
  type: ResourceTypeName,
  resource: JsonObject,
  operations: readonly PatchOperation[],
  tolerance: Tolerance,
): PatchResult {
  const context = { type, tolerance };
  return operations.reduce<PatchResult>((state, operation) => applyOperation(state, operation, context), {
    resource,
    members: [],
  });
}

function applyOperation(state: PatchResult, operation: PatchOperation, context: PatchContext): PatchResult {
  const { op, path, value } = operation;
  if (path !== undefined) {
    const parsed = parsePath(path, knownExtensions(state.resource, context));
    return applyStep(state, { op, path: parsed, value, fromValue: false }, context);
  }
  if (op === 'remove') throw noTarget('A remove needs a "path" that says what to remove.', 'path');
  return parseObjects(value, context.tolerance).reduce(
    (current, object) => applyObject(current, { op, value: object }, context),
    state,
  );
}

interface ObjectStep {
  readonly op: 'add' | 'replace';
  readonly value: JsonObject;
  /** The extension that the keys belong to. */
  readonly urn?: string;
}

/** Each key of a value without path is a path of its own; Entra puts dotted names, filters and URNs there. */
function applyObject(state: PatchResult, step: ObjectStep, context: PatchContext): PatchResult {
  const entries = step.urn === undefined ? Object.entries(step.value) : extensionEntries(step.value);
  return entries.reduce((current, [key, value]) => {
    const text = step.urn === undefined ? key : `${step.urn}:${key}`;
    const path = parseKey(text, { state: current, step, context });
    if (path === undefined) return current;
    const inExtension = step.urn !== undefined;
    return applyStep(current, { op: step.op, path, value, fromValue: true, inExtension }, context);
  }, state);
}

interface KeyContext {
  readonly state: PatchResult;
  readonly step: ObjectStep;
  readonly context: PatchContext;
}

function parseKey(text: string, { state, step, context }: KeyContext): Path | undefined {
  const own = knownExtensions(state.resource, context);
  try {
    return parsePath(text, step.urn === undefined ? own : [...own, step.urn]);
  } catch (error) {
    // A key that can be no attribute name must not stop the attributes beside it.
    if (error instanceof ScimError && context.tolerance.unknownPathIgnored) return undefined;
    throw error;
  }
}

function applyStep(state: PatchResult, step: Step, context: PatchContext): PatchResult {
  if (isMembers(step.path, context.type))
    return { ...state, members: [...state.members, ...memberOperations(step, context.tolerance)] };
  const target = resolveTarget(step, state.resource, context);
  switch (target.kind) {
    case 'attribute':
      return { ...state, resource: applyAttribute(state.resource, step, { target, context }) };
    case 'extension':
      return applyExtension(state, step, { urn: target.urn, context });
    case 'custom':
      return { ...state, resource: applyCustom(state.resource, step, { target, context }) };
    case 'ignored':
      return state;
  }
}

function isMembers(path: Path, type: ResourceTypeName): boolean {
  if (type !== 'Group' || path.attribute === undefined) return false;
  const isCore = path.schema === undefined || path.schema === RESOURCE_TYPES.Group.schema.id;
  return isCore && topLevelAttribute('Group', path.attribute)?.name === 'members';
}

function applyAttribute(
  resource: JsonObject,
  step: Step,
  { target, context }: { readonly target: AttributeTarget; readonly context: PatchContext },
): JsonObject {
  const { definition, extension } = target;
  const value =
    definition.type === 'boolean' ? unwrapBoolean(step.value, definition.name, context) : step.value;
  checkValue(step, target);
  const slot = { extension, name: definition.name };
  const current = readSlot(resource, slot);
  const next = CHANGES[step.op]({ target, value, tolerance: context.tolerance }, current);
  if (definition.name === 'active' && next === undefined && context.tolerance.activeCanBeCleared)
    return writeSlot(resource, slot, CLEARED);
  checkKept(step, target, next);
  return writeSlot(resource, slot, next);
}

function checkValue(step: Step, { name }: AttributeTarget): void {
  if (step.op !== 'remove' && step.value === undefined)
    throw invalidValue(`The operation on "${name}" has no "value": send one, or use "remove".`, name);
}

/** Nobody is left without a name, and an account is active or it is not. */
function checkKept(step: Step, { definition, name }: AttributeTarget, next: JsonValue | undefined): void {
  if (!definition.required && definition.name !== 'active') return;
  if (next !== undefined && next !== '') return;
  const refuse = step.op === 'remove' ? mutability : invalidValue;
  throw refuse(`"${name}" cannot be cleared: replace it with a value.`, name);
}

/** Entra wraps booleans: `{ active: "False" }`, `[{ value: "False" }]`, `{ value: false }`. */
function unwrapBoolean(
  value: JsonValue | undefined,
  name: string,
  context: PatchContext,
): JsonValue | undefined {
  if (context.tolerance.strict) return value;
  if (Array.isArray(value))
    return value.length === 1 && isJsonObject(value[0]) ? unwrapBoolean(value[0], name, context) : value;
  const entries = isJsonObject(value) ? Object.entries(value) : [];
  const [key, inner] = entries[0] ?? ['', null];
  return entries.length === 1 && ['value', name].includes(key.toLowerCase()) ? inner : value;
}

function applyExtension(
  state: PatchResult,
  step: Step,
  { urn, context }: { readonly urn: string; readonly context: PatchContext },
): PatchResult {
  const isCore = urn === RESOURCE_TYPES[context.type].schema.id;
  const clears = step.op === 'remove' || step.value === null || step.value === '';
  if (clears && isCore) throw noTarget(`"${urn}" is the main schema and cannot be removed.`, urn);
  if (clears) return { ...state, resource: withOwn(state.resource, urn, undefined) };
  const value = parseObject(step.value);
  return applyObject(state, { op: step.op, value, urn }, context);
}

function applyCustom(
  resource: JsonObject,
  step: Step,
  {
    target,
    context,
  }: { readonly target: Extract<Target, { kind: 'custom' }>; readonly context: PatchContext },
): JsonObject {
  const slot = { extension: target.extension, name: target.name };
  const current = readSlot(resource, slot);
  return writeSlot(resource, slot, patchCustom(step, { part: target.part, current }, context.tolerance));
}

interface Slot {
  readonly extension?: string;
  readonly name: string;
}

function readSlot(resource: JsonObject, { extension, name }: Slot): JsonValue | undefined {
  const holder = extension === undefined ? resource : getOwn(resource, extension);
  return isJsonObject(holder) ? getOwn(holder, name) : undefined;
}

/** An extension without data disappears, and with it its URN from `schemas`. */
function writeSlot(
  resource: JsonObject,
  { extension, name }: Slot,
  value: JsonValue | undefined,
): JsonObject {
  if (extension === undefined) return withOwn(resource, name, value);
  const holder = getOwn(resource, extension);
  const changed = withOwn(isJsonObject(holder) ? holder : {}, name, value);
  return withOwn(resource, extension, Object.keys(changed).length === 0 ? undefined : changed);
}

function knownExtensions(resource: JsonObject, { tolerance }: PatchContext): string[] {
  return [...Object.keys(resource).filter(isExtensionKey), ...(tolerance.extensionUrns ?? [])];
}

/** SDKs that know values as lists only put the object of attributes into one. */
function parseObjects(value: JsonValue | undefined, { strict }: Tolerance): JsonObject[] {
  return Array.isArray(value) && value.length > 0 && !strict ? value.map(parseObject) : [parseObject(value)];
}

function parseObject(value: JsonValue | undefined): JsonObject {
  const parsed = typeof value === 'string' && value.trimStart().startsWith('{') ? parseText(value) : value;
  if (isJsonObject(parsed)) return parsed;
  throw invalidValue('An operation without "path" needs an object of attributes as "value".', 'value');
}

function parseText(text: string): JsonValue {
  try {
    return parseJson(text);
  } catch {
    return text;
  }
}
