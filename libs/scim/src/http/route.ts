import { invalidSyntax } from '../protocol/errors.js';
import type { ResourceTypeName } from '../protocol/schema/definitions.js';

/** What an address below a directory's base URL stands for. `template` is the address without ids, for metrics. */
export type Route =
  | { readonly kind: 'collection'; readonly resourceType: ResourceTypeName; readonly template: string }
  | { readonly kind: 'search'; readonly resourceType: ResourceTypeName; readonly template: string }
  | {
      readonly kind: 'resource';
      readonly resourceType: ResourceTypeName;
      readonly id: string;
      readonly template: string;
    }
  | { readonly kind: 'schema'; readonly id: string; readonly template: string }
  | { readonly kind: 'resource_type'; readonly id: string; readonly template: string }
  | { readonly kind: SingleKind; readonly template: string };

type SingleKind =
  'service_provider_config' | 'schemas' | 'resource_types' | 'root' | 'root_search' | 'me' | 'bulk';

const USERS: ResourceRoutes = { resourceType: 'User', base: '/Users' };
const GROUPS: ResourceRoutes = { resourceType: 'Group', base: '/Groups' };

interface ResourceRoutes {
  readonly resourceType: ResourceTypeName;
  readonly base: string;
}

/**
 * Finds the endpoint (RFC 7644 3.2). Letter case of endpoint names, doubled and trailing slashes do not matter; the
 * singular and plural spellings of 1.1 and 2.0 are aliases of each other.
 */
export function findRoute(path: string): Route | undefined {
  const [first, second, ...more] = path.split('/').filter((segment) => segment !== '');
  if (first === undefined) return { kind: 'root', template: '/' };
  if (more.length > 0) return undefined;
  const endpoint = decode(first).toLowerCase();
  if (endpoint === 'users') return resourceRoute(USERS, second);
  if (endpoint === 'groups') return resourceRoute(GROUPS, second);
  return otherRoute(endpoint, second);
}

function resourceRoute({ resourceType, base }: ResourceRoutes, second: string | undefined): Route {
  if (second === undefined) return { kind: 'collection', resourceType, template: base };
  const id = decode(second);
  if (id.toLowerCase() === '.search') return { kind: 'search', resourceType, template: `${base}/.search` };
  return { kind: 'resource', resourceType, id, template: `${base}/{id}` };
}

function otherRoute(endpoint: string, second: string | undefined): Route | undefined {
  const id = second === undefined ? undefined : decode(second);
  switch (endpoint) {
    case 'schemas':
      return id === undefined
        ? { kind: 'schemas', template: '/Schemas' }
        : { kind: 'schema', id, template: '/Schemas/{id}' };
    case 'resourcetypes':
      return id === undefined
        ? { kind: 'resource_types', template: '/ResourceTypes' }
        : { kind: 'resource_type', id, template: '/ResourceTypes/{id}' };
    default:
      return id === undefined ? singleRoute(endpoint) : undefined;
  }
}

function singleRoute(endpoint: string): Route | undefined {
  switch (endpoint) {
    case 'serviceproviderconfig':
    case 'serviceproviderconfigs':
    // Microsoft's own collection of SCIM requests.
    case 'serviceconfiguration':
      return { kind: 'service_provider_config', template: '/ServiceProviderConfig' };
    case '.search':
      return { kind: 'root_search', template: '/.search' };
    case 'me':
      return { kind: 'me', template: '/Me' };
    case 'bulk':
      return { kind: 'bulk', template: '/Bulk' };
    default:
      return undefined;
  }
}

/** Decodes after splitting, so that an encoded slash stays part of an id. */
function decode(segment: string): string {
  if (!segment.includes('%')) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    throw invalidSyntax('The address contains a percent sign that begins no valid UTF-8 escape.');
  }
}
