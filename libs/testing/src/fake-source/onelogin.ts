import type { JsonObject, JsonValue } from '#kernel';
import type { ConformanceFake } from '../connector-conformance/conformance-world.js';
import {
  startFakeServer,
  type FakeAnswer,
  type FakeApi,
  type FakeRequest,
  type FakeServer,
} from './fake-server.js';
import { itemsOf, listOf, type FakeGroup, type FakePerson, type FakeTenant } from './fake-tenant.js';

const CLIENT_ID = 'fake-onelogin-client';
const CLIENT_SECRET = 'fake-onelogin-secret';
const TOKEN = 'fake-onelogin-token';

const userId = (index: number): string => String(36_200_000 + index);
const roleId = (index: number): string => String(199_000 + index);

const answers = (url: string, secret: string): JsonObject => ({
  domain: url,
  client_id: CLIENT_ID,
  client_secret: secret,
});

/** What a test changes about the fake; read at every request, so it may change while somebody reads. */
export interface FakeOneLoginOptions {
  readonly pageSize: number;
  /** What is different in a user as sent; undefined leaves a field out. */
  differs?: (person: FakePerson) => Readonly<Record<string, JsonValue | undefined>>;
  /** Groups of version 1, by name. */
  groups?: readonly string[];
  /** What `Total-Count` says; null leaves it out. */
  totalCount?: (count: number) => number | null;
  /** Listed among the users of every role without having it. */
  unassigned?: readonly number[];
  /** Requests that are left in this hour. */
  remaining?: number;
  /** What a token request gets instead of a token. */
  tokenError?: FakeAnswer;
  /** The scope does not reach this far: calls that are refused as version 1 refuses them. */
  noScope?: readonly string[];
}

/**
 * OneLogin's API, version 2 and for groups version 1, as the vendor's pages and answers that others recorded show it
 * (2026-09): cursors in headers that are page numbers in disguise and come with no other word about paging, counts in
 * headers, fields that are asked for, limits whose reset is in seconds from now, two kinds of errors.
 */
export const fakeOneLogin: ConformanceFake = {
  start: (tenant, options) => startFakeOneLogin(tenant, options),
  answers: (url) => answers(url, CLIENT_SECRET),
  wrongAnswers: (url) => answers(url, 'wrong'),
  secrets: [CLIENT_SECRET, TOKEN, Buffer.from(`${CLIENT_ID}:${CLIENT_SECRET}`).toString('base64')],
  userId,
  groupId: (index) => `role:${roleId(index)}`,
  calls: { users: 'users', groups: 'roles', members: 'members', lookUp: 'user', memberLookUp: 'user' },
  states: {
    active: { active: true, stateReason: null },
    suspended: { active: false, stateReason: 'suspended' },
    pending: { active: false, stateReason: 'pending' },
    // Rejected by an admin.
    archived: { active: false, stateReason: 'suspended' },
  },
  statesRemovals: false,
};

/** The same with what a test changes about it. */
export function startFakeOneLogin(tenant: FakeTenant, options: FakeOneLoginOptions): Promise<FakeServer> {
  return startFakeServer(new OneLogin(tenant, options).api());
}

const STATUS = { active: 1, suspended: 2, pending: 0, archived: 1 };

/** The fields of a list unless others are asked for. */
const DEFAULT_FIELDS = ['id', 'username', 'email', 'firstname', 'lastname', 'status', 'state', 'group_id'];

class OneLogin {
  readonly #tenant: FakeTenant;
  readonly #options: FakeOneLoginOptions;

  constructor(tenant: FakeTenant, options: FakeOneLoginOptions) {
    this.#tenant = tenant;
    this.#options = options;
  }

