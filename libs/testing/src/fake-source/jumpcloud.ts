import type { JsonObject, JsonValue } from '#kernel';
import type { ConformanceFake } from '../connector-conformance/conformance-world.js';
import {
  STALE_TOKEN,
  startFakeServer,
  type FakeAnswer,
  type FakeApi,
  type FakeRequest,
  type FakeServer,
} from './fake-server.js';
import { itemsOf, listOf, type FakeGroup, type FakePerson, type FakeTenant } from './fake-tenant.js';

const API_KEY = 'jca_fake0key';
const CLIENT_ID = 'fake-service-account';
const CLIENT_SECRET = 'fake-jumpcloud-secret';
const TOKEN = 'fake-jumpcloud-token';
const ORGANIZATION = '5f0000000000000000000001';

const STATE = { active: 'ACTIVATED', suspended: 'SUSPENDED', pending: 'STAGED', archived: 'SUSPENDED' };

const userId = (index: number): string => `5e${String(index).padStart(22, '0')}`;
const groupId = (index: number): string => `6e${String(index).padStart(22, '0')}`;
const indexOf = (id: string): number => Number(id.slice(2));

/** What a test changes about the fake. */
export interface FakeJumpcloudOptions {
  readonly pageSize: number;
  /** The credential's admin manages several organizations: without `x-org-id` it is refused. */
  readonly isMultiTenant?: boolean;
  /** Organizations that the credential reaches; their people are the same. */
  readonly organizations?: readonly string[];
  /** Version 2 sends no `x-total-count`. */
  readonly isUncounted?: boolean;
  /** Attributes of a person that differ, in JumpCloud's own spelling. */
  readonly differs?: (person: FakePerson) => JsonObject;
  /** Ids of a group's members, instead of those of the tenant. Called for each page. */
  readonly members?: (group: number, skip: number) => readonly string[];
}

export function startFakeJumpcloud(tenant: FakeTenant, options: FakeJumpcloudOptions): Promise<FakeServer> {
  return startFakeServer(new Jumpcloud(tenant, options).api());
}

/**
 * JumpCloud as its API descriptions and its own command line tool show it (2026-11): positions that shift when somebody
 * is removed, counts in the body (version 1) or in a header (version 2), edges of a graph for members, keys in
 * `x-api-key`, client credentials for service accounts, 401 and 404 for organizations.
 */
export const fakeJumpcloud: ConformanceFake = {
  start: startFakeJumpcloud,
  answers: () => ({ auth_mode: 'api_key', api_key: API_KEY, org_id: ORGANIZATION }),
  wrongAnswers: () => ({ auth_mode: 'api_key', api_key: 'jca_another' }),
  hosts: (url) => ({
    'https://console.jumpcloud.com': url,
    'https://admin-oauth.id.jumpcloud.com': url,
  }),
  secrets: [API_KEY, CLIENT_SECRET, TOKEN, basic(CLIENT_SECRET)],
  userId,
  groupId,
  calls: {
    users: 'users',
    groups: 'groups',
    members: 'members',
    lookUp: 'user',
    memberLookUp: 'user_groups',
  },
  states: {
    active: { active: true, stateReason: null },
    suspended: { active: false, stateReason: 'suspended' },
    pending: { active: false, stateReason: 'pending' },
    archived: { active: false, stateReason: 'suspended' },
  },
  statesRemovals: false,
};

/** The same, read by a service account. */
export const fakeJumpcloudServiceAccount: ConformanceFake = {
  ...fakeJumpcloud,
  answers: () => ({ client_id: CLIENT_ID, client_secret: CLIENT_SECRET }),
  wrongAnswers: () => ({ client_id: CLIENT_ID, client_secret: 'wrong' }),
};

class Jumpcloud {
  readonly #tenant: FakeTenant;
  readonly #options: FakeJumpcloudOptions;

  constructor(tenant: FakeTenant, options: FakeJumpcloudOptions) {
    this.#tenant = tenant;
    this.#options = options;
  }

