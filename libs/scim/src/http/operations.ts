import { bindOperation, type BoundOperation } from './bind-operation.js';
import { runBulk } from './bulk.js';
import type { Operation } from './call.js';
import {
  listResourceTypes,
  listSchemas,
  readResourceType,
  readSchema,
  readServiceProviderConfig,
} from './discovery.js';
import { listEverything } from './list.js';
import { refuseMe } from './not-offered.js';
import { RESOURCE_OPERATIONS } from './resource-operations.js';
import type { Route } from './route.js';
import { searchEverything, searchResources } from './search.js';

type OperationTable = { readonly [Kind in Route['kind']]: Readonly<Record<string, Operation<Kind>>> };

/** Endpoint by method (RFC 7644 3.2, table 2). What is not here is 405. */
const OPERATIONS: OperationTable = {
  ...RESOURCE_OPERATIONS,
  search: { POST: searchResources },
  service_provider_config: { GET: readServiceProviderConfig },
  schemas: { GET: listSchemas },
  schema: { GET: readSchema },
  resource_types: { GET: listResourceTypes },
  resource_type: { GET: readResourceType },
  me: { GET: refuseMe, POST: refuseMe, PUT: refuseMe, PATCH: refuseMe, DELETE: refuseMe },
  bulk: { POST: runBulk },
  root: { GET: listEverything },
  root_search: { POST: searchEverything },
};

/** @throws MethodNotAllowed when the endpoint exists but not for this method. */
export function findOperation(route: Route, method: string): BoundOperation {
  return bindOperation(OPERATIONS[route.kind], route, method);
}