  api(): FakeApi {
    const get = (
      path: string,
      call: string,
      answer: (request: FakeRequest) => FakeAnswer,
    ): FakeApi['routes'][number] => ({
      method: 'GET',
      path,
      call,
      token: (url) => positionOf(url),
      of: ({ id }) => id ?? '',
      answer: (request) => this.#refusal(request, call) ?? answer(request),
    });
    return {
      refuse: (status, details) => refuse(status, details, this.#tenant.clock.now()),
      headers: () => this.#rateHeaders(),
      routes: [
        { method: 'POST', path: '/auth/oauth2/v2/token', call: 'token', answer: (r) => this.#token(r) },
        get('/api/2/users', 'users', (r) => this.#users(r)),
        get('/api/2/users/:id', 'user', (r) => this.#user(r)),
        get('/api/2/roles', 'roles', (r) => this.#roles(r)),
        get('/api/2/roles/:id', 'role', (r) => this.#role(r)),
        get('/api/2/roles/:id/users', 'members', (r) => this.#members(r)),
        get('/api/1/groups', 'groups', (r) => this.#groups(r)),
      ],
    };
  }

  #rateHeaders(): Readonly<Record<string, string>> {
    const { remaining } = this.#options;
    if (remaining === undefined) return {};
    return {
      'x-ratelimit-limit': '5000',
      'x-ratelimit-remaining': String(remaining),
      'x-ratelimit-reset': '60',
    };
  }

  #token({ headers, body }: FakeRequest): FakeAnswer {
    if (this.#options.tokenError !== undefined) return this.#options.tokenError;
    const given = JSON.parse(body) as JsonObject;
    const basic = Buffer.from(`${CLIENT_ID}:${CLIENT_SECRET}`).toString('base64');
    if (given['grant_type'] !== 'client_credentials') return envelope(400, 'grant_type is incorrect/absent');
    if (headers.authorization !== `Basic ${basic}`) return envelope(401, 'Authentication Failure');
    return {
      body: {
        access_token: TOKEN,
        created_at: '2026-03-02T08:00:00.000Z',
        expires_in: 36_000,
        refresh_token: 'unused',
        token_type: 'bearer',
        account_id: 555_555,
      },
    };
  }

  #refusal({ headers }: FakeRequest, call: string): FakeAnswer | undefined {
    if (headers.authorization !== `Bearer ${TOKEN}`) return refuse(401, {}, this.#tenant.clock.now());
    return this.#options.noScope?.includes(call) === true
      ? envelope(401, 'Insufficient Permission')
      : undefined;
  }

  #users(request: FakeRequest): FakeAnswer {
    const wanted = (request.url.searchParams.get('fields')?.split(',') ?? DEFAULT_FIELDS).map((name) =>
      name.trim(),
    );
    return this.#page(request, [...itemsOf(this.#tenant.users)], (person) => {
      const all = this.#wire(person);
      return Object.fromEntries(Object.entries(all).filter(([name]) => wanted.includes(name)));
    });
  }

  #user({ params }: FakeRequest): FakeAnswer {
    const person = this.#tenant.person(Number(params['id']) - Number(userId(0)));
    return person === undefined ? notFound() : { body: this.#wire(person) };
  }

  #roles(request: FakeRequest): FakeAnswer {
    const wire = ({ index, name }: FakeGroup): JsonObject => ({ id: Number(roleId(index)), name });
    return this.#page(request, [...itemsOf(this.#tenant.groups)], wire);
  }

  #role({ params }: FakeRequest): FakeAnswer {
    const role = this.#tenant.group(Number(params['id']) - Number(roleId(0)));
    return role === undefined
      ? notFound()
      : { body: { id: Number(roleId(role.index)), name: role.name, apps: [], users: [], admins: [] } };
  }

  #members(request: FakeRequest): FakeAnswer {
    const role = Number(request.params['id']) - Number(roleId(0));
    if (this.#tenant.group(role) === undefined) return notFound();
    const { unassigned = [] } = this.#options;
    const assigned = [...itemsOf(this.#tenant.members(role))].map(({ index }) => ({ index, assigned: true }));
    const all = [...unassigned.map((index) => ({ index, assigned: false })), ...assigned];
    return this.#page(request, all, ({ index, assigned: isAssigned }) => ({
      id: Number(userId(index)),
      name: `Person ${index}`,
      username: `person${index}@example.com`,
      added_by: { id: 678, name: 'Susan Example' },
      added_at: '2026-01-05T09:00:00Z',
      assigned: isAssigned,
    }));
  }

  /** Version 1: an envelope, and the cursor in it. */
  #groups(request: FakeRequest): FakeAnswer {
    const { groups = [], pageSize } = this.#options;
    const token = request.url.searchParams.get('after_cursor');
    const page = request.take(
      listOf(groups.map((name, index) => ({ id: 88_000 + index, name, reference: null }))),
      {
        token: token === null ? null : decoded(token),
        size: pageSize,
      },
    );
    if (page === undefined) return envelope(400, 'invalid cursor');
    return {
      body: {
        status: { error: false, code: 200, type: 'success', message: 'Success' },
        pagination: {
          before_cursor: null,
          after_cursor: page.next === null ? null : encoded(page.next),
          previous_link: null,
          next_link: null,
        },
        data: [...page.items],
      },
    };
  }

