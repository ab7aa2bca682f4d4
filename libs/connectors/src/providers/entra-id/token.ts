import { createHash, X509Certificate } from 'node:crypto';
import { isJsonObject, type JsonValue } from '#kernel';
import { requestToken, type AccessToken, type ExplainTokenError } from '../../sdk/oauth-token.js';
import type { SourceHttp } from '../../sdk/http/source-http.js';
import type { SourcePorts } from '../../sdk/ports.js';
import { signAssertion } from '../../sdk/signed-assertion.js';
import { SourceError, type SourceErrorCode } from '../../sdk/source-error.js';
import type { EntraConfig } from './config.js';

/** Client credentials flow (learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow). */
export async function fetchToken(
  http: SourceHttp,
  config: EntraConfig,
  ports: Pick<SourcePorts, 'clock'>,
): Promise<AccessToken> {
  const path = `/${encodeURIComponent(config.tenantId)}/oauth2/v2.0/token`;
  const form = {
    grant_type: 'client_credentials',
    client_id: config.clientId,
    scope: `${config.graph}/.default`,
    ...(await proofOf(config, `${config.login}${path}`, ports.clock.now())),
  };
  return requestToken(http, { path, form }, explain);
}

/**
 * Application permissions that a token names (learn.microsoft.com/entra/identity-platform/access-token-claims-reference,
 * `roles`); none when it cannot be read. Nothing may depend on their absence: tokens are for Graph to read.
 */
export function rolesIn({ value }: AccessToken): readonly string[] {
  try {
    const claims = JSON.parse(Buffer.from(value.split('.')[1] ?? '', 'base64url').toString()) as JsonValue;
    const roles = isJsonObject(claims) ? claims['roles'] : undefined;
    return Array.isArray(roles) ? roles.filter((role) => typeof role === 'string') : [];
  } catch {
    return [];
  }
}

async function proofOf(config: EntraConfig, audience: string, now: Date): Promise<Record<string, string>> {
  const { credential, clientId } = config;
  if (credential.kind === 'client_secret') return { client_secret: credential.secret };
  return {
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: await signAssertion({
      privateKey: credential.privateKey,
      header: thumbprints(credential.certificate),
      claims: { aud: audience, iss: clientId, sub: clientId },
      now,
    }),
  };
}

/** Older parts of Entra look the certificate up by SHA-1, newer ones by SHA-256. */
function thumbprints(certificate: string): Record<string, string> {
  try {
    const { raw } = new X509Certificate(certificate);
    const digest = (algorithm: string): string => createHash(algorithm).update(raw).digest('base64url');
    return { x5t: digest('sha1'), 'x5t#S256': digest('sha256') };
  } catch {
    throw new SourceError('config_error', 'The certificate cannot be read. Paste it as PEM.');
  }
}

/** AADSTS numbers that name a remedy of their own (learn.microsoft.com/entra/identity-platform/reference-error-codes). */
const AADSTS: Readonly<Record<number, { code: SourceErrorCode; message: string }>> = {
  7000222: { code: 'invalid_credentials', message: 'The client secret has expired. Make a new one.' },
  7000215: {
    code: 'invalid_credentials',
    message: 'The client secret is wrong. Enter its value, not its ID.',
  },
  700027: { code: 'invalid_credentials', message: 'The certificate is not the one of the app.' },
  700024: {
    code: 'invalid_credentials',
    message: 'Entra ID takes our assertion for outdated. Set the clock of the machine that Rollcall runs on.',
  },
  7000112: {
    code: 'invalid_credentials',
    message: 'The application is disabled. Enable its sign-in under Enterprise applications.',
  },
  53003: {
    code: 'insufficient_permissions',
    message: 'A Conditional Access policy blocks the application. Exclude it, or allow our address.',
  },
  700016: { code: 'not_found_tenant', message: 'There is no such application in this tenant.' },
  90002: { code: 'not_found_tenant', message: 'There is no such tenant.' },
  900023: { code: 'not_found_tenant', message: 'The tenant ID is neither an ID nor a domain name.' },
};

const explain: ExplainTokenError = ({ status, body }) => {
  const number = numbersIn(body).find((code) => AADSTS[code] !== undefined);
  const known = AADSTS[Number(number)];
  return (
    known &&
    new SourceError(known.code, `${known.message} (AADSTS${Number(number)})`, {
      facts: { status, aadsts: Number(number) },
    })
  );
};

/** As a list, or at least in the description, of which nothing else is used. */
function numbersIn(body: JsonValue): readonly number[] {
  const { error_codes: codes, error_description: text } = isJsonObject(body) ? body : {};
  const listed = Array.isArray(codes) ? codes : [];
  const written = typeof text === 'string' ? /AADSTS(\d{1,9})/.exec(text)?.[1] : undefined;
  return [...listed, Number(written)].filter((code) => typeof code === 'number');
}
