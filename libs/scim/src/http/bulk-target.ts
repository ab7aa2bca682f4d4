import type { JsonObject } from '#kernel';
import { notFound } from '../protocol/errors.js';
import type { BulkOperation } from '../protocol/messages/bulk-request.js';
import { findReferences, splitResource, wholeReference, type BulkScope } from './bulk-references.js';
import type { PlannedOperation } from './bulk-plan.js';
import { findRoute, type Route } from './route.js';

/** Where an operation of a bulk request goes: users and groups, nothing else. */
export type BulkTarget = Extract<Route, { readonly kind: 'collection' | 'resource' }>;

/** An operation whose address has been read. */
export interface PreparedOperation {
  readonly operation: BulkOperation;
  readonly target?: BulkTarget;
  /** Why it cannot be run. */
  readonly problem?: Error;
}

export function prepare(operation: BulkOperation): PreparedOperation {
  if (operation.problem !== undefined) return { operation, problem: operation.problem };
  try {
    return { operation, target: readTarget(operation.path) };
  } catch (error) {
    return { operation, problem: error as Error };
  }
}

function readTarget(path: string): BulkTarget {
  const route = findRoute(path);
  if (route?.kind === 'collection' || route?.kind === 'resource') return route;
  throw notFound(
    `"${path.slice(0, 200)}" is no address for a bulk operation. Send "/Users", "/Groups", "/Users/<id>" or "/Groups/<id>".`,
    'path',
  );
}

/** The address with the id in place of a reference. @throws ScimError 409 when it cannot be resolved */
export function resolveTarget(target: BulkTarget, scope: BulkScope): BulkTarget {
  const bulkId = target.kind === 'resource' ? wholeReference(target.id) : undefined;
  return bulkId === undefined ? target : ({ ...target, id: scope.idOf(bulkId) } as BulkTarget);
}

/** What each operation waits for. `creators`: position of the POST by bulkId. */
export function planOperations(
  prepared: readonly PreparedOperation[],
  creators: ReadonlyMap<string, number>,
): PlannedOperation[] {
  const lastOn = new Map<string, number>();
  return prepared.map((each, index) => {
    const { operation, target } = each;
    if (target === undefined) return { needs: [], follows: [], canWait: false };
    const referenced = findReferences(operation.data ?? {}, (bulkId) => creators.has(bulkId));
    const follows = target.kind === 'resource' ? predecessors(target, { creators, lastOn }) : [];
    if (target.kind === 'resource') lastOn.set(keyOf(target), index);
    return {
      needs: [...referenced].flatMap((bulkId) => creators.get(bulkId) ?? []),
      follows,
      canWait: target.kind === 'collection' && canBeSplit(operation.data ?? {}, creators),
    };
  });
}

type ResourceTarget = Extract<BulkTarget, { readonly kind: 'resource' }>;

/** Its creation, and the operation on the same resource before it: they keep their order. */
function predecessors(
  target: ResourceTarget,
  known: { readonly creators: ReadonlyMap<string, number>; readonly lastOn: ReadonlyMap<string, number> },
): number[] {
  const creator = known.creators.get(wholeReference(target.id) ?? '');
  const last = known.lastOn.get(keyOf(target));
  return [creator, last].filter((index) => index !== undefined);
}

function keyOf({ resourceType, id }: ResourceTarget): string {
  return `${resourceType}/${id}`;
}

/** Nobody can be created without a name, so a reference in it cannot be filled in afterwards. */
function canBeSplit(data: JsonObject, creators: ReadonlyMap<string, number>): boolean {
  const { later } = splitResource(data, (bulkId) => creators.has(bulkId));
  return !Object.keys(later).some((key) => ['username', 'displayname'].includes(key.toLowerCase()));
}

/** Position of each POST by its bulkId; what cannot be run creates nothing. */
export function findCreators(prepared: readonly PreparedOperation[]): Map<string, number> {
  const creators = new Map<string, number>();
  for (const [index, { operation, target }] of prepared.entries())
    if (operation.method === 'POST' && target?.kind === 'collection' && operation.bulkId !== undefined)
      creators.set(operation.bulkId, index);
  return creators;
}
