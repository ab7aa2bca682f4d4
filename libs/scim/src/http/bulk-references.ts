import { isJsonObject, type JsonObject, type JsonValue } from '#kernel';
import { isExtensionKey } from '../protocol/schema/resource-types.js';

/** What is known about the bulkIds of one request. */
export interface BulkScope {
  /** True when a POST of the request has this bulkId. */
  readonly isDeclared: (bulkId: string) => boolean;
  /** @throws ScimError 409 when nothing was created under this bulkId */
  readonly idOf: (bulkId: string) => string;
}

const WHOLE = /^bulkId:(.+)$/is;
/** In an address (`/Users/bulkId:x`) or a filter (`members[value eq "bulkId:x"]`). */
const EMBEDDED = /(?<=[/"])bulkId:([^/"]+)/gi;

/** The bulkId that a text refers to as a whole (RFC 7644 3.7.2). */
export function wholeReference(text: string): string | undefined {
  return WHOLE.exec(text)?.[1];
}

/** The bulkIds that any text inside a value refers to. */
export function findReferences(value: JsonValue, isDeclared: BulkScope['isDeclared']): Set<string> {
  const found = new Set<string>();
  collect(value, isDeclared, found);
  return found;
}

function collect(value: JsonValue, isDeclared: BulkScope['isDeclared'], found: Set<string>): void {
  if (typeof value === 'string') for (const bulkId of referencesOf(value, isDeclared)) found.add(bulkId);
  else if (typeof value === 'object' && value !== null)
    for (const inner of Object.values(value)) collect(inner, isDeclared, found);
}

/** Only a whole text is a reference for certain; inside a longer one, it must be a bulkId that exists. */
function referencesOf(text: string, isDeclared: BulkScope['isDeclared']): string[] {
  const whole = wholeReference(text);
  if (whole !== undefined) return [whole];
  return [...text.matchAll(EMBEDDED)].map((match) => match[1] ?? '').filter(isDeclared);
}

/** The value with ids in place of references. @throws ScimError 409 when one cannot be resolved */
export function resolveReferences<Value extends JsonValue>(value: Value, scope: BulkScope): Value {
  return resolve(value, scope) as Value;
}

function resolve(value: JsonValue, scope: BulkScope): JsonValue {
  if (typeof value === 'string') return resolveText(value, scope);
  if (Array.isArray(value)) return value.map((element) => resolve(element, scope));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, resolve(inner, scope)]));
}

function resolveText(text: string, scope: BulkScope): string {
  const whole = wholeReference(text);
  if (whole !== undefined) return scope.idOf(whole);
  return text.replaceAll(EMBEDDED, (all, bulkId: string) =>
    scope.isDeclared(bulkId) ? scope.idOf(bulkId) : all,
  );
}

/** A resource in two parts: what can be created at once, and what refers to something that does not exist yet. */
export interface SplitResource {
  readonly now: JsonObject;
  readonly later: JsonObject;
}

/**
 * Splits a resource at references that are still open. A manager or member is taken out as a whole; the extension or
 * list around it stays.
 */
export function splitResource(resource: JsonObject, isOpen: (bulkId: string) => boolean): SplitResource {
  const later = Object.entries(resource)
    .filter(([, value]) => refersTo(value, isOpen))
    .map(([key, value]): [string, JsonValue] => [
      key,
      Array.isArray(value) ? value.filter((element) => refersTo(element, isOpen)) : value,
    ]);
  return { now: withoutOpen(resource, isOpen), later: Object.fromEntries(later) };
}

function refersTo(value: JsonValue, isOpen: (bulkId: string) => boolean): boolean {
  return [...findReferences(value, isOpen)].some(isOpen);
}

function withoutOpen(container: JsonObject, isOpen: (bulkId: string) => boolean): JsonObject {
  const kept: [string, JsonValue][] = [];
  for (const [key, value] of Object.entries(container)) {
    if (!refersTo(value, isOpen)) kept.push([key, value]);
    else if (Array.isArray(value)) kept.push([key, value.filter((element) => !refersTo(element, isOpen))]);
    else if (isExtensionKey(key) && isJsonObject(value)) kept.push([key, withoutOpen(value, isOpen)]);
  }
  return Object.fromEntries(kept);
}
