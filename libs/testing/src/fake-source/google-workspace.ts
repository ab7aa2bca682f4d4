import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { jwtVerify } from 'jose';
import type { JsonObject } from '#kernel';
import type { ConformanceFake } from '../connector-conformance/conformance-world.js';
import { ConsentPage } from './consent-page.js';
import {
  startFakeServer,
  type FakeAnswer,
  type FakeApi,
  type FakeRequest,
  type FakeServer,
} from './fake-server.js';
import {
  listOf,
  mapList,
  type FakeGroup,
  type FakeList,
  type FakeMember,
  type FakePerson,
  type FakeTenant,
} from './fake-tenant.js';

const ACCOUNT = 'sync@fake-project.iam.gserviceaccount.com';
const ADMIN = 'admin@example.com';

const rsa = (): { publicKey: string; privateKey: string } =>
  generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
const OAUTH = { client_id: 'fake.apps.example.com', client_secret: 'fake-google-secret' };
const REFRESH_TOKEN = '1//fake-google-refresh';
const ACCESS = { access_token: 'fake-google-token', expires_in: 3599 };

const keys = rsa();
const otherKeys = rsa();

const userId = (index: number): string => `1${String(index).padStart(20, '0')}`;
const groupId = (index: number): string => `0fake${String(index).padStart(8, '0')}`;

const answers = (privateKey: string): JsonObject => ({
  admin_email: ADMIN,
  service_account_json: JSON.stringify({
    type: 'service_account',
    client_email: ACCOUNT,
    private_key_id: 'k1',
    private_key: privateKey,
  }),
});

/**
 * The Directory API of Google's Admin SDK and its token endpoint as the vendor's discovery document and recorded
 * answers show them (2026-03): empty lists are left out, quotas are refused with 403, tokens need a signed assertion.
 */
export const fakeGoogleWorkspace: ConformanceFake = {
  start: startFakeGoogle,
  answers: () => answers(keys.privateKey),
  wrongAnswers: () => answers(otherKeys.privateKey),
  hosts: (url) => ({ 'https://admin.googleapis.com': url, 'https://oauth2.googleapis.com': url }),
  secrets: [keys.privateKey.split('\n')[1] as string, 'fake-google-token'],
  userId,
  groupId,
  calls: { users: 'users', groups: 'groups', members: 'members', lookUp: 'user', memberLookUp: 'member' },
  nestsGroups: true,
  deniesStrangers: true,
  states: {
    active: { active: true, stateReason: null },
    suspended: { active: false, stateReason: 'suspended' },
    // Google has no such state: who never signed in is active.
    pending: { active: true, stateReason: null },
    archived: { active: false, stateReason: 'archived' },
  },
  statesRemovals: true,
};

/** The same, read with the consent of an admin. */
export const fakeGoogleRefreshToken: ConformanceFake = {
  ...fakeGoogleWorkspace,
  answers: () => ({ auth_mode: 'refresh_token', ...OAUTH, refresh_token: REFRESH_TOKEN }),
  wrongAnswers: () => ({ auth_mode: 'refresh_token', ...OAUTH, refresh_token: '1//revoked' }),
  secrets: [OAUTH.client_secret, REFRESH_TOKEN, 'fake-google-token'],
};

/** What a test changes about the fake. */
export interface FakeGoogleOptions {
  readonly pageSize: number;
  /** A group that everybody in the account is a member of, by one entry at its end. */
  readonly everyoneIn?: number;
}

export async function startFakeGoogle(
  tenant: FakeTenant,
  options: FakeGoogleOptions,
): Promise<FakeServer & { readonly consent: ConsentPage }> {
  const google = new Google(tenant, options);
  return { ...(await startFakeServer(google.api())), consent: google.consent };
}

class Google {
  readonly consent: ConsentPage;
  readonly #tenant: FakeTenant;
  readonly #pageSize: number;
  readonly #everyoneIn: number | undefined;

