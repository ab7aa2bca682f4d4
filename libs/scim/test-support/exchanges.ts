import { newId, type JsonObject } from '#kernel';
import type { ChangeEvent, DirectoryGroup, DirectoryUser } from '#model';
import { findRoute, type Route } from '../src/http/route.js';
import type { ScimDirectory } from '../src/http/ports.js';
import type { ScimRequest, ScimResponse } from '../src/http/messages.js';
import type { ScimError } from '../src/protocol/errors.js';
import type { LoggedExchange } from '../src/request-log/logged-exchange.js';
import { emptyObservation, type Observation } from '../src/request-log/observe.js';

const TIME = '2026-11-02T09:00:00.000Z';
const OWNER = {
  environmentId: 'environment_1',
  organizationId: 'org_1',
  directoryId: 'directory_1',
  version: 1,
  pendingRemoval: false,
  createdAt: TIME,
  updatedAt: TIME,
};

/** What an exchange may differ in. */
interface Differences {
  readonly method?: string;
  readonly path?: string;
  readonly query?: string;
  readonly headers?: ScimRequest['headers'];
  readonly externalKey?: string;
  readonly peer?: string;
  readonly body?: string;
  readonly response?: Partial<ScimResponse>;
  readonly route?: Route | undefined;
  readonly directory?: Partial<ScimDirectory> | undefined;
  readonly observation?: Observation;
  readonly refusal?: ScimError;
  readonly answer?: JsonObject;
}

/** An exchange with a directory of an Okta; without `directory`: a refused login. */
export function anExchange(differences: Differences = {}): LoggedExchange {
  const { refusal, answer } = differences;
  const isKnown = !('directory' in differences) || differences.directory !== undefined;
  const request = aRequest(differences);
  const status = refusal?.status ?? (isKnown ? 200 : 401);
  return {
    request,
    response: { status, headers: {}, body: undefined, ...differences.response },
    durationMs: 1.26,
    route: 'route' in differences ? differences.route : findRoute(request.path),
    directory: isKnown ? aDirectory(differences.directory) : undefined,
    actor: 'Okta',
    observation: differences.observation ?? emptyObservation(),
    refusal,
    answer,
  };
}

function aRequest({
  method = 'GET',
  path = '/Users',
  query = '',
  headers = {},
  body,
  externalKey = 'acme',
  peer,
}: Differences): ScimRequest {
  return {
    version: '2.0',
    externalKey,
    method,
    path,
    query,
    headers,
    body: body === undefined ? undefined : Buffer.from(body),
    ...(peer !== undefined && { peer }),
    requestId: 'request-1',
  };
}

function aDirectory(fields: Partial<ScimDirectory> = {}): ScimDirectory {
  return {
    id: 'directory_1',
    environmentId: 'environment_1',
    organizationId: 'org_1',
    name: 'Acme',
    type: 'okta scim v2.0',
    dialect: 'okta',
    provider: null,
    externalKey: 'acme',
    state: 'linked',
    config: {},
    detectedDialect: null,
    pause: null,
    createdAt: TIME,
    updatedAt: TIME,
    tokenId: 'directory_token_1',
    ...fields,
  };
}

export function aStoredUser(fields: Partial<DirectoryUser> = {}): DirectoryUser {
  const id = newId('directory_user');
  return {
    ...OWNER,
    id,
    idpId: id,
    externalId: null,
    userName: 'jane@acme.test',
    email: 'jane@acme.test',
    emails: [],
    firstName: null,
    lastName: null,
    name: null,
    jobTitle: null,
    active: true,
    stateReason: null,
    raw: {},
    customAttributes: {},
    ...fields,
  };
}

export function aStoredGroup(fields: Partial<DirectoryGroup> = {}): DirectoryGroup {
  const id = newId('directory_group');
  return { ...OWNER, id, idpId: id, externalId: null, name: 'Crew', raw: {}, lastModified: TIME, ...fields };
}

/** Events with these sequence numbers. */
export function events(...sequences: number[]): ChangeEvent[] {
  return sequences.map((sequence) => ({ id: newId('event'), type: 'dsync.user.updated', sequence }));
}
