import { findKnownPeople, type KnownPerson } from '#directory';
import { foldKey, RetryableError, type Clock, type Database, type JsonObject, type SecretBox } from '#kernel';
import type { SnapshotUser } from '#model';
import type { AddressGuard } from '#outbound';
import type { Connector, SourceCheck } from '../sdk/contract.js';
import type { RotatingSecrets } from '../sdk/rotating-secrets.js';
import { SourceError } from '../sdk/source-error.js';
import { secretsForCheck } from './check-secrets.js';
import { checkConsent } from './connection-settings.js';
import { readAnswers } from './connections.js';
import { Interrupted, obeying } from './interrupted.js';
import { logAbout, type EngineLog } from './log.js';
import { describeFailure } from './run-errors.js';
import { createPortsFactory, type HttpFactory, type PortsParts } from './source-ports.js';
import type { RunError, RunErrorCode } from './sync-run.js';

/** One person of the source, as our mapping makes them. */
export interface CheckedSample {
  readonly user: SnapshotUser;
  /** Whom the organization has already under the same id, or the same address. */
  readonly known: readonly KnownPerson[];
}

/** What a connection test found. `error` is what has to be put right; `warnings` work but will surprise. */
export interface CheckReport {
  readonly error: RunError | null;
  readonly users: number | null;
  readonly groups: number | null;
  readonly samples: readonly CheckedSample[];
  readonly warnings: readonly string[];
}

export interface CheckRequest {
  readonly environmentId: string;
  readonly organizationId: string | null;
  readonly directoryId: string | null;
  readonly answers: JsonObject;
}

export interface CheckParts {
  readonly database: Database;
  readonly secretBox: SecretBox;
  readonly clock: Clock;
  readonly guard: AddressGuard;
  readonly http: HttpFactory;
  readonly log: EngineLog;
  readonly uploads: PortsParts['uploads'];
  /** Longest wait for the source, ms. */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 25_000;
const SAMPLES = 3;

/**
 * Tries a connection: can we get in, may we read, what would come. Nothing is stored but what the vendor gave in exchange
 * for a credential that is good for one use.
 */
export class ConnectionCheck {
  readonly #parts: CheckParts;

  constructor(parts: CheckParts) {
    this.#parts = parts;
  }

  /** @throws InvalidInputError when the answers do not fit the form; what the source says is part of the report. */
  async run(connector: Connector, request: CheckRequest): Promise<CheckReport> {
    const { config, secrets } = readAnswers(connector, request.answers);
    try {
      checkConsent(connector, { ...config, ...secrets });
      const { form } = connector.manifest;
      const rotating = await secretsForCheck(this.#parts, form, { ...request, answers: secrets });
      const found = await this.#ask(connector, { ...config, ...secrets }, { request, rotating });
      return await this.#report(found, request);
    } catch (error) {
      // Our own failure is not the source's.
      if (error instanceof RetryableError) throw error;
      if (!(error instanceof Interrupted || error instanceof SourceError))
        this.#parts.log.error({ ...aboutCheck(connector, request), err: error }, 'a connection test failed');
      return { error: failureOf(error), users: null, groups: null, samples: [], warnings: [] };
    }
  }

  async #ask(
    connector: Connector,
    answers: JsonObject,
    { request, rotating }: { readonly request: CheckRequest; readonly rotating: RotatingSecrets },
  ): Promise<SourceCheck> {
    const { timeoutMs = TIMEOUT_MS } = this.#parts;
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(new Interrupted('deadline')), timeoutMs);
    const { environmentId, directoryId } = request;
    const ports = createPortsFactory(this.#parts)({
      directory: { environmentId, directoryId: directoryId ?? '' },
      // Nothing is staged during a check.
      stagedIds: () => Promise.resolve([]),
      signal: abort.signal,
      secrets: rotating,
      clock: this.#parts.clock,
      log: logAbout(this.#parts.log, aboutCheck(connector, request)),
    });
    const source = connector.connect(connector.readConfig(answers), ports);
    try {
      for await (const found of obeying(
        abort.signal,
        once(() => source.check()),
      ))
        return found;
      throw new Error('unreachable: a check answers or throws');
    } catch (error) {
      throw abort.signal.aborted ? abort.signal.reason : error;
    } finally {
      clearTimeout(timer);
      abort.abort(new Interrupted('cancelled'));
      await source.close?.().catch(() => undefined);
    }
  }

