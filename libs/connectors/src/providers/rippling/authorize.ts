import type { SourceHttp } from '../../sdk/http/source-http.js';
import type { RequestLimits } from '../../sdk/manifest.js';
import { bearerTokens, clientBasic, requestToken } from '../../sdk/oauth-token.js';
import type { SourcePorts } from '../../sdk/ports.js';
import { refreshAccess } from '../../sdk/rotating-secrets.js';
import type { RipplingConfig } from './config.js';

const TOKENS = 'https://app.rippling.com';

type Authorize = (reason: { readonly renew: boolean }) => Promise<Readonly<Record<string, string>>>;

/** How requests are signed in; the token endpoints of both APIs lie on the same host. */
export function authorizeWith(config: RipplingConfig, ports: SourcePorts, limits: RequestLimits): Authorize {
  const { credential, api } = config;
  if (credential.kind === 'api_token')
    return () => Promise.resolve({ authorization: `Bearer ${credential.token}` });
  const http: SourceHttp = ports.http({ baseUrl: TOKENS, limits });
  const path = api === 'platform' ? '/api/o/token/' : '/o/token';
  const authorization = clientBasic(credential.clientId, credential.clientSecret);
  return bearerTokens(
    () =>
      refreshAccess({
        secrets: ports.secrets,
        field: 'refresh_token',
        entered: credential.refreshToken,
        exchange: (refreshToken) =>
          requestToken(http, {
            path,
            headers: { authorization },
            form: { grant_type: 'refresh_token', refresh_token: refreshToken },
          }),
      }),
    ports.clock,
  );
}
