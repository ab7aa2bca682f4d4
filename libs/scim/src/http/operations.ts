import type { Answer, Operation, ScimCall } from './call.js';
import { createResource } from './create.js';
import {
  listResourceTypes,
  listSchemas,
  readResourceType,
  readSchema,
  readServiceProviderConfig,
} from './discovery.js';
import { listResources } from './list.js';
import { MethodNotAllowed } from './method-not-allowed.js';
import { refuseBulk, refuseMe, refuseRootSearch } from './not-offered.js';
import { patchResource } from './patch.js';
import type { ScimPorts } from './ports.js';
import { readOne } from './read.js';
import { removeResource } from './remove.js';
import { replaceResource } from './replace.js';
import type { Route } from './route.js';
import { searchResources } from './search.js';

type OperationTable = { readonly [Kind in Route['kind']]: Readonly<Record<string, Operation<Kind>>> };

/** Some operation; which kind of call it takes is known from where it was found. */
type AnyOperation = (call: never, ports: ScimPorts) => Answer | Promise<Answer>;

/** Endpoint by method (RFC 7644 3.2, table 2). What is not here is 405. */
const OPERATIONS: OperationTable = {
  collection: { GET: listResources, POST: createResource },
  resource: { GET: readOne, PUT: replaceResource, PATCH: patchResource, DELETE: removeResource },
  search: { POST: searchResources },
  service_provider_config: { GET: readServiceProviderConfig },
  schemas: { GET: listSchemas },
  schema: { GET: readSchema },
  resource_types: { GET: listResourceTypes },
  resource_type: { GET: readResourceType },
  me: { GET: refuseMe, POST: refuseMe, PUT: refuseMe, PATCH: refuseMe, DELETE: refuseMe },
  bulk: { POST: refuseBulk },
  root_search: { POST: refuseRootSearch },
};

/** An operation bound to its route, so that the caller need not know which kind of route it is. */
export type BoundOperation = (call: ScimCall, ports: ScimPorts) => Answer | Promise<Answer>;

/** @throws MethodNotAllowed when the endpoint exists but not for this method. */
export function findOperation(route: Route, method: string): BoundOperation {
  const table: Readonly<Record<string, AnyOperation>> = OPERATIONS[route.kind];
  const operation = Object.hasOwn(table, method) ? table[method] : undefined;
  if (operation === undefined) throw new MethodNotAllowed(method, Object.keys(table));
  return (call, ports) => operation({ ...call, route } as never, ports);
}
