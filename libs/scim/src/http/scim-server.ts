import {
  AuthenticationError,
  FailedLogins,
  NotFoundError,
  TooManyFailuresError,
  type RateLimit,
} from '#kernel';
import type { Directory } from '#model';
import { installedDialects } from '../dialects/installed.js';
import type { Dialect } from '../dialects/contract.js';
import type { DialectRegistry } from '../dialects/registry.js';
import type { DialectSwitches } from '../dialects/switches.js';
import { notFound, ScimError } from '../protocol/errors.js';
import { STRICT_TOLERANCE } from '../protocol/tolerance.js';
import type { LoggedExchange, RequestLogSink } from '../request-log/logged-exchange.js';
import { emptyObservation, observePorts, type Observation } from '../request-log/observe.js';
import { checkAccept, pathWithoutFormat } from './accept.js';
import type { Answer, ScimCall } from './call.js';
import { checkScheme, readToken } from './credentials.js';
import { DialectWatch } from './dialect-watch.js';
import { toRefusal } from './error-answer.js';
import { withDeclared } from './extensions.js';
import { headerOf, type ScimExchange, type ScimRequest, type ScimResponse } from './messages.js';
import { findOperation } from './operations.js';
import type { ScimDirectory, ScimPorts } from './ports.js';
import { refusePaused } from './directory-paused.js';
import { fairReader } from './fair-reader.js';
import { InWork } from './in-work.js';
import { matchesExternalIds } from './match-external-ids.js';
import { RateLimiter, type RateLimitFields } from './rate-limit.js';
import { RetryLater } from './retry-later.js';
import { BODY_LIMITS } from './read-body.js';
import { readQueryString } from './query-string.js';
import { findRoute, type Route } from './route.js';
import { writeAnswer, writeRefusal } from './write-answer.js';

export interface ScimServerOptions {
  /** Address under which IdPs reach this installation, without a trailing slash. */
  readonly publicUrl: string;
  /** Called after each answer, for metrics and the log. What it throws is ignored. */
  readonly onExchange?: (exchange: ScimExchange) => void;
  /** Where every exchange with a directory is kept for people to read. What it throws is ignored. */
  readonly requestLog?: RequestLogSink;
  readonly dialects?: DialectRegistry;
  /** Per directory, which can have its own (setting `scim_rate_limit`). Absent: no limit. */
  readonly rateLimit?: RateLimit;
  /** Shared with the token endpoint. Absent: its own, with the usual limit. */
  readonly failedLogins?: FailedLogins;
}

/** What is known about a request so far, for the answer and the exchange. */
interface Progress {
  readonly observation: Observation;
  route?: Route;
  directory?: ScimDirectory;
  limits?: RateLimitFields;
  answer?: Answer;
  refusal?: ScimError;
  reason?: string;
  failure?: unknown;
}

/** Those who wait hold up to 20 MiB each. */
const LARGE_BODIES = { running: 1, waiting: 10 };

const OVERRIDABLE: ReadonlySet<string> = new Set(['PUT', 'PATCH', 'DELETE']);

/**
 * The inbound SCIM server: request in, answer out, no framework. It never throws and never answers with anything but
 * SCIM; a 2xx means that the change is committed.
 */
export class ScimServer {
  readonly #ports: ScimPorts;
  readonly #publicUrl: string;
  readonly #onExchange: ((exchange: ScimExchange) => void) | undefined;
  readonly #requestLog: RequestLogSink | undefined;
  readonly #dialects: DialectRegistry;
  readonly #rateLimiter: RateLimiter;
  readonly #failedLogins: FailedLogins;
  readonly #dialectWatch: DialectWatch;
  readonly #largeBodies = new InWork(LARGE_BODIES);

  constructor(ports: ScimPorts, options: ScimServerOptions) {
    this.#ports = { ...ports, reader: fairReader(ports.reader) };
    this.#publicUrl = options.publicUrl.replace(/\/+$/, '');
    this.#onExchange = options.onExchange;
    this.#requestLog = options.requestLog;
    this.#dialects = options.dialects ?? installedDialects;
    this.#rateLimiter = new RateLimiter(options.rateLimit ?? { perSecond: 0 });
    this.#failedLogins = options.failedLogins ?? new FailedLogins();
    this.#dialectWatch = new DialectWatch(this.#dialects.all(), ports.access);
  }

