import { X509Certificate } from 'node:crypto';
import { jwtVerify } from 'jose';
import type { JsonObject, JsonValue } from '#kernel';
import type { SnapshotKind } from '#model';
import type { ConformanceFake } from '../connector-conformance/conformance-world.js';
import { CLIENT_CERTIFICATE } from './client-certificate.js';
import { startFakeServer, type FakeAnswer, type FakeApi, type FakeRequest } from './fake-server.js';
import { LOOPBACK_CERTIFICATE } from './loopback-certificate.js';
import {
  listOf,
  mapList,
  type FakeChange,
  type FakeGroup,
  type FakeList,
  type FakeMember,
  type FakePerson,
  type FakeTenant,
} from './fake-tenant.js';

const SECRET = 'fake~entra.secret-value';
const OLD_SECRET = 'fake~entra.old-secret';
const ANSWERS = { tenant_id: 'fabrikam.test', client_id: '11112222-aaaa-bbbb-cccc-333344445555' };

const CERTIFICATE = { ...ANSWERS, auth_mode: 'certificate', certificate: CLIENT_CERTIFICATE.cert };

/** Which tokens a cloud's login gives (learn.microsoft.com/graph/deployments). */
const LOGINS: Readonly<Record<string, string>> = {
  'https://graph.microsoft.com/.default': 'https://login.microsoftonline.com',
  'https://graph.microsoft.us/.default': 'https://login.microsoftonline.us',
  'https://dod-graph.microsoft.us/.default': 'https://login.microsoftonline.us',
  'https://microsoftgraph.chinacloudapi.cn/.default': 'https://login.partner.microsoftonline.cn',
};

const guid = (first: string, index: number): string =>
  `${first}-0000-4000-8000-${index.toString(16).padStart(12, '0')}`;
const userId = (index: number): string => guid('aaaaaaaa', index);
const groupId = (index: number): string => guid('bbbbbbbb', index);

/**
 * Microsoft Graph v1.0 and its token endpoint as the vendor's description and recorded answers show them (2026-03):
 * absolute links, delta queries with `@removed` and `members@delta`, batches whose parts fail by themselves.
 */
export const fakeEntraId: ConformanceFake = {
  start: (tenant, { pageSize }) => startFakeServer(new Graph(tenant, pageSize).api()),
  answers: () => ({ ...ANSWERS, client_secret: SECRET }),
  wrongAnswers: () => ({ ...ANSWERS, client_secret: OLD_SECRET }),
  hosts: (url) => ({ 'https://graph.microsoft.com': url, 'https://login.microsoftonline.com': url }),
  secrets: [SECRET, OLD_SECRET, 'fake-graph-token'],
  userId,
  groupId,
  calls: { users: 'users', groups: 'groups', members: 'members', lookUp: 'user', memberLookUp: 'member_of' },
  nestsGroups: true,
  states: {
    active: { active: true, stateReason: null },
    suspended: { active: false, stateReason: 'suspended' },
    pending: { active: false, stateReason: 'pending' },
    archived: { active: false, stateReason: 'suspended' },
  },
  statesRemovals: true,
};

/** The same, read by an application that proves itself by a certificate. */
export const fakeEntraIdCertificate: ConformanceFake = {
  ...fakeEntraId,
  answers: () => ({ ...CERTIFICATE, private_key: CLIENT_CERTIFICATE.key }),
  wrongAnswers: () => ({ ...CERTIFICATE, private_key: LOOPBACK_CERTIFICATE.key }),
  secrets: [CLIENT_CERTIFICATE.key.split('\n')[1] as string, 'fake-graph-token'],
};

class Graph {
  readonly #tenant: FakeTenant;
  readonly #pageSize: number;

  constructor(tenant: FakeTenant, pageSize: number) {
    this.#tenant = tenant;
    this.#pageSize = pageSize;
  }

