import { NotFoundError } from '#kernel';
import type { Directory } from '#model';
import { installedDialects } from '../dialects/installed.js';
import type { DialectRegistry } from '../dialects/registry.js';
import type { DialectSwitches } from '../dialects/switches.js';
import { notFound } from '../protocol/errors.js';
import { STRICT_TOLERANCE } from '../protocol/tolerance.js';
import { checkAccept } from './accept.js';
import type { Answer, ScimCall } from './call.js';
import { readToken } from './credentials.js';
import { toRefusal } from './error-answer.js';
import { withDeclared } from './extensions.js';
import { headerOf, type ScimExchange, type ScimRequest, type ScimResponse } from './messages.js';
import { findOperation } from './operations.js';
import type { ScimAccess, ScimPorts } from './ports.js';
import { RateLimiter, type RateLimit } from './rate-limit.js';
import { readQueryString } from './query-string.js';
import { findRoute, type Route } from './route.js';
import { writeAnswer, writeRefusal } from './write-answer.js';

export interface ScimServerOptions {
  /** Address under which IdPs reach this installation, without a trailing slash. */
  readonly publicUrl: string;
  /** Called after each answer, for metrics and the log. What it throws is ignored. */
  readonly onExchange?: (exchange: ScimExchange) => void;
  readonly dialects?: DialectRegistry;
  /** Per directory, which can have its own (setting `scim_rate_limit`). Absent: no limit. */
  readonly rateLimit?: RateLimit;
}

/** What is known about a request so far, for the answer and the exchange. */
interface Progress {
  route?: Route;
  directory?: Directory;
  reason?: string;
  failure?: unknown;
}

const OVERRIDABLE: ReadonlySet<string> = new Set(['PUT', 'PATCH', 'DELETE']);

/**
 * The inbound SCIM server: request in, answer out, no framework. It never throws and never answers with anything but
 * SCIM; a 2xx means that the change is committed.
 */
export class ScimServer {
  readonly #ports: ScimPorts;
  readonly #publicUrl: string;
  readonly #onExchange: ((exchange: ScimExchange) => void) | undefined;
  readonly #dialects: DialectRegistry;
  readonly #rateLimiter: RateLimiter;

  constructor(ports: ScimPorts, options: ScimServerOptions) {
    this.#ports = ports;
    this.#publicUrl = options.publicUrl.replace(/\/+$/, '');
    this.#onExchange = options.onExchange;
    this.#dialects = options.dialects ?? installedDialects;
    this.#rateLimiter = new RateLimiter(options.rateLimit ?? { perSecond: 0 });
  }

  async handle(request: ScimRequest): Promise<ScimResponse> {
    const started = performance.now();
    const progress: Progress = {};
    let response: ScimResponse;
    try {
      response = await this.#answer(request, progress);
    } catch (thrown) {
      const refusal = toRefusal(thrown, request.requestId);
      progress.reason = refusal.reason;
      progress.failure = refusal.failure;
      response = writeRefusal(request, refusal, this.#dialects.forVersion(request.version));
    }
    this.#report(request, progress, { status: response.status, durationMs: performance.now() - started });
    return response;
  }

  async #answer(request: ScimRequest, progress: Progress): Promise<ScimResponse> {
    const route = findRoute(request.path);
    progress.route = route;
    const directory = await authenticate(this.#ports.access, request);
    progress.directory = directory;
    this.#rateLimiter.check(directory);
    if (directory.state === 'unlinked') await this.#ports.access.markConnected(directory);
    checkAccept(request);
    if (route === undefined) throw unknownAddress(request);
    const call = this.#openCall(request, directory);
    const operation = findOperation(route, effectiveMethod(call));
    const answer: Answer = await operation(call, this.#ports);
    progress.failure = answer.failure;
    return writeAnswer(call, answer);
  }

  #openCall(request: ScimRequest, directory: Directory): ScimCall {
    const dialect = this.#dialects.forDirectory(directory.dialect);
    return {
      request,
      directory,
      ref: { environmentId: directory.environmentId, directoryId: directory.id },
      dialect,
      switches: switchesOf(directory, dialect.resolved[request.version]),
      translator: this.#dialects.forVersion(request.version),
      baseUrl: `${this.#publicUrl}/scim/v${request.version}/${request.externalKey}`,
      parameters: readQueryString(request.query),
    };
  }

  #report(request: ScimRequest, progress: Progress, result: { status: number; durationMs: number }): void {
    try {
      this.#onExchange?.({
        requestId: request.requestId,
        version: request.version,
        method: request.method,
        path: progress.route?.template ?? 'unknown',
        ...result,
        ...(progress.directory && {
          directoryId: progress.directory.id,
          dialect: this.#dialects.forDirectory(progress.directory.dialect).id,
        }),
        ...(progress.reason !== undefined && { reason: progress.reason }),
        ...(progress.failure !== undefined && { failure: progress.failure }),
      });
    } catch {
      // The answer counts more than its log line.
    }
  }
}

/** A directory can ask for the letter of the RFCs, for conformance runs (setting `scim_strict`). */
function switchesOf(directory: Directory, switches: DialectSwitches): DialectSwitches {
  const tolerance = directory.config['scim_strict'] === true ? STRICT_TOLERANCE : switches.tolerance;
  return { ...switches, tolerance: withDeclared(directory, tolerance) };
}

/** The token is read first: without one, nobody learns which directories exist. */
async function authenticate(access: ScimAccess, request: ScimRequest): Promise<Directory> {
  const token = readToken(request);
  try {
    return await access.authenticate(request.externalKey, token);
  } catch (error) {
    throw error instanceof NotFoundError
      ? notFound('There is no directory at this address. Copy the SCIM base URL from the directory again.')
      : error;
  }
}

/** `X-HTTP-Method-Override` on POST, where the version or the dialect knows it (SCIM 1.1 protocol, section 3.9). */
function effectiveMethod(call: ScimCall): string {
  const { request, switches, translator } = call;
  if (request.method !== 'POST') return request.method;
  const isHonoured = switches.methodOverride || translator?.resolved[request.version].methodOverride === true;
  const override = isHonoured ? headerOf(request, 'x-http-method-override')?.toUpperCase() : undefined;
  return override !== undefined && OVERRIDABLE.has(override) ? override : request.method;
}

function unknownAddress(request: ScimRequest): Error {
  const path = request.path.slice(0, 200);
  return notFound(
    `There is no SCIM endpoint "${path}". Below the base URL there are /Users, /Groups, /Bulk, /.search, /ServiceProviderConfig, /Schemas and /ResourceTypes.`,
  );
}
