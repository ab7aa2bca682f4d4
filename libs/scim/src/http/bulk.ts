import { RetryableError, type JsonObject } from '#kernel';
import { ScimError, conflict } from '../protocol/errors.js';
import {
  checkBulkSchemas,
  readBulkRequest,
  type BulkOperation,
  type BulkRequest,
} from '../protocol/messages/bulk-request.js';
import { bulkResponse, type BulkOutcome } from '../protocol/messages/bulk-response.js';
import { completion, locationOf, runInner, type InnerOutcome } from './bulk-operation.js';
import { BulkPlan, type PlanStep } from './bulk-plan.js';
import { resolveReferences, splitResource, type BulkScope } from './bulk-references.js';
import {
  findCreators,
  planOperations,
  prepare,
  resolveTarget,
  type BulkTarget,
  type PreparedOperation,
} from './bulk-target.js';
import type { Answer, RoutedCall } from './call.js';
import { toRefusal } from './error-answer.js';
import type { ScimPorts } from './ports.js';
import { readBody } from './read-body.js';

/** POST on `/Bulk` (RFC 7644 3.7): each operation stands alone, the answer is 200 also when all of them fail. */
export async function runBulk(call: RoutedCall<'bulk'>, ports: ScimPorts): Promise<Answer> {
  const body = readBody(call.request, 'Bulk', call.dialect);
  // 1.1 has no message of its own for this.
  if (call.translator === undefined) checkBulkSchemas(body, call.switches.tolerance.strict);
  return new BulkRun(call, ports, readBulkRequest(body)).answer();
}

/** So many in a row mean that the store is away, and that asking it hundreds of times more helps nobody. */
const OUTAGE = 3;

/** What was created without the ids that it still needs. */
interface Incomplete {
  readonly created: InnerOutcome;
  readonly later: JsonObject;
}

class BulkRun {
  readonly #call: RoutedCall<'bulk'>;
  readonly #ports: ScimPorts;
  readonly #failOnErrors: number;
  readonly #prepared: readonly PreparedOperation[];
  readonly #plan: BulkPlan;
  readonly #scope: BulkScope;
  readonly #ids = new Map<string, string>();
  readonly #incomplete = new Map<number, Incomplete>();
  readonly #outcomes: (BulkOutcome | undefined)[];
  #errors = 0;
  /** Those since the last operation that the store has answered. */
  #outages: RetryableError[] = [];
  #failure: unknown;