  constructor(tenant: FakeTenant, { pageSize, everyoneIn }: FakeGoogleOptions) {
    this.#tenant = tenant;
    this.#pageSize = pageSize;
    this.#everyoneIn = everyoneIn;
    this.consent = new ConsentPage({
      clientId: OAUTH.client_id,
      now: () => tenant.clock.now().getTime(),
      issue: () => ({ ...ACCESS, ...(this.#isOffline() && { refresh_token: REFRESH_TOKEN }) }),
      tellsScopes: true,
    });
  }

  api(): FakeApi {
    const token = (url: URL): string | null => url.searchParams.get('pageToken');
    const path = '/admin/directory/v1';
    return {
      refuse,
      routes: [
        this.consent.route('/o/oauth2/v2/auth'),
        { method: 'POST', path: '/token', call: 'token', answer: (r) => this.#token(r) },
        {
          method: 'GET',
          path: `${path}/users`,
          call: (url) => (url.searchParams.has('showDeleted') ? 'deleted' : 'users'),
          token,
          answer: (r) => this.#users(r),
        },
        { method: 'GET', path: `${path}/users/:id`, call: 'user', answer: (r) => this.#user(r) },
        {
          method: 'GET',
          path: `${path}/groups`,
          call: 'groups',
          token,
          answer: (r) => this.#page(r, 'groups', mapList(this.#tenant.groups, wireGroup)),
        },
        { method: 'GET', path: `${path}/groups/:id`, call: 'group', answer: (r) => this.#group(r) },
        {
          method: 'GET',
          path: `${path}/groups/:id/members`,
          call: 'members',
          of: ({ id }) => id ?? '',
          token,
          answer: (r) => this.#members(r),
        },
        {
          method: 'GET',
          path: `${path}/groups/:id/members/:member`,
          call: 'member',
          answer: (r) => this.#member(r),
        },
      ],
    };
  }

  async #token({ body }: FakeRequest): Promise<FakeAnswer> {
    const form = new URLSearchParams(body);
    const isCode = form.get('grant_type') === 'authorization_code';
    if (isCode)
      return refuseClient(form) ?? this.consent.exchange(Object.fromEntries(form)) ?? refuse(400, {});
    if (form.get('grant_type') === 'refresh_token') return refuseClient(form) ?? refreshed(form);
    try {
      const { payload } = await jwtVerify(form.get('assertion') ?? '', createPublicKey(keys.publicKey), {
        issuer: ACCOUNT,
        subject: ADMIN,
        audience: 'https://oauth2.googleapis.com/token',
        algorithms: ['RS256'],
        currentDate: this.#tenant.clock.now(),
        requiredClaims: ['exp', 'iat', 'scope'],
      });
      if (!String(payload['scope']).includes('admin.directory.group.member.readonly'))
        return { status: 401, body: { error: 'unauthorized_client' } };
    } catch {
      return { status: 400, body: { error: 'invalid_grant', error_description: 'Invalid JWT Signature.' } };
    }
    return { body: { token_type: 'Bearer', ...ACCESS } };
  }

  /** A refresh token comes only when it is asked for, and with every consent only when that is asked for. */
  #isOffline(): boolean {
    const asked = this.consent.visits.at(-1);
    return asked?.get('access_type') === 'offline' && asked.get('prompt') === 'consent';
  }

  #users(request: FakeRequest): FakeAnswer {
    const query = request.url.searchParams;
    // One of them is required.
    if (!query.has('customer') && !query.has('domain')) return refuse(400, {});
    const gone = [...this.#tenant.gone('user')].map((index) => ({
      id: userId(index),
      deletionTime: '2026-03-01T00:00:00.000Z',
    }));
    const list = query.get('showDeleted') === 'true' ? listOf(gone) : mapList(this.#tenant.users, wireUser);
    return this.#page(request, 'users', list);
  }

  #user({ params, headers }: FakeRequest): FakeAnswer {
    if (headers.authorization !== 'Bearer fake-google-token') return refuse(401, {});
    const person = this.#tenant.person(Number((params['id'] ?? '').slice(1)));
    return person ? { body: wireUser(person) } : refuse(404, {});
  }

  #group({ params, headers }: FakeRequest): FakeAnswer {
    if (headers.authorization !== 'Bearer fake-google-token') return refuse(401, {});
    const group = this.#tenant.group(Number((params['id'] ?? '').slice(5)));
    return group ? { body: wireGroup(group) } : missing('groupKey');
  }

