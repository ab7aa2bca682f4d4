import type { SourceHttp, SourceHttpOptions } from '../../sdk/http/source-http.js';
import { bearerTokens, clientBasic, requestToken } from '../../sdk/oauth-token.js';
import type { SourcePorts } from '../../sdk/ports.js';
import { SourceError } from '../../sdk/source-error.js';
import type { WorkdayConfig, WorkdayCredential } from './config.js';
import { manifest } from './manifest.js';

type Authorize = NonNullable<SourceHttpOptions['authorize']>;

/** Headers of a credential: a bearer token; of an integration system user what `password` makes of it. */
export function authorizeWith(
  config: WorkdayConfig,
  ports: SourcePorts,
  password: (
    credential: Extract<WorkdayCredential, { kind: 'password' }>,
  ) => Readonly<Record<string, string>>,
): Authorize {
  const { credential } = config;
  if (credential.kind === 'password') return () => Promise.resolve(password(credential));
  const http = ports.http({ baseUrl: config.origin, limits: manifest.limits });
  return bearerTokens(() => fetchToken(http, config, credential), ports.clock);
}

/** Workday has refresh tokens that do not expire; one access token is good for some hours. */
function fetchToken(
  http: SourceHttp,
  { tenant }: WorkdayConfig,
  credential: Extract<WorkdayCredential, { kind: 'oauth' }>,
): ReturnType<typeof requestToken> {
  return requestToken(
    http,
    {
      path: `/ccx/oauth2/${encodeURIComponent(tenant)}/token`,
      headers: { authorization: clientBasic(credential.clientId, credential.clientSecret) },
      form: { grant_type: 'refresh_token', refresh_token: credential.refreshToken },
    },
    ({ status, error }) =>
      error === 'invalid_grant'
        ? new SourceError(
            'invalid_credentials',
            'Workday refused the refresh token. Make a new one, non-expiring, for the integration system user.',
            { facts: { status, error } },
          )
        : undefined,
  );
}

/** SOAP wants the tenant in it; people write it with and without. */
export function userInTenant(username: string, tenant: string): string {
  return username.includes('@') ? username : `${username}@${tenant}`;
}