  constructor(call: RoutedCall<'bulk'>, ports: ScimPorts, request: BulkRequest) {
    this.#call = call;
    this.#ports = ports;
    this.#failOnErrors = request.failOnErrors ?? Infinity;
    this.#prepared = request.operations.map(prepare);
    const creators = findCreators(this.#prepared);
    this.#plan = new BulkPlan(planOperations(this.#prepared, creators));
    this.#scope = { isDeclared: (bulkId) => creators.has(bulkId), idOf: (bulkId) => this.#idOf(bulkId) };
    this.#outcomes = request.operations.map(() => undefined);
  }

  async answer(): Promise<Answer> {
    for (let step = this.#plan.next(); step !== undefined; step = this.#plan.next()) {
      await this.#take(step);
      if (this.#errors >= this.#failOnErrors) break;
    }
    // What was begun is brought to an end, also when the request stops early.
    for (const index of this.#plan.unfinished()) await this.#take({ index, kind: 'complete' });
    const processed = this.#prepared.flatMap(({ operation }, index) => {
      const outcome = this.#outcomes[index];
      return outcome === undefined ? [] : [{ operation, outcome }];
    });
    return {
      status: 200,
      message: { kind: 'bulk', body: bulkResponse(processed) },
      ...(this.#failure === undefined ? {} : { failure: this.#failure }),
    };
  }

  async #take({ index, kind }: PlanStep): Promise<void> {
    try {
      if (kind === 'complete') this.#succeed(index, await this.#complete(index));
      else if (kind === 'give_up') throw unbreakable();
      else await this.#run(index, kind);
    } catch (thrown) {
      this.#fail(index, { thrown, location: this.#locationAfterFailure(index) });
    }
    if (this.#incomplete.has(index) && kind === 'create_first') this.#plan.created(index);
    else this.#plan.over(index);
  }

  async #run(index: number, kind: PlanStep['kind']): Promise<void> {
    const { operation, target, problem } = this.#prepared[index] as PreparedOperation;
    if (target === undefined) throw problem ?? new Error('An operation has neither an address nor a problem');
    if (this.#outages.length >= OUTAGE) throw this.#outages[0] as RetryableError;
    const { now, later } = this.#partsOf(operation, kind);
    const done = await runInner(this.#call, this.#ports, {
      method: operation.method,
      target: resolveTarget(target, this.#scope),
      version: operation.version,
      data: now && resolveReferences(now, this.#scope),
    });
    if (operation.method === 'POST') this.#ids.set(operation.bulkId ?? '', done.id);
    if (later === undefined) this.#succeed(index, done);
    else this.#incomplete.set(index, { created: done, later });
  }

  /** `now` is what can be sent at once, `later` what must wait for other operations. */
  #partsOf({ data }: BulkOperation, kind: PlanStep['kind']): { now?: JsonObject; later?: JsonObject } {
    if (data === undefined) return {};
    if (kind !== 'create_first') return { now: data };
    return splitResource(data, (bulkId) => this.#scope.isDeclared(bulkId) && !this.#ids.has(bulkId));
  }

  /** @throws when what was left out cannot be filled in; the resource stays, and the answer says where it is */
  async #complete(index: number): Promise<BulkOutcome> {
    const { created, later } = this.#incomplete.get(index) as Incomplete;
    const { target: collection } = this.#prepared[index] as PreparedOperation;
    const { resourceType, template } = collection as BulkTarget;
    const target = { kind: 'resource', resourceType, template, id: created.id } as const;
    const { method, data } = completion(this.#call, resolveReferences(later, this.#scope));
    const done = await runInner(this.#call, this.#ports, { method, target, data });
    return { ...created, ...done, status: created.status };
  }

  #succeed(index: number, outcome: BulkOutcome): void {
    this.#outcomes[index] = outcome;
    this.#outages = [];
  }

  #fail(
    index: number,
    { thrown, location }: { readonly thrown: unknown; readonly location: string | undefined },
  ): void {
    const { error, failure } = toRefusal(thrown, this.#call.request.requestId);
    this.#errors += 1;
    this.#outages = thrown instanceof RetryableError ? [...this.#outages, thrown] : [];
    this.#failure ??= failure;
    const half = this.#incomplete.get(index);
    this.#outcomes[index] = {
      status: half === undefined ? error.status : 409,
      error: half === undefined ? error : halfDone(error),
      ...(location === undefined ? {} : { location }),
      ...(half?.created.version === undefined ? {} : { version: half.created.version }),
    };
  }

  /** A creation that failed has no address; everything else has (RFC 7644 3.7.3). */
  #locationAfterFailure(index: number): string | undefined {
    const { operation, target } = this.#prepared[index] as PreparedOperation;
    const created = this.#incomplete.get(index)?.created.location;
    if (created !== undefined || target?.kind !== 'resource' || operation.method === 'POST') return created;
    try {
      const resolved = resolveTarget(target, this.#scope) as typeof target;
      return locationOf(this.#call, resolved, resolved.id);
    } catch {
      return undefined;
    }
  }

  #idOf(bulkId: string): string {
    const id = this.#ids.get(bulkId);
    if (id !== undefined) return id;
    const shown = bulkId.slice(0, 100);
    throw conflict(
      this.#scope.isDeclared(bulkId)
        ? `"bulkId:${shown}" cannot be resolved, because its POST has not succeeded. Correct that one, then send both again.`
        : `"bulkId:${shown}" cannot be resolved: no valid POST of this request has this bulkId.`,
      'bulkId',
    );
  }
}

function unbreakable(): ScimError {
  return conflict(
    'This operation and others refer to each other in names, so none can be created first. Send the names without references.',
    'bulkId',
  );
}

function halfDone(error: ScimError): ScimError {
  return conflict(
    `It was created, but what refers to other operations could not be filled in: ${error.detail} Change it at its location.`,
  );
}
