import type { JsonObject, JsonValue } from '#kernel';
import type { ConformanceFake } from '../connector-conformance/conformance-world.js';
import {
  STALE_TOKEN,
  startFakeServer,
  type FakeAnswer,
  type FakeApi,
  type FakeRequest,
  type FakeServer,
  type TakenPage,
} from './fake-server.js';
import { itemsOf, listOf, type FakeGroup, type FakePerson, type FakeTenant } from './fake-tenant.js';

const CLIENT_ID = 'rollcall';
const CLIENT_SECRET = 'fake-keycloak-secret';
const REALM = 'acme';
const ADMIN = `/admin/realms/${REALM}`;

const userId = (index: number): string => `5c0ffee0-0000-4000-8000-${String(index).padStart(12, '0')}`;
const groupId = (index: number): string => `9d0ffee0-0000-4000-8000-${String(index).padStart(12, '0')}`;
const indexOf = (id: string | undefined): number => Number((id ?? '').slice(-12));

const answers = (url: string, secret: string): JsonObject => ({
  server_url: url,
  realm: REALM,
  client_id: CLIENT_ID,
  client_secret: secret,
});

/** What a test changes about the fake; read at every request, so it may change while somebody reads. */
export interface FakeKeycloakOptions {
  readonly pageSize: number;
  /** `query-users` shows those only of whom `shows` says so; `view-users` shows everybody. */
  role?: 'view-users' | 'query-users';
  shows?: (person: FakePerson) => boolean;
  /** `embedded`: before version 23, when groups stood inside their parents and had no list of children. */
  groups?: 'children' | 'embedded';
  /** Index of the group above. */
  parentOf?: (group: number) => number | undefined;
  /** What is added to a user as sent. */
  differs?: (person: FakePerson) => JsonObject;
  /** Dropped after the page was cut, as users of a federation are that are not valid any more. */
  drops?: (person: FakePerson) => boolean;
  /** What `/users/count` says. */
  count?: (users: number) => number;
  /** What a group says of its subgroups. */
  subGroupCount?: (count: number) => number;
  /** What is said about a user federation; that it is there, unless told. */
  component?: () => FakeAnswer;
  /** What a token request gets instead of a token. */
  tokenError?: FakeAnswer;
}

/**
 * Keycloak's Admin REST API as the server's source (versions 4 to 26) and what others measured on 26.7 show it: lists by
 * position without an end marker, users hidden without a word from those who may query only, a 404 in words of its own,
 * the realm's clock in nothing, tokens of a minute.
 */
export const fakeKeycloak: ConformanceFake = {
  start: (tenant, options) => startFakeKeycloak(tenant, options),
  answers: (url) => answers(url, CLIENT_SECRET),
  wrongAnswers: (url) => answers(url, 'wrong'),
  secrets: [CLIENT_SECRET, 'fake-keycloak-token'],
  userId,
  groupId,
  calls: {
    users: 'users',
    groups: 'groups',
    members: 'members',
    lookUp: 'user',
    memberLookUp: 'user_groups',
  },
  forgetsPages: false,
  states: {
    active: { active: true, stateReason: null },
    suspended: { active: false, stateReason: 'suspended' },
    // Enabled, with something left to do at the next login.
    pending: { active: true, stateReason: null },
    archived: { active: false, stateReason: 'suspended' },
  },
  statesRemovals: false,
};

/** The same with what a test changes about it. */
export function startFakeKeycloak(tenant: FakeTenant, options: FakeKeycloakOptions): Promise<FakeServer> {
  return startFakeServer(new Keycloak(tenant, options).api());
}

class Keycloak {
  readonly #tenant: FakeTenant;
  readonly #options: FakeKeycloakOptions;
  #tokens = 0;

  constructor(tenant: FakeTenant, options: FakeKeycloakOptions) {
    this.#tenant = tenant;
    this.#options = options;
  }

