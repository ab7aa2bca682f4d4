import type { Directories, DirectoryAuthorizations } from '#directory';
import {
  ConflictError,
  InvalidInputError,
  NotFoundError,
  randomSecret,
  systemClock,
  type Database,
  type SecretBox,
} from '#kernel';
import type { Directory } from '#model';
import type { ConnectorRegistry } from '../providers/registry.js';
import {
  authorizationOf,
  consentPlan,
  consentUrl,
  exchangeCode,
  missingScopes,
  type ConsentPlan,
} from '../sdk/consent.js';
import type { Connector } from '../sdk/contract.js';
import type { AccessToken } from '../sdk/oauth-token.js';
import { SourceError } from '../sdk/source-error.js';
import { AuthorizationStore, type StoredAuthorization } from './authorization-store.js';
import type { DirectoryKey } from './connection-settings.js';
import { notPolled, tryAtOnce } from './connections.js';
import { isCode, meaningOf, messageOf, problemOf, whyClosed, wordOf } from './consent-meaning.js';
import {
  describeConsent,
  describeProblem,
  type ConsentFacts,
  type ConsentProblem,
  type ConsentWords,
} from './consent-words.js';
import type { Credentials } from './credentials.js';
import { Interrupted } from './interrupted.js';
import type { EngineLog } from './log.js';
import type { HttpFactory } from './source-ports.js';

export interface AuthorizationsParts {
  readonly database: Database;
  readonly secretBox: SecretBox;
  readonly registry: ConnectorRegistry;
  readonly directories: Directories;
  readonly credentials: Credentials;
  /** Writes down what happens, with its events. */
  readonly journal: DirectoryAuthorizations;
  /** Sends each request once: a code is good for one use, and some vendors revoke what a second one gave. */
  readonly http: HttpFactory;
  readonly log: EngineLog;
  /** Called after a commit that gives a worker something to do. */
  readonly onDue?: () => void;
  /** Longest wait for the vendor, ms. */
  readonly timeoutMs?: number;
}

/** Where an admin consents. It can be read here only. */
export interface ConsentLink {
  readonly authorizationUrl: string;
  /** What has to be registered with the application at the vendor. */
  readonly redirectUri: string;
  readonly scopes: readonly string[];
  /** ISO 8601, UTC. */
  readonly expiresAt: string;
}

/** How the consent to a directory stands. */
export interface ConsentStatus {
  readonly status: 'waiting_for_consent' | 'authorized' | 'consent_ended';
  /** In plain words, with what to do. */
  readonly message: string;
  /** Of the link that can be used now; null without one. */
  readonly linkExpiresAt: string | null;
  readonly problem: ConsentProblem | null;
}

/** What came back from a consent page, as it was sent: from anybody. */
export interface ConsentAnswer {
  readonly state: string | undefined;
  readonly code: string | undefined;
  readonly error: string | undefined;
}

export type ConsentOutcome = {
  /** Null: the consent is stored. */
  readonly problem: ConsentProblem | null;
  readonly words: ConsentWords;
};

const TIMEOUT_MS = 20_000;

/** A refusal on the way from the callback to the stored token. */
class Refusal extends Error {
  readonly problem: ConsentProblem;
  readonly missing: readonly string[];
  readonly facts: Readonly<Record<string, unknown>>;

  constructor(
    problem: ConsentProblem,
    details: {
      readonly missing?: readonly string[];
      readonly facts?: Readonly<Record<string, unknown>>;
      readonly cause?: unknown;
    } = {},
  ) {
    super(problem, { cause: details.cause });
    this.problem = problem;
    this.missing = details.missing ?? [];
    this.facts = details.facts ?? {};
  }
}

interface Loaded {
  readonly connector: Connector;
  readonly plan: ConsentPlan | undefined;
}

/** Admins' consent to polled sources: the link to it, and what comes back. */
export class Authorizations {
  readonly #parts: AuthorizationsParts;
  readonly #store: AuthorizationStore;

  constructor(parts: AuthorizationsParts) {
    this.#parts = parts;
    this.#store = new AuthorizationStore(parts.database);
  }

