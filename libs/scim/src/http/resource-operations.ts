import type { Operation } from './call.js';
import { createResource } from './create.js';
import { listResources } from './list.js';
import { patchResource } from './patch.js';
import { readOne } from './read.js';
import { removeResource } from './remove.js';
import { replaceResource } from './replace.js';

type ResourceOperations = {
  readonly [Kind in 'collection' | 'resource']: Readonly<Record<string, Operation<Kind>>>;
};

/** What can be done with users and groups, alone or as part of a bulk request. */
export const RESOURCE_OPERATIONS: ResourceOperations = {
  collection: { GET: listResources, POST: createResource },
  resource: { GET: readOne, PUT: replaceResource, PATCH: patchResource, DELETE: removeResource },
};
