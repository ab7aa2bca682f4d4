import type { JsonObject } from '#kernel';
import { project, type Projection } from '../protocol/messages/projection.js';
import type { ResourceTypeName } from '../protocol/schema/definitions.js';
import { resolveAttribute } from '../protocol/schema/resolve-attribute.js';

/** `attributes` and `excludedAttributes` of a request, empty when not given. */
export type RequestedAttributes = Required<Projection>;

/** True when the answer shows `attribute`; what it does not show need not be loaded. */
export function isWanted(
  type: ResourceTypeName,
  attribute: 'members' | 'groups',
  { attributes, excludedAttributes }: RequestedAttributes,
): boolean {
  if (attributes.length > 0)
    return attributes.some((text) => resolve(type, text)?.attribute.name === attribute);
  return !excludedAttributes.some((text) => {
    const excluded = resolve(type, text);
    return excluded?.attribute.name === attribute && excluded.subAttribute === undefined;
  });
}

/** True when `attributes` names exactly this part: what is `returned: request` is shown for nothing less. */
export function isNamed(type: ResourceTypeName, path: string, { attributes }: RequestedAttributes): boolean {
  return attributes.some((text) => {
    const named = resolve(type, text);
    return `${named?.attribute.name}.${named?.subAttribute?.name}` === path;
  });
}

/** Projects only when asked to: the usual answer is the whole resource. */
export function projected(
  type: ResourceTypeName,
  resource: JsonObject,
  requested: RequestedAttributes,
): JsonObject {
  const { attributes, excludedAttributes } = requested;
  return attributes.length === 0 && excludedAttributes.length === 0
    ? resource
    : project(type, resource, requested);
}

/** A value filter inside `attributes` (`emails[type eq "work"]`) names the attribute before the bracket. */
function resolve(type: ResourceTypeName, text: string): ReturnType<typeof resolveAttribute> {
  const bracket = text.indexOf('[');
  return resolveAttribute(type, (bracket === -1 ? text : text.slice(0, bracket)).trim());
}
