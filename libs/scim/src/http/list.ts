import { ScimError, invalidValue } from '../protocol/errors.js';
import { readListQuery, type ListQuery } from '../protocol/messages/list-query.js';
import type { ResourceTypeName } from '../protocol/schema/definitions.js';
import type { Tolerance } from '../protocol/tolerance.js';
import { toCanonical, type Answer, type RoutedCall, type ScimCall } from './call.js';
import { pageByCursor, pageByIndex } from './list-pages.js';
import type { Section } from './list-section.js';
import type { ScimPorts } from './ports.js';
import { toSearch } from './to-search.js';

/** The types that a search from the root goes through, in this order. */
export const ALL_TYPES: readonly ResourceTypeName[] = ['User', 'Group'];

/** GET of a collection (RFC 7644 3.4.2): always 200, also when nothing matches. */
export async function listResources(call: RoutedCall<'collection'>, ports: ScimPorts): Promise<Answer> {
  const { resourceType } = call.route;
  const query = readListQuery(canonicalParameters(call, resourceType));
  return answerList(call, ports, { types: [resourceType], query });
}

/** GET of the base URL: users and groups in one list (RFC 7644 3.4.2.1). */
export async function listEverything(call: RoutedCall<'root'>, ports: ScimPorts): Promise<Answer> {
  return answerList(call, ports, {
    types: ALL_TYPES,
    query: readListQuery(canonicalParameters(call, 'User')),
  });
}

/** Also the end of `.search`. */
export async function answerList(
  call: ScimCall,
  ports: ScimPorts,
  { types, query }: { readonly types: readonly ResourceTypeName[]; readonly query: ListQuery },
): Promise<Answer> {
  const sections =
    types.length === 1
      ? oneSection(call, types[0] as ResourceTypeName, query)
      : allSections(call, types, query);
  const source = { call, ports, query };
  // Where there are no cursors, the parameter is unknown, and unknown ones are ignored.
  const byCursor = query.cursor !== undefined && call.switches.cursors;
  const body = await (byCursor ? pageByCursor(source, sections) : pageByIndex(source, sections));
  return { status: 200, message: { kind: 'list', body } };
}

function oneSection(call: ScimCall, type: ResourceTypeName, query: ListQuery): Section[] {
  return [{ type, search: toSearch(type, query, call.switches.tolerance) }];
}

/**
 * An attribute that one type does not have matches nothing there. It is refused when no type has it.
 * @throws ScimError when the search cannot be answered for any type
 */
function allSections(call: ScimCall, types: readonly ResourceTypeName[], query: ListQuery): Section[] {
  if (query.sortBy !== undefined)
    throw invalidValue(
      'A search over all resource types cannot be sorted. Leave "sortBy" out, or search /Users or /Groups.',
      'sortBy',
    );
  const { tolerance } = call.switches;
  const lenient: Tolerance = { ...tolerance, unknownFilterAttribute: 'empty' };
  const refusals: ScimError[] = [];
  for (const type of types)
    try {
      toSearch(type, query, tolerance);
    } catch (error) {
      if (!(error instanceof ScimError)) throw error;
      refusals.push(error);
    }
  if (refusals.length === types.length) throw refusals[0] as ScimError;
  return types.map((type) => ({ type, search: toSearch(type, query, lenient) }));
}

/** The dialect's page size comes last: of a repeated parameter the first value counts. */
function canonicalParameters(
  call: ScimCall,
  resourceType: ResourceTypeName,
): readonly (readonly [string, string])[] {
  const parameters = [...call.parameters, ['count', String(call.switches.defaultPageSize)] as const];
  if (call.translator?.readRequest === undefined && call.dialect.readRequest === undefined) return parameters;
  const body = toCanonical(call, 'query', {
    resourceType,
    body: Object.fromEntries(parameters.toReversed()),
  });
  return Object.entries(body).map(([name, value]) => [name, value as string]);
}