  async handle(request: ScimRequest): Promise<ScimResponse> {
    const started = performance.now();
    const progress: Progress = { observation: emptyObservation() };
    let response: ScimResponse;
    try {
      response = await this.#answer(request, progress);
    } catch (thrown) {
      const refusal = toRefusal(thrown, request.requestId);
      progress.refusal = refusal.error;
      progress.reason = refusal.reason;
      progress.failure = refusal.failure;
      response = writeRefusal(request, refusal, this.#dialects.forVersion(request.version));
    }
    if (progress.limits !== undefined)
      response = { ...response, headers: { ...response.headers, ...progress.limits } };
    if (progress.directory !== undefined) this.#dialectWatch.look(progress.directory, request);
    const durationMs = performance.now() - started;
    this.#report(request, progress, { status: response.status, durationMs });
    this.#keep(progress, { request, response, durationMs });
    return response;
  }

  /** Whether the credential opens the directory, asked before the body is read. What is our fault is no refusal. */
  async admits(request: ScimRequest): Promise<boolean> {
    try {
      await this.#login(request);
      return true;
    } catch (error) {
      return !(error instanceof AuthenticationError || error instanceof ScimError);
    }
  }

  async #answer(request: ScimRequest, progress: Progress): Promise<ScimResponse> {
    const route = findRoute(pathWithoutFormat(request));
    progress.route = route;
    const directory = await this.#login(request);
    progress.directory = directory;
    checkScheme(request, this.#dialects.forDirectory(directory.dialect).resolved[request.version]);
    progress.limits = this.#rateLimiter.check(directory);
    refusePaused(directory);
    if (directory.state === 'unlinked') await this.#ports.access.markConnected(directory);
    checkAccept(request);
    if (route === undefined) throw unknownAddress(request);
    const call = this.#openCall(request, directory);
    const operation = findOperation(route, effectiveMethod(call));
    const ports =
      this.#requestLog === undefined ? this.#ports : observePorts(this.#ports, progress.observation);
    const answer: Answer = await this.#inTurn(call, () => operation(call, ports));
    progress.answer = answer;
    progress.failure = answer.failure;
    return writeAnswer(call, answer);
  }

  /** The token is read first: without one, nobody learns which directories exist. */
  async #login(request: ScimRequest): Promise<ScimDirectory> {
    const { access } = this.#ports;
    const attempt = { peer: request.peer, externalKey: request.externalKey, secret: readToken(request) };
    return this.#failedLogins
      .watch(attempt, () => access.authenticate(attempt.externalKey, attempt.secret))
      .catch(asRefusal);
  }

  /** Large bodies of a directory are worked on one by one: each takes seconds, and a lot of memory. */
  async #inTurn(call: ScimCall, work: () => Answer | Promise<Answer>): Promise<Answer> {
    const { request, directory } = call;
    if ((request.body?.byteLength ?? 0) <= BODY_LIMITS.User) return work();
    return this.#largeBodies.run(directory.id, async () => work());
  }

  #openCall(request: ScimRequest, directory: Directory): ScimCall {
    const dialect = this.#dialects.forDirectory(directory.dialect);
    const { environmentId, id: directoryId } = directory;
    const switches = switchesOf(directory, dialect, request.version);
    return {
      request,
      directory,
      ref: { environmentId, directoryId, matchExternalIds: matchesExternalIds(directory, switches) },
      dialect,
      switches,
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

  #keep(progress: Progress, exchange: Pick<LoggedExchange, 'request' | 'response' | 'durationMs'>): void {
    const { route, directory, observation, refusal, answer } = progress;
    try {
      this.#requestLog?.record({
        ...exchange,
        route,
        directory,
        actor: actorOf(this.#dialects.forDirectory(directory?.dialect ?? null)),
        observation,
        refusal,
        answer: answer?.message?.body,
      });
    } catch {
      // Nor does its entry in the request log.
    }
  }
}

/** How the request log calls the IdP. The fallback's label names no product. */
function actorOf({ id, label }: Dialect): string {
  return id === 'generic' ? 'The IdP' : label;
}

/**
 * A directory can ask for the letter of the RFCs, for conformance runs (setting `scim_strict`), and can do without
 * cursors, which clients older than RFC 9865 stumble over (`scim_cursors`).
 */
function switchesOf(
  directory: Directory,
  dialect: Dialect,
  version: ScimRequest['version'],
): DialectSwitches {
  const switches = dialect.resolved[version];
  const strict = directory.config['scim_strict'] === true ? STRICT_TOLERANCE : switches.tolerance;
  // Elements merge into the one with the same value, or are added (SCIM 1.1 protocol, 3.3.2): no deviation there.
  const tolerance = version === '1.1' ? { ...strict, createOnUnmatchedFilter: true } : strict;
  const cursors = switches.cursors && directory.config['scim_cursors'] !== false;
  return { ...switches, cursors, tolerance: withDeclared(directory, tolerance) };
}

function asRefusal(error: unknown): never {
  if (error instanceof TooManyFailuresError) {
    const { message, retryAfterSeconds } = error;
    throw new RetryLater(message, { status: 429, retryAfterSeconds, reason: 'failed_logins' });
  }
  throw error instanceof NotFoundError
    ? notFound('There is no directory at this address. Copy the SCIM base URL from the directory again.')
    : error;
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