  #members(request: FakeRequest): FakeAnswer {
    const index = Number((request.params['id'] ?? '').slice(5));
    if (this.#tenant.group(index) === undefined) return refuse(404, {});
    const members = mapList(this.#tenant.members(index), wireMember);
    return this.#page(request, 'members', index === this.#everyoneIn ? withEveryone(members) : members);
  }

  /** The same reason for a group and for a member that is not there; only the words tell them apart. */
  #member({ params, headers }: FakeRequest): FakeAnswer {
    if (headers.authorization !== 'Bearer fake-google-token') return refuse(401, {});
    const group = Number((params['id'] ?? '').slice(5));
    if (this.#tenant.group(group) === undefined) return missing('groupKey');
    const id = params['member'] ?? '';
    const member: FakeMember = id.startsWith('0fake')
      ? { kind: 'group', index: Number(id.slice(5)) }
      : { kind: 'user', index: Number(id.slice(1)) };
    return this.#tenant.isMember(group, member) ? { body: wireMember(member) } : missing('memberKey');
  }

  #page(request: FakeRequest, kind: 'users' | 'groups' | 'members', list: FakeList<JsonObject>): FakeAnswer {
    const query = request.url.searchParams;
    if (request.headers.authorization !== 'Bearer fake-google-token') return refuse(401, {});
    const wanted = Number(query.get('maxResults') ?? 100);
    if (wanted > (kind === 'users' ? 500 : 200)) return refuse(400, {});
    const size = Math.min(wanted, this.#pageSize);
    const page = request.take(list, { token: query.get('pageToken'), size });
    if (page === undefined) return refuse(400, { reason: 'invalid' });
    const body: JsonObject = { kind: `admin#directory#${kind}`, etag: '"fake"' };
    if (page.items.length > 0) body[kind] = [...page.items];
    if (page.next !== null) body['nextPageToken'] = page.next;
    return { body };
  }
}

/** Of a revoked consent and of a client secret that was changed, Google says different things. */
function refuseClient(form: URLSearchParams): FakeAnswer | undefined {
  const { client_id: id, client_secret: secret } = OAUTH;
  const isKnown = form.get('client_id') === id && form.get('client_secret') === secret;
  return isKnown
    ? undefined
    : { status: 401, body: { error: 'invalid_client', error_description: 'Unauthorized' } };
}

function refreshed(form: URLSearchParams): FakeAnswer {
  return form.get('refresh_token') === REFRESH_TOKEN
    ? { body: { token_type: 'Bearer', ...ACCESS } }
    : {
        status: 400,
        body: { error: 'invalid_grant', error_description: 'Token has been expired or revoked.' },
      };
}

/** The whole account as one member, whose id is the customer's. */
function withEveryone(members: FakeList<JsonObject>): FakeList<JsonObject> {
  const account = { kind: 'admin#directory#member', id: 'C0fake', role: 'MEMBER', type: 'CUSTOMER' };
  return {
    end: members.end + 1,
    at: (position) => (position === members.end ? account : members.at(position)),
  };
}

function wireUser(person: FakePerson): JsonObject {
  return {
    kind: 'admin#directory#user',
    id: userId(person.index),
    primaryEmail: person.broken ? 17 : person.login,
    name: {
      givenName: person.firstName,
      familyName: person.lastName,
      fullName: `${person.firstName} ${person.lastName}`,
    },
    emails: [{ address: person.login, primary: true }, { address: `${person.login}.test-google-a.com` }],
    organizations: [{ primary: true, title: person.title, department: person.department }],
    orgUnitPath: '/',
    suspended: person.state === 'suspended' || person.state === 'archived',
    archived: person.state === 'archived',
  };
}

function wireGroup(group: FakeGroup): JsonObject {
  return {
    kind: 'admin#directory#group',
    id: groupId(group.index),
    email: `group${group.index}@example.com`,
    name: group.name,
    directMembersCount: '4',
  };
}

function wireMember({ kind, index }: FakeMember): JsonObject {
  const id = kind === 'user' ? userId(index) : groupId(index);
  return { kind: 'admin#directory#member', id, role: 'MEMBER', type: kind.toUpperCase(), status: 'ACTIVE' };
}

function missing(key: string): FakeAnswer {
  const message = `Resource Not Found: ${key}`;
  const error = { code: 404, message, errors: [{ domain: 'global', reason: 'notFound', message }] };
  return { status: 404, body: { error } };
}

function refuse(status: number, details: { retryAfter?: string; reason?: string }): FakeAnswer {
  const reasons: Record<number, string> = { 401: 'authError', 403: 'forbidden', 404: 'notFound' };
  const reason = details.reason ?? reasons[status] ?? 'backendError';
  return {
    status,
    headers: details.retryAfter === undefined ? {} : { 'retry-after': details.retryAfter },
    body: {
      error: { code: status, message: 'Refused', errors: [{ domain: 'global', reason, message: 'Refused' }] },
    },
  };
}
