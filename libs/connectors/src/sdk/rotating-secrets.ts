import { SourceError } from './source-error.js';
import type { AccessToken } from './oauth-token.js';

/**
 * Secrets that the vendor replaces while they are used, such as refresh tokens that are good for one use. They are fields
 * of the form with `rotates`.
 */
export interface RotatingSecrets {
  /** What is stored now, which may be newer than the settings; null when nothing newer is known. */
  current(field: string): Promise<string | null>;
  /**
   * Stores what the vendor gave in exchange, durably, before it resolves.
   * @returns false when somebody has replaced `from` meanwhile: nothing was stored, `current` has the newer one
   */
  replace(field: string, change: { readonly from: string; readonly to: string }): Promise<boolean>;
}

export interface RefreshGrant {
  readonly secrets: RotatingSecrets;
  /** The form's field of the refresh token. */
  readonly field: string;
  /** Its value in the settings. */
  readonly entered: string;
  /** Exchanges a refresh token at the token endpoint. @throws SourceError */
  readonly exchange: (refreshToken: string) => Promise<AccessToken>;
}

const TRIES = 3;

/**
 * An access token for a refresh token (RFC 6749, 6). What replaces the refresh token is stored before the access token is
 * handed out: a vendor that revokes the old one at the first use of the new access token never leaves us without one,
 * whenever we are killed.
 * @throws SourceError
 */
export async function refreshAccess(grant: RefreshGrant): Promise<AccessToken> {
  const { secrets, field, entered, exchange } = grant;
  for (let attempt = 1; attempt <= TRIES; attempt++) {
    const from = (await secrets.current(field)) ?? entered;
    const token = await exchange(from).catch(async (error: unknown) => {
      // A refusal may only mean that somebody else was quicker: a connection test, or a run that was taken over.
      if (!isRefusal(error) || ((await secrets.current(field)) ?? entered) === from) throw error;
      return undefined;
    });
    if (token === undefined) continue;
    const to = token.refreshToken ?? from;
    if (to === from || (await secrets.replace(field, { from, to }))) return token;
  }
  throw new SourceError(
    'source_unavailable',
    'The refresh token was replaced by others every time it was used: is the same one entered in another directory?',
  );
}

function isRefusal(error: unknown): boolean {
  return error instanceof SourceError && error.code === 'invalid_credentials';
}
