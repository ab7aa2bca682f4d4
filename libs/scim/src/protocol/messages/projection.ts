import { isJsonObject, type JsonObject, type JsonValue } from '#kernel';
import { findKey, withOwn } from '../json-object.js';
import type { ResourceTypeName } from '../schema/definitions.js';
import { resolveAttribute } from '../schema/resolve-attribute.js';
import { isExtensionKey, topLevelAttribute } from '../schema/resource-types.js';
import { splitName } from '../schema/split-name.js';

/** The attributes a client wants to see. `attributes` wins when both are given. */
export interface Projection {
  readonly attributes?: readonly string[];
  readonly excludedAttributes?: readonly string[];
}

/** Keys from the resource down to what a name means: `['name', 'familyName']`, `[urn, 'department']`. */
type KeyPath = readonly string[];

/** Clients lose their way without these, so they are shown whatever was asked for (RFC 7643 7, `returned`). */
const ALWAYS: readonly KeyPath[] = [['schemas'], ['id'], ['meta', 'resourceType']];

/**
 * The part of a resource that was asked for (RFC 7644 3.9). Names may be in any letter case, dotted, qualified by a
 * URN, or the URN of an extension; names that the resource does not have select nothing.
 */
export function project(type: ResourceTypeName, resource: JsonObject, projection: Projection): JsonObject {
  const { attributes = [], excludedAttributes = [] } = projection;
  const visible = withoutHidden(type, resource);
  const paths = (names: readonly string[]): KeyPath[] =>
    names.map((name) => keyPath(type, visible, name)).filter((path) => path !== undefined);
  if (attributes.length > 0) return pick(visible, [...ALWAYS, ...paths(attributes)]);
  return paths(excludedAttributes).reduce((rest, path) => omit(rest, path), visible);
}

/** `returned: never` is not shown even when asked for. */
function withoutHidden(type: ResourceTypeName, resource: JsonObject): JsonObject {
  const hidden = Object.keys(resource).filter((key) => topLevelAttribute(type, key)?.returned === 'never');
  return hidden.reduce((rest, key) => withOwn(rest, key, undefined), resource);
}

function keyPath(type: ResourceTypeName, resource: JsonObject, text: string): KeyPath | undefined {
  const name = text.replaceAll(/\[[^\]]*\]/g, '');
  const resolved = resolveAttribute(type, name);
  if (resolved !== undefined) {
    const { extension, attribute, subAttribute } = resolved;
    return [extension, attribute.name, subAttribute?.name].filter((key) => key !== undefined);
  }
  const own = findKey(resource, name);
  if (own !== undefined) return [own];
  return customPath(resource, name);
}

/** Names of custom data, which no schema knows. */
function customPath(resource: JsonObject, text: string): KeyPath | undefined {
  const name = splitName(text, Object.keys(resource).filter(isExtensionKey));
  const keys = [name?.schema, name?.attribute, name?.subAttribute].filter((key) => key !== undefined);
  const path: string[] = [];
  let place: JsonValue | undefined = resource;
  for (const key of keys) {
    const own: string | undefined = isJsonObject(place) ? findKey(place, key) : key;
    if (own === undefined) return undefined;
    path.push(own);
    place = isJsonObject(place) ? place[own] : undefined;
  }
  return path.length === 0 ? undefined : path;
}

function pick(value: JsonObject, paths: readonly KeyPath[]): JsonObject {
  const groups = Map.groupBy(paths, (path) => path[0] as string);
  const entries = Object.entries(value).flatMap(([key, inner]): [string, JsonValue][] => {
    const wanted = groups.get(key)?.map((path) => path.slice(1));
    if (wanted === undefined) return [];
    const picked = wanted.some((path) => path.length === 0) ? inner : pickInner(inner, wanted);
    return picked === undefined ? [] : [[key, picked]];
  });
  return Object.fromEntries(entries);
}

function pickInner(value: JsonValue, paths: readonly KeyPath[]): JsonValue | undefined {
  if (Array.isArray(value)) return value.flatMap((element) => pickInner(element, paths) ?? []);
  if (!isJsonObject(value)) return undefined;
  const picked = pick(value, paths);
  return Object.keys(picked).length === 0 ? undefined : picked;
}

function omit(value: JsonObject, path: KeyPath): JsonObject {
  const [key = '', ...rest] = path;
  if (key === 'schemas' || key === 'id' || !Object.hasOwn(value, key)) return value;
  const inner = value[key] as JsonValue;
  if (key === 'meta' && isJsonObject(inner)) return withOwn(value, key, omitMeta(inner, rest));
  if (rest.length === 0) return withOwn(value, key, undefined);
  return withOwn(value, key, omitInner(inner, rest));
}

function omitInner(value: JsonValue, path: KeyPath): JsonValue | undefined {
  if (Array.isArray(value))
    return value.map((element) => (isJsonObject(element) ? omit(element, path) : element));
  if (!isJsonObject(value)) return value;
  const rest = omit(value, path);
  return Object.keys(rest).length === 0 ? undefined : rest;
}

function omitMeta(meta: JsonObject, [part]: KeyPath): JsonObject {
  if (part === undefined) return pick(meta, [['resourceType']]);
  return part === 'resourceType' ? meta : withOwn(meta, part, undefined);
}
