import { isJsonObject, type JsonValue } from '#kernel';
import type { SnapshotKind } from '#model';
import type { JsonAnswer, SourceAnswer, Verdict } from '../../sdk/http/source-http.js';
import type { ExplainTokenError } from '../../sdk/oauth-token.js';
import { SourceError } from '../../sdk/source-error.js';
import type { KeycloakConfig } from './config.js';

/** The words of the resources in Keycloak 4 to 26; nothing else says that there is no such record. */
const NOT_FOUND: Readonly<Record<SnapshotKind | 'component', string>> = {
  user: 'User not found',
  group: 'Could not find group by id',
  component: 'Could not find component',
};

/** Whether Keycloak itself says that it has no such thing; a missing realm has other words. */
export function saysNotFound({ body }: JsonAnswer, kind: keyof typeof NOT_FOUND): boolean {
  return isJsonObject(body) && body['error'] === NOT_FOUND[kind];
}

/** A 403 has one remedy where users and groups are read. */
export function judge({ status, url }: SourceAnswer): Verdict | undefined {
  const isNeeded = /\/admin\/realms\/[^/]+\/(?!components\/)/.test(new URL(url).pathname);
  return status === 403 && isNeeded ? { kind: 'fail', error: missingRole() } : undefined;
}

export function missingRole(): SourceError {
  return new SourceError(
    'insufficient_permissions',
    'Keycloak does not let the service account see all users (403). Assign it the role "view-users" of the client ' +
      '"realm-management" (in the realm master: of the client "<realm>-realm"), under Clients › your client › Service ' +
      'accounts roles. "query-users" alone is not enough: it shows a part of the users as if it were all.',
    { facts: { status: 403 } },
  );
}

export function noRealm(realm: string): SourceError {
  return new SourceError(
    'not_found_tenant',
    `Keycloak has no realm called "${realm.slice(0, 100)}". Check its name; capital letters count.`,
    { facts: { status: 404 } },
  );
}

function noKeycloak(): SourceError {
  return new SourceError(
    'wrong_host',
    'There is no Keycloak at this address (404). Check the server; older versions have "/auth" at the end of the address.',
    { facts: { status: 404 } },
  );
}

/** Keycloak says `unauthorized_client` for a wrong secret as well as for a client that may not do this. */
export function explainToken({ realm }: KeycloakConfig): ExplainTokenError {
  return ({ status, error, body }) => {
    // A wrong path is a 404 as well, in other words: "Unable to find matching target resource method".
    if (status === 404) return /realm/i.test(error) ? noRealm(realm) : noKeycloak();
    if (status !== 400 && status !== 401) return undefined;
    const facts = { status, error };
    if (/service account|client_credentials/i.test(descriptionOf(body)))
      return new SourceError(
        'config_error',
        'The client has no service account. Switch on "Service accounts roles" in its settings (Capability config).',
        { facts },
      );
    return new SourceError(
      'invalid_credentials',
      'Keycloak refused the client ID or its secret. Copy the secret anew from Clients › your client › Credentials, ' +
        'and see that the client is enabled and belongs to this realm.',
      { facts },
    );
  };
}

function descriptionOf(body: JsonValue): string {
  const text = isJsonObject(body) ? body['error_description'] : undefined;
  return typeof text === 'string' ? text : '';
}
