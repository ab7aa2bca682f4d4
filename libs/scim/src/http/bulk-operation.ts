import type { JsonObject } from '#kernel';
import type { BulkOperation } from '../protocol/messages/bulk-request.js';
import type { BulkOutcome } from '../protocol/messages/bulk-response.js';
import { PATCH_OP_URN } from '../protocol/schema/urns.js';
import { bindOperation } from './bind-operation.js';
import type { BulkTarget } from './bulk-target.js';
import type { ScimCall } from './call.js';
import type { ScimPorts } from './ports.js';
import { RESOURCE_OPERATIONS } from './resource-operations.js';

/** Nobody sees the resources that a bulk request leaves behind, so memberships need not be loaded. */
const ONLY_ID = [['attributes', 'id']] as const;

/** One operation, ready to run: no reference is left in it. */
export interface InnerRequest {
  readonly method: string;
  readonly target: BulkTarget;
  readonly version?: string | undefined;
  readonly data?: JsonObject | undefined;
}

/** How an operation ended well, and the id of what it was about. */
export type InnerOutcome = BulkOutcome & { readonly id: string };

/**
 * Runs one operation as the request of its own that it stands for: same limits, same dialect, same conditions.
 * @throws whatever the single request would be refused with
 */
export async function runInner(
  call: ScimCall,
  ports: ScimPorts,
  { method, target, version, data }: InnerRequest,
): Promise<InnerOutcome> {
  const request = {
    ...call.request,
    method,
    path: target.template,
    query: '',
    headers: version === undefined || method === 'POST' ? {} : { 'if-match': version },
    body: data === undefined ? undefined : Buffer.from(JSON.stringify(data)),
  };
  const operation = bindOperation(RESOURCE_OPERATIONS[target.kind], target, method);
  const answer = await operation({ ...call, request, parameters: ONLY_ID }, ports);
  const id = target.kind === 'resource' ? target.id : (answer.message?.body['id'] as string);
  return {
    id,
    status: answer.status,
    location: answer.location ?? locationOf(call, target, id),
    ...(answer.etag === undefined ? {} : { version: answer.etag }),
  };
}

export function locationOf(call: ScimCall, { resourceType }: BulkTarget, id: string): string {
  return `${call.baseUrl}/${resourceType}s/${encodeURIComponent(id)}`;
}

/** The PATCH that fills in what a creation had to leave out. Members are added, so that nobody else's change is lost. */
export function completion(call: ScimCall, later: JsonObject): Pick<BulkOperation, 'method' | 'data'> {
  // In 1.1 the partial resource is the PATCH; in 2.0 it is the value of an operation without path.
  const data =
    call.request.version === '1.1'
      ? later
      : { schemas: [PATCH_OP_URN], Operations: [{ op: 'add', value: later }] };
  return { method: 'PATCH', data };
}