  async #report(found: SourceCheck, request: CheckRequest): Promise<CheckReport> {
    const people = found.samples.flatMap((record) => (record.kind === 'user' ? [record.user] : []));
    const shown = people.slice(0, SAMPLES);
    const known = await this.#known(shown, request);
    return {
      error: null,
      users: found.users,
      groups: found.groups,
      samples: shown.map((user) => ({
        user,
        known: known.filter((person) => isSame(person, user, request)),
      })),
      warnings: [...found.warnings, ...findings(found, people)],
    };
  }

  #known(people: readonly SnapshotUser[], request: CheckRequest): Promise<KnownPerson[]> {
    const { environmentId, organizationId, directoryId } = request;
    if (organizationId === null || people.length === 0) return Promise.resolve([]);
    return findKnownPeople(this.#parts.database, {
      environmentId,
      organizationId,
      directoryId,
      externalIds: people.map((user) => user.sourceId),
      emailKeys: people.flatMap((user) => (user.email === null ? [] : [foldKey(user.email)])),
    });
  }
}

function failureOf(error: unknown): RunError {
  if (error instanceof Interrupted)
    return {
      code: 'source_unavailable',
      message: 'The source did not answer in time.',
      remedy: 'Check host and port, and that nothing between Rollcall and the source blocks the connection.',
    };
  const failure = describeFailure(error);
  return { ...failure, remedy: REMEDIES[failure.code] ?? failure.remedy };
}

/** Where the remedy of a run speaks of the next one, or of people that a directory has. */
const REMEDIES: Partial<Record<RunErrorCode, string>> = {
  invalid_credentials: 'Enter other credentials, then test again.',
  insufficient_permissions: 'Grant the missing right at the source, then test again.',
  rate_limited: 'The source has had too many requests. Test again in some minutes.',
  source_unavailable: 'Check host and port. If they are right, the source is away: test again later.',
  source_changed_shape:
    'Check the address. If it is right, compare with the connector’s notes and update Rollcall.',
  incomplete_listing: 'Check paging and limits at the source, then test again.',
  internal_error: 'Report it; the log holds the details.',
};

function isSame(person: KnownPerson, user: SnapshotUser, request: CheckRequest): boolean {
  const hasId = person.directoryId === request.directoryId && person.externalId === user.sourceId;
  return hasId || (user.email !== null && person.emailKey === foldKey(user.email));
}

/** What the samples say about all the others. */
function findings(found: SourceCheck, people: readonly SnapshotUser[]): string[] {
  if (people.length === 0 || found.users === 0)
    return [
      'The source shows nobody. Check filters, the population that the credential may see, and its rights.',
    ];
  const invalid = found.samples.filter((record) => record.kind === 'invalid').length;
  const counts: readonly (readonly [number, string])[] = [
    [people.filter((user) => user.email === null).length, 'have no e-mail address'],
    [people.filter((user) => user.userName === null).length, 'have no login; the address stands in'],
    [people.filter((user) => user.firstName === null && user.lastName === null).length, 'have no name'],
  ];
  return [
    ...(invalid === 0 ? [] : [`${invalid} of ${found.samples.length} records could not be read.`]),
    ...counts.flatMap(([count, what]) =>
      count === 0 ? [] : [`${count} of ${people.length} people ${what}.`],
    ),
  ];
}

async function* once<T>(work: () => Promise<T>): AsyncGenerator<T> {
  yield await work();
}

/** Of which connection a line of the log is. */
function aboutCheck({ manifest }: Connector, { environmentId, directoryId }: CheckRequest): object {
  return { environmentId, ...(directoryId !== null && { directoryId }), provider: manifest.id };
}