  /**
   * Makes a link to the vendor's consent page; one that the directory had ends with it.
   * @throws ConflictError when the connection does not sign in by consent; InvalidInputError when an answer is missing
   */
  async begin(
    key: DirectoryKey,
    request: { readonly redirectUri: string; readonly seconds: number; readonly apiKeyId: string },
  ): Promise<ConsentLink> {
    const directory = await this.#parts.directories.get(key.environmentId, key.directoryId);
    const { connector, plan } = await this.#load(directory);
    if (plan === undefined) throw noConsent(connector);
    const { redirectUri, seconds, apiKeyId } = request;
    const state = randomSecret();
    const verifier = plan.authorization.pkce ? randomSecret() : null;
    const sealed = verifier === null ? null : this.#parts.secretBox.seal(verifier, contextOf(key));
    let expiresAt = '';
    await this.#parts.journal.requested(key, async (tx) => {
      expiresAt = await this.#store.issue(tx, key, { state, verifier: sealed, redirectUri, seconds });
      return { apiKeyId, expiresAt };
    });
    this.#parts.log.info(
      { ...key, provider: connector.manifest.id, expiresAt },
      'the consent of an admin was asked for',
    );
    const authorizationUrl = consentUrl(plan, { redirectUri, state, verifier });
    return { authorizationUrl, redirectUri, scopes: plan.scopes, expiresAt };
  }

  /** Null for a directory that does not sign in by consent. */
  async status(directory: Directory): Promise<ConsentStatus | null> {
    const connector = this.#parts.registry.find(directory.provider);
    if (connector === undefined) return null;
    const authorization = authorizationOf(connector.manifest, directory.config);
    if (authorization === undefined) return null;
    const key = keyOf(directory);
    const [link, stored] = await Promise.all([this.#store.of(key), this.#parts.credentials.list(key)]);
    const isStored = stored.some(({ field }) => field === authorization.fields.refreshToken);
    const isOpen = link !== undefined && link.completedAt === null && !link.isExpired;
    const status = statusOf(directory, isStored);
    return {
      status,
      message: messageOf({ status, isOpen, link, vendor: connector.manifest.label }),
      linkExpiresAt: isOpen ? link.expiresAt : null,
      problem: link?.problem ?? null,
    };
  }

  /** Takes what a vendor's consent page sent back. Says what happened in any case; throws only what nobody foresaw. */
  async finish(answer: ConsentAnswer, redirectUri: string): Promise<ConsentOutcome> {
    const link = answer.state === undefined ? undefined : await this.#store.find(answer.state);
    const unknown: ConsentFacts = { vendor: null, redirectUri, missingScopes: [] };
    if (link === undefined) return refused('unknown_link', unknown);
    const { vendor, provider } = await this.#vendorOf(link);
    try {
      await this.#take(link, answer);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.#parts.log.warn(
        { ...link.key, provider, problem: error.problem, ...error.facts },
        'a consent could not be used',
      );
      return refused(error.problem, {
        vendor,
        redirectUri: link.redirectUri,
        missingScopes: error.missing,
      });
    }
    this.#parts.log.info({ ...link.key, provider }, 'an admin has consented');
    this.#parts.onDue?.();
    return { problem: null, words: describeConsent(vendor) };
  }

  async #take(link: StoredAuthorization, answer: ConsentAnswer): Promise<void> {
    const closed = whyClosed(link);
    if (closed !== null) throw new Refusal(closed);
    if (answer.error !== undefined || !isCode(answer.code)) {
      const problem = problemOf(answer.error);
      await this.#store.release(link, { claim: null, problem });
      throw new Refusal(problem, { facts: { error: wordOf(answer.error) } });
    }
    const claim = await this.#store.claim(link);
    if (claim === null) {
      const now = await this.#store.find(answer.state ?? '');
      throw new Refusal((now && whyClosed(now)) ?? 'in_progress');
    }
    try {
      await this.#exchange(link, answer.code);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      await this.#store.release(link, { claim, problem: error.problem, missingScopes: error.missing });
      throw error;
    }
  }

  async #exchange(link: StoredAuthorization, code: string): Promise<void> {
    const { directories, journal, credentials } = this.#parts;
    const { key, redirectUri } = link;
    const directory = await orGone(directories.get(key.environmentId, key.directoryId));
    const { connector, plan } = await this.#load(directory).catch((cause: unknown) => {
      const isOurs = cause instanceof InvalidInputError || cause instanceof NotFoundError;
      throw isOurs ? new Refusal('settings_changed', { cause }) : cause;
    });
    if (plan === undefined) throw new Refusal('settings_changed');
    const token = await this.#ask(connector, plan, { code, redirectUri, verifier: this.#verifierOf(link) });
    const { fields } = plan.authorization;
    const { refreshToken } = token;
    const missing = missingScopes(plan, token);
    if (missing.length > 0) throw new Refusal('scope_missing', { missing });
    if (refreshToken === undefined) throw new Refusal('no_refresh_token');
    const { form } = connector.manifest;
    await orGone(
      journal.authorized(key, {
        config: fields.redirectUri === undefined ? {} : { [fields.redirectUri]: redirectUri },
        alongside: async (tx) => {
          if (!(await this.#store.complete(tx, link))) throw new Refusal('unknown_link');
          await credentials.write(tx, key, { secrets: { [fields.refreshToken]: refreshToken }, form });
          await tryAtOnce(tx, key);
        },
      }),
    );
  }

  async #ask(
    connector: Connector,
    plan: ConsentPlan,
    grant: Parameters<typeof exchangeCode>[2],
  ): Promise<AccessToken> {
    const abort = new AbortController();
    const { timeoutMs = TIMEOUT_MS, log, http } = this.#parts;
    const timer = setTimeout(() => abort.abort(new Interrupted('deadline')), timeoutMs);
    const { limits } = connector.manifest;
    try {
      const client = http(
        { baseUrl: new URL(plan.tokenUrl).origin, limits },
        {
          signal: abort.signal,
          log,
          clock: systemClock,
        },
      );
      return await exchangeCode(client, plan, grant);
    } catch (cause) {
      if (cause instanceof Interrupted) throw new Refusal('vendor_unavailable', { cause });
      if (!(cause instanceof SourceError)) throw cause;
      throw new Refusal(meaningOf(cause), { facts: { code: cause.code, ...cause.facts }, cause });
    } finally {
      clearTimeout(timer);
      // Ends the connections, which would be kept for a next request.
      if (!abort.signal.aborted) abort.abort(new Interrupted('over'));
    }
  }

  /** @throws Refusal when the key that has sealed it was taken out of the configuration meanwhile */
  #verifierOf({ verifier, key }: StoredAuthorization): string | null {
    if (verifier === null) return null;
    const { secretBox } = this.#parts;
    if (!secretBox.keyIds.includes(verifier.split('.', 1)[0] ?? '')) throw new Refusal('expired_link');
    return secretBox.open(verifier, contextOf(key));
  }

  async #load(directory: Directory): Promise<Loaded> {
    if (directory.provider === null) throw notPolled();
    const connector = this.#parts.registry.get(directory.provider);
    const answers = { ...directory.config, ...(await this.#parts.credentials.open(keyOf(directory))) };
    return { connector, plan: consentPlan(connector.manifest, answers) };
  }

  async #vendorOf({ key }: StoredAuthorization): Promise<{ vendor: string; provider: string | null }> {
    const { directories, registry } = this.#parts;
    const provider = await directories.get(key.environmentId, key.directoryId).then(
      (directory) => directory.provider,
      (error: unknown) => {
        if (error instanceof NotFoundError) return null;
        throw error;
      },
    );
    return { vendor: registry.find(provider)?.manifest.label ?? 'the vendor', provider };
  }
}