  #page<T>(request: FakeRequest, all: readonly T[], wire: (item: T) => JsonObject): FakeAnswer {
    const query = request.url.searchParams;
    if (query.has('cursor') && (query.has('limit') || query.has('page')))
      return badRequest('Requests can only have cursor xor pagination arguments');
    const size = Math.min(Number(query.get('limit') ?? 100), this.#options.pageSize);
    const page = request.take(listOf(all), { token: positionOf(request.url), size });
    if (page === undefined) return badRequest('Invalid pagination cursor');
    const total = (this.#options.totalCount ?? ((count) => count))(page.total);
    return {
      headers: {
        ...(total === null ? {} : { 'total-count': String(total) }),
        'page-items': String(page.items.length),
        ...(page.next === null ? {} : { 'after-cursor': encoded(page.next) }),
      },
      body: page.items.map(wire),
    };
  }

  #wire(person: FakePerson): JsonObject {
    const all: Record<string, JsonValue | undefined> = {
      id: Number(userId(person.index)),
      username: person.login,
      email: person.email,
      firstname: person.broken ? 17 : person.firstName,
      lastname: person.lastName,
      title: person.title,
      department: person.department,
      company: null,
      status: STATUS[person.state],
      state: person.state === 'archived' ? 2 : 1,
      group_id: null,
      role_ids: [...itemsOf(this.#tenant.groupsOf({ kind: 'user', index: person.index }))].map(({ index }) =>
        Number(roleId(index)),
      ),
      custom_attributes: { badge: `B${person.index}`, food: null },
      manager_user_id: person.index === 0 ? null : Number(userId(0)),
      last_login: this.#tenant.clock.now().toISOString(),
      updated_at: this.#tenant.clock.now().toISOString(),
      ...this.#options.differs?.(person),
    };
    return Object.fromEntries(
      Object.entries(all).filter((entry): entry is [string, JsonValue] => entry[1] !== undefined),
    );
  }
}

function positionOf(url: URL): string | null {
  const cursor = url.searchParams.get('cursor');
  return cursor === null ? null : decoded(cursor);
}

function encoded(position: string): string {
  return Buffer.from(`sort=id&position=${position}&sort_direction=asc`).toString('base64');
}

function decoded(cursor: string): string {
  return new URLSearchParams(Buffer.from(cursor, 'base64').toString()).get('position') ?? 'unknown';
}

/** Of version 1 and of tokens. */
function envelope(code: number, message: string): FakeAnswer {
  return { status: code, body: { status: { error: true, code, type: 'error', message } } };
}

function notFound(): FakeAnswer {
  const message = 'The resource with the given id could not be found';
  return { status: 404, body: { message, name: 'NotFoundError', statusCode: 404 } };
}

function badRequest(description: string): FakeAnswer {
  return { status: 400, body: { status: 400, error: 'BadRequestError', description } };
}

function refuse(status: number, { retryAfter }: { readonly retryAfter?: string }, now: Date): FakeAnswer {
  const names: Readonly<Record<number, string>> = { 401: 'UnauthorizedError', 403: 'ForbiddenError' };
  return {
    status,
    headers: status === 429 ? resetHeaders(retryAfter ?? '1', now) : {},
    body: { message: 'Refused', name: names[status] ?? 'Error', statusCode: status },
  };
}

/** OneLogin says in how many seconds, and sends no Retry-After. */
function resetHeaders(wait: string, now: Date): Record<string, string> {
  const seconds = /^\d+$/.test(wait) ? Number(wait) : Math.ceil((Date.parse(wait) - now.getTime()) / 1_000);
  return { 'x-ratelimit-limit': '5000', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(seconds) };
}