  api(): FakeApi {
    const listed = { token: (url: URL) => tokenOf(firstOf(url)) };
    const get = (
      path: string,
      call: string,
      answer: (request: FakeRequest) => FakeAnswer,
    ): FakeApi['routes'][number] => ({
      method: 'GET',
      path: `${ADMIN}${path}`,
      // A look at what follows the last one is no page.
      call: (url) => (url.searchParams.get('max') === '1' ? `${call}_peek` : call),
      of: ({ id }) => id ?? '',
      answer: (request) => (isAuthorized(request.headers) ? answer(request) : refuse(401, {})),
    });
    return {
      refuse,
      routes: [
        {
          method: 'POST',
          path: `/realms/${REALM}/protocol/openid-connect/token`,
          call: 'token',
          answer: (request) => this.#token(request),
        },
        {
          method: 'POST',
          path: '/realms/:realm/protocol/openid-connect/token',
          call: 'other_realm',
          answer: () => notFound('Realm does not exist'),
        },
        { ...get('/users', 'users', (r) => this.#users(r)), ...listed, of: () => '' },
        get('/users/count', 'count', () => this.#count()),
        get('/users/:id', 'user', (r) => this.#user(r)),
        { ...get('/users/:id/groups', 'user_groups', (r) => this.#userGroups(r)), ...listed },
        { ...get('/groups', 'groups', (r) => this.#groups(r)), ...listed, of: () => '' },
        get('/groups/count', 'group_count', () => ({
          body: { count: [...itemsOf(this.#tenant.groups)].length },
        })),
        get('/groups/:id', 'group', (r) => this.#group(r)),
        { ...get('/groups/:id/children', 'children', (r) => this.#children(r)), ...listed },
        { ...get('/groups/:id/members', 'members', (r) => this.#members(r)), ...listed },
        get('/components/:id', 'component', ({ params }) => this.#component(params['id'] ?? '')),
        get('/attack-detection/brute-force/users/:id', 'probe', () => this.#bruteForce()),
      ],
    };
  }

  #token({ body }: FakeRequest): FakeAnswer {
    if (this.#options.tokenError !== undefined) return this.#options.tokenError;
    const form = new URLSearchParams(body);
    const isKnown = form.get('client_id') === CLIENT_ID && form.get('client_secret') === CLIENT_SECRET;
    if (form.get('grant_type') !== 'client_credentials' || !isKnown)
      return {
        status: 401,
        body: {
          error: 'unauthorized_client',
          error_description: 'Invalid client or Invalid client credentials',
        },
      };
    this.#tokens++;
    return {
      body: {
        access_token: `fake-keycloak-token-${this.#tokens}`,
        expires_in: 60,
        refresh_expires_in: 0,
        token_type: 'Bearer',
        'not-before-policy': 0,
        scope: 'profile email',
      },
    };
  }

  get #seesAll(): boolean {
    return this.#options.role !== 'query-users';
  }

  #isShown(person: FakePerson): boolean {
    return this.#seesAll || this.#options.shows?.(person) === true;
  }

  /** Hidden ones are left out after the page was cut, and so are dropped ones. */
  #users(request: FakeRequest): FakeAnswer {
    const people = [...itemsOf(this.#tenant.users)];
    const isBrief = request.url.searchParams.get('briefRepresentation') === 'true';
    const wire = (person: FakePerson): JsonObject[] =>
      this.#isShown(person) && this.#options.drops?.(person) !== true ? [this.#wire(person, isBrief)] : [];
    return this.#page(request, people, wire);
  }

  #count(): FakeAnswer {
    const count = [...itemsOf(this.#tenant.users)].filter((person) => this.#isShown(person)).length;
    return { body: this.#options.count?.(count) ?? count };
  }

  /** Existence first, the right afterwards. */
  #user({ params }: FakeRequest): FakeAnswer {
    const { id } = params;
    const people = [...itemsOf(this.#tenant.users)].filter(
      (person) => this.#options.drops?.(person) !== true,
    );
    const person = people.find((candidate) => this.#wire(candidate, false)['id'] === id);
    if (person === undefined) return notFound('User not found');
    return this.#isShown(person) ? { body: this.#wire(person, false) } : refuse(403, {});
  }

  #userGroups(request: FakeRequest): FakeAnswer {
    const index = indexOf(request.params['id']);
    if (this.#tenant.person(index) === undefined) return notFound('User not found');
    if (!this.#seesAll) return refuse(403, {});
    const groups = [...itemsOf(this.#tenant.groupsOf({ kind: 'user', index }))];
    return this.#page(request, groups, (group) => [this.#wireGroup(group)]);
  }

  #component(id: string): FakeAnswer {
    const found = {
      id,
      name: 'ldap',
      providerId: 'ldap',
      providerType: 'org.keycloak.storage.UserStorageProvider',
    };
    return this.#options.component?.() ?? { body: found };
  }

  #bruteForce(): FakeAnswer {
    if (!this.#seesAll) return refuse(403, {});
    return { body: { numFailures: 0, disabled: false, lastIPFailure: 'n/a', lastFailure: 0 } };
  }

  #groups(request: FakeRequest): FakeAnswer {
    return this.#page(request, this.#below(undefined), (group) => [this.#wireGroup(group)]);
  }

  #group({ params }: FakeRequest): FakeAnswer {
    const group = this.#tenant.group(indexOf(params['id']));
    if (group === undefined) return notFound('Could not find group by id');
    return this.#seesAll ? { body: this.#wireGroup(group) } : refuse(403, {});
  }

  #children(request: FakeRequest): FakeAnswer {
    if (this.#options.groups === 'embedded') return refuse(405, {});
    const group = this.#tenant.group(indexOf(request.params['id']));
    if (group === undefined) return notFound('Could not find group by id');
    return this.#page(request, this.#below(group.index), (child) => [this.#wireGroup(child)]);
  }

  #members(request: FakeRequest): FakeAnswer {
    const group = indexOf(request.params['id']);
    if (this.#tenant.group(group) === undefined) return notFound('Could not find group by id');
    if (!this.#seesAll) return refuse(403, {});
    const people = [...itemsOf(this.#tenant.members(group))].flatMap(
      ({ index }) => this.#tenant.person(index) ?? [],
    );
    return this.#page(request, people, (person) => [this.#wire({ ...person, broken: false }, true)]);
  }

  #page<T>(request: FakeRequest, all: readonly T[], wire: (item: T) => JsonObject[]): FakeAnswer {
    const { url } = request;
    const first = firstOf(url);
    const size = Math.min(Number(url.searchParams.get('max') ?? 100), this.#options.pageSize);
    const page = request.take(listOf(all), { token: tokenOf(first), size });
    if (page === undefined) return refuse(400, {});
    return { body: partOf(all, page, { first, size }).flatMap(wire) };
  }

  #below(parent: number | undefined): FakeGroup[] {
    const { parentOf = () => undefined } = this.#options;
    return [...itemsOf(this.#tenant.groups)].filter(({ index }) => parentOf(index) === parent);
  }

  #wireGroup(group: FakeGroup): JsonObject {
    const parent = this.#options.parentOf?.(group.index);
    const below = this.#below(group.index);
    const isEmbedded = this.#options.groups === 'embedded';
    const said = this.#options.subGroupCount?.(below.length) ?? below.length;
    return {
      id: groupId(group.index),
      name: group.name,
      path: `/${parent === undefined ? '' : '…/'}${group.name}`,
      ...(parent === undefined || isEmbedded ? {} : { parentId: groupId(parent) }),
      ...(isEmbedded ? {} : { subGroupCount: said }),
      subGroups: isEmbedded ? below.map((child): JsonValue => this.#wireGroup(child)) : [],
      attributes: {},
      realmRoles: [],
      clientRoles: {},
      access: { view: true, viewMembers: true, manageMembers: false, manage: false, manageMembership: false },
    };
  }

  #wire(person: FakePerson, isBrief: boolean): JsonObject {
    const more: JsonObject = {
      attributes: { title: [person.title], department: [person.department], locale: ['en'] },
      requiredActions: person.state === 'pending' ? ['UPDATE_PASSWORD'] : [],
      notBefore: 0,
      totp: false,
      disableableCredentialTypes: [],
    };
    return {
      id: userId(person.index),
      username: person.broken ? 17 : person.login,
      email: person.email,
      firstName: person.firstName,
      lastName: person.lastName,
      enabled: person.state === 'active' || person.state === 'pending',
      emailVerified: true,
      createdTimestamp: 1_767_600_000_000 + person.index,
      ...(isBrief ? {} : more),
      ...(isBrief ? {} : this.#options.differs?.(person)),
    };
  }
}

function isAuthorized({ authorization }: FakeRequest['headers']): boolean {
  return /^Bearer fake-keycloak-token-\d+$/.test(authorization ?? '');
}

/** Positions have no tokens that could be wrong: the position is not obeyed, or everybody has moved up by one. */
function partOf<T>(
  all: readonly T[],
  page: TakenPage<T>,
  { first, size }: { readonly first: number; readonly size: number },
): readonly T[] {
  if (page.next === STALE_TOKEN) return all.slice(first + 1, first + 1 + size);
  const isRepeat = page.next !== null && page.next === (tokenOf(first) ?? 'p0');
  return isRepeat ? all.slice(0, size) : page.items;
}

function firstOf(url: URL): number {
  return Number(url.searchParams.get('first') ?? 0);
}

function tokenOf(first: number): string | null {
  return first === 0 ? null : `p${first}`;
}

function notFound(error: string): FakeAnswer {
  return { status: 404, body: { error } };
}

/** The words of RESTEasy; a path that nobody serves has its own. */
function refuse(status: number, { retryAfter }: { readonly retryAfter?: string }): FakeAnswer {
  return {
    status,
    headers: retryAfter === undefined ? {} : { 'retry-after': retryAfter },
    body: { error: status === 404 ? 'Unable to find matching target resource method' : `HTTP ${status}` },
  };
}