  api(): FakeApi {
    const token = (url: URL): string | null => url.searchParams.get('$skiptoken');
    const get = (
      path: string,
      call: string,
      answer: (r: FakeRequest) => FakeAnswer | Promise<FakeAnswer>,
    ) => ({
      method: 'GET' as const,
      path: `/v1.0${path}`,
      call,
      token,
      answer,
    });
    return {
      refuse,
      routes: [
        { method: 'POST', path: '/:tenant/oauth2/v2.0/token', call: 'token', answer: (r) => this.#token(r) },
        { method: 'POST', path: '/v1.0/$batch', call: 'batch', answer: (r) => batch(r) },
        get('/users', 'users', (r) => this.#list(r, mapList(this.#tenant.users, wireUser))),
        get('/groups', 'groups', (r) => this.#list(r, mapList(this.#tenant.groups, wireGroup))),

        get('/users/delta', 'users_delta', (r) => this.#delta(r, ['user'])),
        get('/users/:id', 'user', (r) => this.#user(r)),
        get('/groups/delta', 'groups_delta', (r) => this.#delta(r, ['group', 'members'])),
        get('/groups/:id', 'group', (r) => this.#group(r)),
        get('/directory/deletedItems/microsoft.graph.user', 'deleted', (r) => this.#deleted(r)),
        { ...get('/groups/:id/members', 'members', (r) => this.#members(r)), of: ({ id }) => id ?? '' },
        ...(['user', 'group'] as const).map((kind) =>
          get(`/${kind}s/:id/memberOf`, 'member_of', (r) => this.#memberOf(r, kind)),
        ),
      ],
    };
  }

  async #token({ body, params }: FakeRequest): Promise<FakeAnswer> {
    const form = new URLSearchParams(body);
    const login = LOGINS[form.get('scope') ?? ''];
    if (login === undefined || form.get('client_id') !== ANSWERS.client_id)
      return refuseToken(500011, 'The resource principal was not found.');
    const secret = form.get('client_secret');
    if (secret !== null && secret !== SECRET)
      return refuseToken(7000215, `Invalid client secret provided: ${secret}`);
    const audience = `${login}/${params['tenant'] ?? ''}/oauth2/v2.0/token`;
    if (secret === null && !(await isAsserted(form, audience, this.#tenant.clock.now())))
      return refuseToken(700027, 'The certificate with identifier used to sign is not registered.');
    return { body: { token_type: 'Bearer', expires_in: 3599, access_token: 'fake-graph-token' } };
  }

  #user(request: FakeRequest): FakeAnswer {
    if (!isAuthorized(request)) return refuse(401, {});
    const person = this.#tenant.person(Number.parseInt((request.params['id'] ?? '').slice(-12), 16));
    return person ? { body: wireUser(person) } : refuse(404, {});
  }

  #group(request: FakeRequest): FakeAnswer {
    if (!isAuthorized(request)) return refuse(401, {});
    const group = this.#tenant.group(Number.parseInt((request.params['id'] ?? '').slice(-12), 16));
    return group ? { body: wireGroup(group) } : refuse(404, {});
  }

  #members(request: FakeRequest): FakeAnswer {
    const index = Number.parseInt((request.params['id'] ?? '').slice(-12), 16);
    if (this.#tenant.group(index) === undefined) return refuse(404, {});
    return this.#list(request, mapList(this.#tenant.members(index), wireMember));
  }

  /** Directory roles come with the groups. */
  #memberOf(request: FakeRequest, kind: SnapshotKind): FakeAnswer {
    const index = Number.parseInt((request.params['id'] ?? '').slice(-12), 16);
    const isThere = kind === 'user' ? this.#tenant.person(index) : this.#tenant.group(index);
    if (isThere === undefined) return refuse(404, {});
    const groups = mapList(this.#tenant.groupsOf({ kind, index }), ({ index: group }) =>
      wireMember({ kind: 'group', index: group }),
    );
    const role = { '@odata.type': '#microsoft.graph.directoryRole', id: guid('cccccccc', 1) };
    return this.#list(request, {
      end: groups.end + 1,
      at: (position) => (position === groups.end ? role : groups.at(position)),
    });
  }

  #deleted(request: FakeRequest): FakeAnswer {
    const ids = [...this.#tenant.gone('user')].map((index) => ({
      id: userId(index),
      deletedDateTime: '2026-03-01T00:00:00Z',
    }));
    return this.#list(request, listOf(ids));
  }

  #list(request: FakeRequest, list: FakeList<JsonObject>): FakeAnswer {
    const { url } = request;
    const size = Math.min(Number(url.searchParams.get('$top') ?? 100), this.#pageSize);
    if (size > 999) return refuse(400, {});
    const page = request.take(list, { token: url.searchParams.get('$skiptoken'), size });
    if (!isAuthorized(request)) return refuse(401, {});
    if (page === undefined) return refuse(400, { reason: 'Directory_ExpiredPageToken' });
    const body: JsonObject = { '@odata.context': `${request.origin}/v1.0/$metadata`, value: [...page.items] };
    if (page.next !== null) body['@odata.nextLink'] = withQuery(url, '$skiptoken', page.next);
    return { body };
  }

  /** A delta token is how many changes its owner has seen; the query's options are part of the link. */
  #delta(request: FakeRequest, kinds: readonly FakeChange['of'][]): FakeAnswer {
    const { url } = request;
    if (!isAuthorized(request)) return refuse(401, {});
    const now = this.#tenant.changes.length;
    if (url.searchParams.get('$deltatoken') === 'latest')
      return { body: { value: [], '@odata.deltaLink': withQuery(url, '$deltatoken', `d${now}`) } };
    const { since, until, token } = readDeltaToken(url, now);
    if (since === undefined) return refuse(410, { reason: 'syncStateNotFound' });
    const items = this.#changed(this.#tenant.changes.slice(since, until), kinds);
    const page = request.take(listOf(items), { token, size: this.#pageSize });
    if (page === undefined) return refuse(400, { reason: 'Directory_ExpiredPageToken' });
    const link: JsonObject =
      page.next === null
        ? { '@odata.deltaLink': withQuery(url, '$deltatoken', `d${until}`) }
        : { '@odata.nextLink': withQuery(url, '$skiptoken', `d${since}-${until}.${page.next}`) };
    return { body: { value: [...page.items], ...link } };
  }

  #changed(changes: readonly FakeChange[], kinds: readonly FakeChange['of'][]): JsonObject[] {
    const wanted = changes.filter((change) => kinds.includes(change.of));
    return [...new Set(wanted.map(({ index }) => index))].map((index) =>
      kinds.includes('user') ? this.#changedUser(index) : this.#changedGroup(index, wanted),
    );
  }

  #changedUser(index: number): JsonObject {
    const person = this.#tenant.person(index);
    return person ? wireUser(person) : { id: userId(index), '@removed': { reason: 'changed' } };
  }

  #changedGroup(index: number, changes: readonly FakeChange[]): JsonObject {
    const group = this.#tenant.group(index);
    if (group === undefined) return { id: groupId(index), '@removed': { reason: 'deleted' } };
    const members = changes.flatMap(({ of, index: changed, kind, member }): JsonObject[] => {
      if (of !== 'members' || changed !== index || member === undefined) return [];
      return [
        { ...wireMember(member), ...(kind === 'removed' ? { '@removed': { reason: 'deleted' } } : {}) },
      ];
    });
    return { ...wireGroup(group), ...(members.length > 0 ? { 'members@delta': members } : {}) };
  }
}

/** `d3`: three changes were seen. `d3-9.p2`: the page at 2 of those up to the ninth. */
function readDeltaToken(
  url: URL,
  now: number,
): { since: number | undefined; until: number; token: string | null } {
  const skip = /^d(\d+)-(\d+)\.(\w+)$/.exec(url.searchParams.get('$skiptoken') ?? '');
  if (skip !== null) return { since: Number(skip[1]), until: Number(skip[2]), token: skip[3] as string };
  const delta = /^d(\d+)$/.exec(url.searchParams.get('$deltatoken') ?? '');
  return { since: delta === null ? undefined : Number(delta[1]), until: now, token: null };
}

function refuseToken(code: number, description: string): FakeAnswer {
  return {
    status: 401,
    body: {
      error: 'invalid_client',
      error_description: `AADSTS${code}: ${description}`,
      error_codes: [code],
    },
  };
}

/** By the registered certificate, for this cloud's login, named by its SHA-256 thumbprint. */
async function isAsserted(form: URLSearchParams, audience: string, now: Date): Promise<boolean> {
  const { publicKey, fingerprint256 } = new X509Certificate(CLIENT_CERTIFICATE.cert);
  const thumbprint = Buffer.from(fingerprint256.replaceAll(':', ''), 'hex').toString('base64url');
  try {
    const { protectedHeader } = await jwtVerify(form.get('client_assertion') ?? '', publicKey, {
      issuer: ANSWERS.client_id,
      subject: ANSWERS.client_id,
      audience,
      algorithms: ['RS256', 'PS256'],
      currentDate: now,
      requiredClaims: ['exp', 'nbf', 'jti'],
    });
    return protectedHeader['x5t#S256'] === thumbprint;
  } catch {
    return false;
  }
}

/** Parts are answered as single requests are, each with a status of its own. */
async function batch(request: FakeRequest): Promise<FakeAnswer> {
  if (!isAuthorized(request)) return refuse(401, {});
  const { requests } = JSON.parse(request.body) as { requests: { id: string; url: string }[] };
  if (requests.length > 20) return refuse(400, {});
  const responses: JsonValue[] = [];
  for (const { id, url } of requests) {
    const answer = await request.dispatch(`/v1.0${url}`);
    responses.push({
      id,
      status: answer.status ?? 200,
      headers: { ...answer.headers, 'Content-Type': 'application/json' },
      body: answer.body,
    });
  }
  return { body: { responses } };
}

function isAuthorized({ headers }: FakeRequest): boolean {
  // What follows are claims, where a test gives the token some.
  return /^Bearer fake-graph-token(\.|$)/.test(headers.authorization ?? '');
}

function withQuery(url: URL, name: string, value: string): string {
  const next = new URL(url);
  next.searchParams.delete('$deltatoken');
  next.searchParams.set(name, value);
  return next.href;
}

function wireUser(person: FakePerson): JsonObject {
  return {
    id: userId(person.index),
    userPrincipalName: person.broken ? ['broken'] : person.login,
    mail: null,
    proxyAddresses: [`smtp:old-${person.login}`, `SMTP:${person.email}`],
    otherMails: [],
    givenName: person.firstName,
    surname: person.lastName,
    displayName: `${person.firstName} ${person.lastName}`,
    jobTitle: person.title,
    department: person.department,
    accountEnabled: person.state === 'active' || person.state === 'pending',
    userType: 'Member',
    externalUserState: person.state === 'pending' ? 'PendingAcceptance' : null,
  };
}

function wireGroup(group: FakeGroup): JsonObject {
  return {
    id: groupId(group.index),
    displayName: group.name,
    description: null,
    mailEnabled: false,
    securityEnabled: true,
    groupTypes: [],
  };
}

function wireMember({ kind, index }: FakeMember): JsonObject {
  const ids: Record<SnapshotKind, (index: number) => string> = { user: userId, group: groupId };
  return { '@odata.type': `#microsoft.graph.${kind}`, id: ids[kind](index) };
}

function refuse(status: number, details: { retryAfter?: string; reason?: string }): FakeAnswer {
  const codes: Record<number, string> = {
    401: 'InvalidAuthenticationToken',
    403: 'Authorization_RequestDenied',
    404: 'Request_ResourceNotFound',
    429: 'TooManyRequests',
  };
  const code = details.reason ?? codes[status] ?? 'Request_BadRequest';
  return {
    status,
    headers: details.retryAfter === undefined ? {} : { 'Retry-After': details.retryAfter },
    body: { error: { code, message: 'Refused', innerError: { 'request-id': 'fake' } } },
  };
}