function keyOf({ environmentId, id }: Directory): DirectoryKey {
  return { environmentId, directoryId: id };
}

/** Where a proof key belongs: sealed for one directory, it opens nothing elsewhere. */
function contextOf(key: DirectoryKey): [string, string, string] {
  return [key.environmentId, key.directoryId, 'consent verifier'];
}

function statusOf({ state }: Directory, isStored: boolean): ConsentStatus['status'] {
  if (!isStored) return 'waiting_for_consent';
  return state === 'invalid_credentials' ? 'consent_ended' : 'authorized';
}

function noConsent({ manifest }: Connector): ConflictError {
  const { when } = manifest.authorization ?? {};
  const field = when && manifest.form.find(({ key }) => key === when.key);
  const message =
    field === undefined || when === undefined
      ? `${manifest.label} has no consent page for this. Enter the credentials that its form asks for.`
      : `The connection does not sign in by consent. Set "${when.key}" (${field.label}) to "${String(when.is)}" first.`;
  return new ConflictError(message, { reason: 'state' });
}

function refused(problem: ConsentProblem, facts: ConsentFacts): ConsentOutcome {
  return { problem, words: describeProblem(problem, facts) };
}

async function orGone<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    throw cause instanceof NotFoundError ? new Refusal('directory_gone', { cause }) : cause;
  }
}