  api(): FakeApi {
    const guarded = (answer: (request: FakeRequest) => FakeAnswer) => (request: FakeRequest) =>
      this.#refusal(request) ?? answer(request);
    const get = { method: 'GET', token: (url: URL) => tokenOf(skipOf(url)) } as const;
    const v2 = '/api/v2/usergroups';
    return {
      refuse,
      routes: [
        { method: 'POST', path: '/oauth2/token', call: 'token', answer: token },
        { ...get, path: '/api/systemusers', call: 'users', answer: guarded((r) => this.#users(r)) },
        { ...get, path: '/api/systemusers/:id', call: 'user', answer: guarded((r) => this.#user(r)) },
        {
          ...get,
          path: '/api/v2/users/:id/memberof',
          call: 'user_groups',
          answer: guarded((r) => this.#memberOf(r)),
        },
        { ...get, path: '/api/organizations', call: 'organizations', answer: (r) => this.#organizations(r) },
        { ...get, path: v2, call: 'groups', answer: guarded((r) => this.#groups(r)) },
        { ...get, path: `${v2}/:id`, call: 'group', answer: guarded((r) => this.#group(r)) },
        {
          ...get,
          path: `${v2}/:id/members`,
          call: 'members',
          of: ({ id }) => id ?? '',
          answer: guarded((r) => this.#members(r)),
        },
      ],
    };
  }

  #users(request: FakeRequest): FakeAnswer {
    if (request.url.searchParams.get('sort') !== '_id') return refuse(400);
    const people = [...itemsOf(this.#tenant.users)].map((person) => this.#wireUser(person));
    const page = this.#page(request, people);
    return page === undefined ? refuse(400) : { body: { totalCount: page.total, results: page.items } };
  }

  #user({ params }: FakeRequest): FakeAnswer {
    const person = this.#tenant.person(indexOf(params['id'] ?? ''));
    return person === undefined ? refuse(404) : { body: this.#wireUser(person) };
  }

  #groups(request: FakeRequest): FakeAnswer {
    return this.#bareList(request, [...itemsOf(this.#tenant.groups)].map(wireGroup));
  }

  #group({ params }: FakeRequest): FakeAnswer {
    const group = this.#tenant.group(indexOf(params['id'] ?? ''));
    return group === undefined ? refuse(404) : { body: wireGroup(group) };
  }

  #members(request: FakeRequest): FakeAnswer {
    const group = indexOf(request.params['id'] ?? '');
    if (this.#tenant.group(group) === undefined) return refuse(404);
    const ids =
      this.#options.members?.(group, skipOf(request.url)) ??
      [...itemsOf(this.#tenant.members(group))].map(({ index }) => userId(index));
    return this.#bareList(
      request,
      ids.map((id) => ({ to: { type: 'user', id, attributes: null }, attributes: null })),
    );
  }

  #memberOf(request: FakeRequest): FakeAnswer {
    const index = indexOf(request.params['id'] ?? '');
    if (this.#tenant.person(index) === undefined) return refuse(404);
    const groups = [...itemsOf(this.#tenant.groupsOf({ kind: 'user', index }))];
    return this.#bareList(
      request,
      groups.map((group) => ({
        id: groupId(group.index),
        type: 'user_group',
        compiledAttributes: null,
        paths: [],
      })),
    );
  }

  #bareList(request: FakeRequest, all: readonly JsonObject[]): FakeAnswer {
    const page = this.#page(request, all);
    if (page === undefined) return refuse(400);
    const headers: Record<string, string> =
      this.#options.isUncounted === true ? {} : { 'x-total-count': String(page.total) };
    return { headers, body: page.items };
  }

  /** Without gaps: who follows moves up. Positions have no tokens that could be wrong; a fault disobeys them instead. */
  #page(
    request: FakeRequest,
    all: readonly JsonObject[],
  ): { readonly items: JsonValue[]; readonly total: number } | undefined {
    const limit = Number(request.url.searchParams.get('limit') ?? 10);
    if (!(limit >= 1 && limit <= 100)) return undefined;
    const size = Math.min(limit, this.#options.pageSize);
    const skip = skipOf(request.url);
    const page = request.take(listOf(all), { token: tokenOf(skip), size });
    if (page === undefined) return undefined;
    const isStuck = page.next !== null && page.next === (tokenOf(skip) ?? 'p0');
    if (isStuck) return { items: all.slice(0, size), total: page.total };
    const isShifted = page.next === STALE_TOKEN;
    return {
      items: isShifted ? all.slice(skip + 1, skip + 1 + size) : [...page.items],
      total: page.total,
    };
  }

  #organizations({ headers }: FakeRequest): FakeAnswer {
    if (!isKnown(headers)) return refuse(401);
    const results = this.#reached().map((id) => ({ _id: id, id, displayName: `Organization ${id}` }));
    return { body: { totalCount: results.length, results } };
  }

  #refusal({ headers }: FakeRequest): FakeAnswer | undefined {
    if (!isKnown(headers)) return refuse(401);
    const asked = headers['x-org-id'];
    if (asked === undefined) return this.#options.isMultiTenant === true ? refuse(401) : undefined;
    return this.#reached().includes(String(asked)) ? undefined : refuse(404);
  }

  #reached(): readonly string[] {
    return this.#options.organizations ?? [ORGANIZATION];
  }

  #wireUser(person: FakePerson): JsonObject {
    const id = userId(person.index);
    return {
      _id: id,
      id,
      organization: ORGANIZATION,
      username: person.broken ? 17 : person.login,
      email: person.email,
      alternateEmail: null,
      firstname: person.firstName,
      lastname: person.lastName,
      displayname: '',
      jobTitle: person.title,
      department: person.department,
      state: STATE[person.state],
      activated: person.state === 'active',
      suspended: STATE[person.state] === 'SUSPENDED',
      account_locked: false,
      attributes: [],
      ...this.#options.differs?.(person),
    };
  }
}

function wireGroup({ index, name }: FakeGroup): JsonObject {
  return {
    id: groupId(index),
    name,
    type: 'user_group',
    description: '',
    email: '',
    membershipMethod: 'NOTSET',
    attributes: null,
  };
}

function isKnown(headers: FakeRequest['headers']): boolean {
  return headers['x-api-key'] === API_KEY || headers.authorization === `Bearer ${TOKEN}`;
}

/** Client credentials in the header only. */
function token({ headers, body }: FakeRequest): FakeAnswer {
  const form = new URLSearchParams(body);
  const isRight = form.get('grant_type') === 'client_credentials' && form.get('scope') === 'api';
  if (!isRight) return { status: 400, body: { error: 'invalid_request' } };
  return headers.authorization === basic(CLIENT_SECRET)
    ? { body: { access_token: TOKEN, expires_in: 3599, scope: 'api', token_type: 'bearer' } }
    : { status: 401, body: { error: 'invalid_client', error_description: 'Client authentication failed' } };
}

function basic(secret: string): string {
  return `Basic ${Buffer.from(`${CLIENT_ID}:${secret}`).toString('base64')}`;
}

function skipOf(url: URL): number {
  return Number(url.searchParams.get('skip') ?? 0);
}

function tokenOf(skip: number): string | null {
  return skip === 0 ? null : `p${skip}`;
}

function refuse(status: number, { retryAfter }: { readonly retryAfter?: string } = {}): FakeAnswer {
  return {
    status,
    headers: retryAfter === undefined ? {} : { 'retry-after': retryAfter },
    body: { message: status === 404 ? 'Not Found' : 'Refused' },
  };
}
