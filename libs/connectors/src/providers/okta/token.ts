import type { Clock } from '#kernel';
import type { SourceHttp } from '../../sdk/http/source-http.js';
import { requestToken, type AccessToken, type ExplainTokenError } from '../../sdk/oauth-token.js';
import { signAssertion } from '../../sdk/signed-assertion.js';
import { SourceError } from '../../sdk/source-error.js';
import type { OktaConfig } from './config.js';
import { manifest } from './manifest.js';

const ALL = manifest.scopes.map(({ scope }) => scope);
const NEEDED = manifest.scopes.filter(({ required }) => required).map(({ scope }) => scope);

export type ServiceApp = Extract<OktaConfig['credential'], { kind: 'private_key' }>;

/**
 * A token of a service app, from the organization's own authorization server
 * (developer.okta.com/docs/guides/implement-oauth-for-okta-serviceapp). It has the scopes that help only if they were
 * granted. @throws SourceError
 */
export async function fetchToken(
  http: SourceHttp,
  { orgUrl, app, clock }: { readonly orgUrl: string; readonly app: ServiceApp; readonly clock: Clock },
): Promise<AccessToken> {
  const path = '/oauth2/v1/token';
  const ask = async (scopes: readonly string[]): Promise<AccessToken> => {
    const form = {
      grant_type: 'client_credentials',
      scope: scopes.join(' '),
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: await assertionOf(app, { audience: `${orgUrl}${path}`, now: clock.now() }),
    };
    return requestToken(http, { path, form }, explain);
  };
  try {
    return await ask(ALL);
  } catch (error) {
    if (!(error instanceof SourceError) || error.code !== 'insufficient_permissions') throw error;
    return ask(NEEDED);
  }
}

function assertionOf(
  { clientId, privateKey, keyId }: ServiceApp,
  { audience, now }: { readonly audience: string; readonly now: Date },
): Promise<string> {
  return signAssertion({
    privateKey,
    header: keyId === null ? {} : { kid: keyId },
    claims: { iss: clientId, sub: clientId, aud: audience },
    now,
  });
}

/** Without a proof Okta says `invalid_dpop_proof`, without a nonce in it `use_dpop_nonce` (support.okta.com; RFC 9449, 8). */
const DPOP = new Set(['invalid_dpop_proof', 'use_dpop_nonce']);
const NOT_GRANTED = new Set(['consent_required', 'invalid_scope', 'access_denied']);

const explain: ExplainTokenError = ({ error, status }) => {
  const facts = { status, error };
  if (DPOP.has(error))
    return new SourceError(
      'config_error',
      'The app demands DPoP. Untick "Require Demonstrating Proof of Possession" in its settings.',
      { facts },
    );
  if (!NOT_GRANTED.has(error)) return undefined;
  const message = `Okta gives the app no token for ${NEEDED.join(', ')} (${error}). Grant these scopes under Okta API Scopes of the app.`;
  return new SourceError('insufficient_permissions', message, { facts });
};
