import { createHash, randomUUID } from 'node:crypto';
import type { FakeAnswer, FakeRequest, FakeRoute } from './fake-server.js';

/** What the admin does at the consent page. */
export interface Decision {
  /** An error word of OAuth instead of a consent, such as `access_denied`. */
  readonly error?: string;
  /** Of the scopes that are asked for, those that the admin leaves ticked; all of them when absent. */
  readonly grants?: readonly string[];
  /** Seconds after which the code is too old; 300 unless told. */
  readonly codeSeconds?: number;
}

export interface ConsentPageOptions {
  readonly clientId: string;
  readonly now: () => number;
  /** Tokens for a code: what the token endpoint answers but for `scope`. */
  readonly issue: () => Readonly<Record<string, string | number>>;
  /** Whether the answer says what was granted. */
  readonly tellsScopes: boolean;
}

interface Code {
  readonly redirectUri: string;
  readonly challenge: string | null;
  readonly scopes: readonly string[];
  readonly until: number;
  isUsed: boolean;
}

/**
 * A vendor's consent page with an admin in front of it, and the codes it gives (RFC 6749, 4.1; RFC 7636): good once, for a
 * while, for the redirect URI and the proof key they were asked with.
 */
export class ConsentPage {
  /** What the next visitor does. */
  decision: Decision = {};
  /** Redirect URIs of the application; null registers whatever comes. */
  registered: readonly string[] | null = null;
  /** The query of every visit. */
  readonly visits: URLSearchParams[] = [];
  readonly #options: ConsentPageOptions;
  readonly #codes = new Map<string, Code>();

  constructor(options: ConsentPageOptions) {
    this.#options = options;
  }

  route(path: string): FakeRoute {
    return { method: 'GET', path, call: 'consent', answer: (request) => this.#visit(request) };
  }

  /** What the token endpoint answers to a code; the client is known already. Undefined: it is another kind of grant. */
  exchange(fields: Readonly<Record<string, unknown>>): FakeAnswer | undefined {
    if (fields['grant_type'] !== 'authorization_code') return undefined;
    const code = this.#codes.get(String(fields['code']));
    if (code === undefined || code.isUsed || this.#options.now() > code.until) return refuse('invalid_grant');
    if (code.redirectUri !== fields['redirect_uri']) return refuse('redirect_uri_mismatch');
    if (code.challenge !== challengeOf(fields['code_verifier'])) return refuse('invalid_grant');
    code.isUsed = true;
    const scope = code.scopes.join(' ');
    return {
      body: { token_type: 'Bearer', ...this.#options.issue(), ...(this.#options.tellsScopes && { scope }) },
    };
  }

  #visit({ url }: FakeRequest): FakeAnswer {
    const query = url.searchParams;
    this.visits.push(query);
    const redirectUri = query.get('redirect_uri') ?? '';
    const isKnown =
      query.get('client_id') === this.#options.clientId &&
      query.get('response_type') === 'code' &&
      (this.registered?.includes(redirectUri) ?? true);
    // To an address that is not registered nobody is ever sent back.
    if (!isKnown) return { status: 400, body: { error: 'redirect_uri_mismatch' } };
    const { error } = this.decision;
    return sendBack(redirectUri, {
      ...(error === undefined ? { code: this.#newCode(query, redirectUri) } : { error }),
      state: query.get('state') ?? '',
    });
  }

  #newCode(query: URLSearchParams, redirectUri: string): string {
    const { grants, codeSeconds = 300 } = this.decision;
    const asked = (query.get('scope') ?? '').split(' ').filter((scope) => scope !== '');
    const code = `4/${randomUUID()}`;
    this.#codes.set(code, {
      redirectUri,
      challenge: query.get('code_challenge_method') === 'S256' ? query.get('code_challenge') : null,
      scopes: grants === undefined ? asked : asked.filter((scope) => grants.includes(scope)),
      until: this.#options.now() + codeSeconds * 1_000,
      isUsed: false,
    });
    return code;
  }
}

function sendBack(redirectUri: string, answer: Readonly<Record<string, string>>): FakeAnswer {
  const url = new URL(redirectUri);
  for (const [name, value] of Object.entries(answer)) url.searchParams.set(name, value);
  return { status: 302, headers: { location: url.href }, body: null };
}

function challengeOf(verifier: unknown): string | null {
  return typeof verifier === 'string' ? createHash('sha256').update(verifier).digest('base64url') : null;
}

function refuse(error: string): FakeAnswer {
  return { status: 400, body: { error, error_description: 'Refused' } };
}
