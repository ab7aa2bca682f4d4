import { errors, jwtVerify, SignJWT, type JWTHeaderParameters } from 'jose';
import { AuthenticationError, newId, type Clock, type SecretBox } from '#kernel';

/** For whom an access token is. */
export interface AccessTokenSubject {
  readonly directoryId: string;
  readonly clientId: string;
  /** End of the client itself; no token outlives it. */
  readonly clientExpiresAt: string | null;
}

export interface IssuedAccessToken {
  readonly token: string;
  readonly expiresInSeconds: number;
}

const ISSUER = 'rollcall';
const LIFETIME_SECONDS = 3_600;

/**
 * Access tokens of OAuth clients: JWTs (RFC 9068 `at+jwt`) whose audience is the directory.
 *
 * HS256 with keys derived from the service's secret keys: whoever issues these tokens is the only one who ever verifies
 * them, so there is nobody to publish an asymmetric key for, and no key to store. `kid` is the id of the secret key, so
 * rotating the secret keys rotates these: the first one signs, all of them verify.
 */
export class AccessTokens {
  readonly #keys: ReadonlyMap<string, Uint8Array>;
  readonly #clock: Clock;

  constructor(secretBox: Pick<SecretBox, 'deriveKeys'>, clock: Clock) {
    this.#keys = secretBox.deriveKeys('scim access tokens');
    this.#clock = clock;
  }

  async issue(subject: AccessTokenSubject): Promise<IssuedAccessToken> {
    const [kid, key] = [...this.#keys][0] as [string, Uint8Array];
    const now = Math.floor(this.#clock.now().getTime() / 1_000);
    const end = subject.clientExpiresAt === null ? Infinity : Date.parse(subject.clientExpiresAt) / 1_000;
    const expiresInSeconds = Math.floor(Math.min(LIFETIME_SECONDS, end - now));
    const token = await new SignJWT({ client_id: subject.clientId })
      .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt', kid })
      .setIssuer(ISSUER)
      .setAudience(subject.directoryId)
      .setSubject(subject.clientId)
      .setIssuedAt(now)
      .setExpirationTime(now + expiresInSeconds)
      .setJti(newId('access_token'))
      .sign(key);
    return { token, expiresInSeconds };
  }

  /** @throws AuthenticationError for what was not issued here for this directory, or has expired. */
  async verify(
    token: string,
    directoryId: string,
  ): Promise<{ readonly clientId: string; readonly expiresAt: string }> {
    try {
      const { payload } = await jwtVerify(token, (header) => this.#keyOf(header), {
        algorithms: ['HS256'],
        typ: 'at+jwt',
        issuer: ISSUER,
        audience: directoryId,
        requiredClaims: ['exp', 'sub'],
        currentDate: this.#clock.now(),
      });
      return {
        clientId: String(payload.sub),
        expiresAt: new Date(Number(payload.exp) * 1_000).toISOString(),
      };
    } catch (error) {
      throw refusal(error);
    }
  }

  #keyOf({ kid }: JWTHeaderParameters): Uint8Array {
    const key = this.#keys.get(kid ?? '');
    if (!key) throw new errors.JWKSNoMatchingKey();
    return key;
  }
}

/** Whether a bearer token can be an access token at all: ours are base64url without a dot. */
export function looksLikeJwt(token: string): boolean {
  return token.split('.', 4).length === 3;
}

function refusal(error: unknown): AuthenticationError {
  return error instanceof errors.JWTExpired
    ? new AuthenticationError(
        'The access token has expired. Fetch a new one from the token endpoint with the client id and secret.',
        { code: 'token_expired', cause: error },
      )
    : new AuthenticationError(
        'The access token is not valid for this directory. Fetch one from the token endpoint of this directory.',
        { code: 'token_refused', cause: error },
      );
}
