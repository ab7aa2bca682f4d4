import type { JsonObject, JsonValue } from '#kernel';
import type { ConformanceFake } from '../connector-conformance/conformance-world.js';
import { ConsentPage } from './consent-page.js';
import {
  startFakeServer,
  type FakeAnswer,
  type FakeApi,
  type FakeRequest,
  type FakeRoute,
  type FakeServer,
} from './fake-server.js';
import { itemsOf, listOf, mapList, type FakeGroup, type FakePerson, type FakeTenant } from './fake-tenant.js';
import { inAMonth, ripplingPlatformRoutes } from './rippling-platform.js';
import { RotatingTokens } from './rotating-tokens.js';

const TOKEN = 'fake-rippling-token';
const CLIENT_ID = 'fake-rippling-client';
const CLIENT_SECRET = 'fake-rippling-client-secret';
const REFRESH_TOKEN = 'fake-rippling-first-refresh';
const PREFIX = 'fake-rippling-oauth';

const userId = (index: number): string => `5f00000000000000${String(index).padStart(8, '0')}`;
const groupId = (index: number): string => `6a00000000000000${String(index).padStart(8, '0')}`;

/** What a test changes about the fake. */
export interface FakeRipplingOptions {
  readonly pageSize: number;
  /** Attributes of a worker that differ, in Rippling's own spelling. */
  readonly differs?: (person: FakePerson) => JsonObject;
  /** Fields that the token may not see, as `__meta` names them. */
  readonly redacted?: readonly string[];
  /** Rights that the token lacks: `departments.read` … */
  readonly lacks?: readonly string[];
  readonly departments?: () => readonly JsonObject[];
  readonly teams?: readonly JsonObject[];
  readonly locations?: readonly JsonObject[];
  /** Single workers cannot be read. */
  readonly hidesSingle?: boolean;
  readonly supergroups?: (group: FakeGroup) => JsonObject;
}

/** Rippling with workers of the caller's own making; both APIs answer. */
export async function startFakeRippling(
  tenant: FakeTenant,
  options: FakeRipplingOptions,
): Promise<FakeServer & { readonly consent: ConsentPage }> {
  const rippling = new Rippling(tenant, options);
  return { ...(await startFakeServer(rippling.api())), consent: rippling.consent };
}

/**
 * Rippling's REST API as its description shows it (2026-09): opaque cursors inside absolute links, a page size that is
 * refused when it is too large, fields that are redacted and named, names on the user and not on the worker.
 */
export const fakeRippling: ConformanceFake = {
  start: startFakeRippling,
  answers: () => ({ api_token: TOKEN, supergroups: true, group_types: ['none'] }),
  wrongAnswers: () => ({ api_token: 'another-token', supergroups: true, group_types: ['none'] }),
  hosts: (url) => ({
    'https://rest.ripplingapis.com': url,
    'https://app.rippling.com': url,
    'https://api.rippling.com': url,
  }),
  secrets: [TOKEN],
  userId,
  groupId: (index) => `supergroup:${groupId(index)}`,
  calls: { users: 'users', groups: 'groups', members: 'members', lookUp: 'user' },
  forgetsCursors: false,
  states: {
    active: { active: true, stateReason: null },
    // Rippling has no status for leave.
    suspended: { active: true, stateReason: null },
    pending: { active: false, stateReason: 'pending' },
    archived: { active: false, stateReason: 'terminated' },
  },
  statesRemovals: false,
};

/** The same, signed in by an OAuth app whose refresh token is good for one use. */
export const fakeRipplingOAuth: ConformanceFake = {
  ...fakeRippling,
  answers: () => oauth(REFRESH_TOKEN),
  wrongAnswers: () => oauth('another-refresh-token'),
  secrets: [
    CLIENT_SECRET,
    REFRESH_TOKEN,
    PREFIX,
    Buffer.from(`${CLIENT_ID}:${CLIENT_SECRET}`).toString('base64'),
  ],
};

/** The older platform API, by its API key. It makes its groups of departments and cities only. */
export const fakeRipplingPlatform: ConformanceFake = {
  ...fakeRippling,
  answers: () => platform(TOKEN),
  wrongAnswers: () => platform('another-token'),
  calls: { users: 'employees' },
  forgetsPages: false,
  readsWhole: true,
  countsLists: false,
  warnings: ['The platform API is the older one. It knows no teams, no legal entities and no supergroups.'],
};

function platform(token: string): JsonObject {
  return { api: 'platform', api_token: token, group_types: ['none'] };
}

function oauth(refreshToken: string): JsonObject {
  return {
    auth_mode: 'oauth',
    client_id: CLIENT_ID,
    client_secret: CLIENT_SECRET,
    refresh_token: refreshToken,
    supergroups: true,
    group_types: ['none'],
  };
}

class Rippling {
  readonly #tenant: FakeTenant;
  readonly #options: FakeRipplingOptions;
  readonly #tokens = new RotatingTokens(REFRESH_TOKEN, { prefix: PREFIX });
  readonly consent: ConsentPage;

  constructor(tenant: FakeTenant, options: FakeRipplingOptions) {
    this.consent = new ConsentPage({
      clientId: CLIENT_ID,
      now: () => tenant.clock.now().getTime(),
      issue: () => this.#tokens.begin(3_600),
      tellsScopes: true,
    });
    this.#tenant = tenant;
    this.#options = options;
  }

  api(): FakeApi {
    const { departments, teams, locations } = this.#options;
    const tokenRoute = (path: string): FakeRoute => ({
      method: 'POST',
      path,
      call: 'token',
      answer: (request) => this.#token(request),
    });
    return {
      headers: () => ({ date: this.#tenant.clock.now().toUTCString() }),
      refuse,
      routes: [
        this.consent.route('/o/authorize'),
        this.consent.route('/apps/PLATFORM/:app/authorize'),
        tokenRoute('/o/token'),
        tokenRoute('/api/o/token/'),
        this.#list('/workers/', ['users', 'workers.read'], (r) => this.#workers(r)),
        this.#one('/workers/:id/'),
        this.#list('/departments/', ['departments', 'departments.read'], () => departments?.() ?? []),
        this.#list('/teams/', ['teams', 'teams.read'], () => teams ?? []),
        this.#list('/work-locations/', ['locations', 'work-locations.read'], () => locations ?? []),
        this.#list('/supergroups/', ['groups', 'supergroups.read'], () => this.#supergroups()),
        this.#list('/supergroups/:id/members/', ['members', 'supergroups.read'], (r) => this.#members(r)),
        ...ripplingPlatformRoutes(this.#tenant, {
          ...this.#options,
          userId,
          isAllowed: (request) => this.#isAllowed(request),
        }),
      ],
    };
  }

  #list(
    path: string,
    [call, scope]: readonly [string, string],
    // Undefined refuses the query, null says that there is no such thing.
    items: (request: FakeRequest) => readonly JsonValue[] | undefined | null,
  ): FakeRoute {
    return {
      method: 'GET',
      path,
      call,
      token: (url) => url.searchParams.get('cursor'),
      of: ({ id }) => id ?? '',
      answer: (request) => {
        if (!this.#isAllowed(request)) return refuse(401, {});
        if (this.#options.lacks?.includes(scope) === true) return refuse(403, {});
        const query = request.url.searchParams;
        const limit = Number(query.get('limit') ?? 50);
        const all = items(request);
        if (all === null) return refuse(404, {});
        if (all === undefined || !(limit >= 1 && limit <= 100)) return refuse(400, {});
        const size = Math.min(limit, this.#options.pageSize);
        const page = request.take(listOf(all), { token: query.get('cursor'), size });
        if (page === undefined) return refuse(400, {});
        return { body: this.#page(page.items, page.next, request) };
      },
    };
  }

  #page(items: readonly JsonValue[], next: string | null, { url, origin }: FakeRequest): JsonObject {
    const link = new URL(url.pathname, origin);
    if (next !== null) link.searchParams.set('cursor', next);
    const redacted = this.#options.redacted ?? [];
    return {
      __meta: { redacted_fields: redacted.map((name) => ({ name, reason: 'no permission' })) },
      results: items.map((item) => without(item, redacted)),
      ...(next !== null && { next_link: link.href }),
    };
  }

  #workers({ url }: FakeRequest): readonly JsonValue[] | undefined {
    const filter = url.searchParams.get('filter');
    const since = /^updated_at ge '([^']+)'$/.exec(filter ?? '')?.[1];
    if (filter !== null && (since === undefined || Number.isNaN(Date.parse(since)))) return undefined;
    const expand = (url.searchParams.get('expand') ?? '').split(',');
    return [...itemsOf(this.#tenant.users)]
      .filter(({ index }) => since === undefined || this.#changedAt(index) >= Date.parse(since))
      .map((person) => this.#worker(person, expand));
  }

  #one(path: string): FakeRoute {
    return {
      method: 'GET',
      path,
      call: 'user',
      answer: (request) => {
        if (!this.#isAllowed(request)) return refuse(401, {});
        const { id } = request.params;
        const person = [...itemsOf(this.#tenant.users)].find(({ index }) => userId(index) === id);
        return person === undefined || this.#options.hidesSingle === true
          ? refuse(404, {})
          : { body: this.#worker(person, []) };
      },
    };
  }

  #changedAt(index: number): number {
    return this.#tenant.changedAt('user', index);
  }

  #worker(person: FakePerson, expand: readonly string[]): JsonObject {
    const worker: JsonObject = {
      ...wireWorker(person, this.#tenant.startedAt),
      updated_at: new Date(this.#changedAt(person.index)).toISOString(),
      ...this.#options.differs?.(person),
    };
    const hidden = ['user', 'employment_type', 'legal_entity'].filter((name) => !expand.includes(name));
    return without(worker, hidden) as JsonObject;
  }

  #supergroups(): readonly JsonObject[] {
    return [...itemsOf(this.#tenant.groups)].map((group) => ({
      id: groupId(group.index),
      created_at: '2024-01-01T00:00:00Z',
      updated_at: new Date(
        Math.max(
          this.#tenant.changedAt('group', group.index),
          this.#tenant.changedAt('members', group.index),
        ),
      ).toISOString(),
      display_name: group.name,
      name: `internal-${group.index}`,
      group_type: 'CUSTOM',
      is_invisible: false,
      ...this.#options.supergroups?.(group),
    }));
  }

  #members({ params }: FakeRequest): readonly JsonObject[] | null {
    const index = Number(params['id']?.slice(16));
    if (this.#tenant.group(index) === undefined) return null;
    const wire = mapList(this.#tenant.members(index), (member) => ({
      id: `member-${member.index}`,
      full_name: `Person ${member.index}`,
      worker_id: userId(member.index),
    }));
    return [...itemsOf(wire)];
  }

  #isAllowed({ headers }: FakeRequest): boolean {
    return headers.authorization === `Bearer ${TOKEN}` || this.#tokens.accepts(headers.authorization);
  }

  /** The client by Basic, the grant as a form. */
  #token({ headers, body }: FakeRequest): FakeAnswer {
    const basic = `Basic ${Buffer.from(`${CLIENT_ID}:${CLIENT_SECRET}`).toString('base64')}`;
    if (headers.authorization !== basic) return { status: 401, body: { error: 'invalid_client' } };
    const form = new URLSearchParams(body);
    return (
      this.consent.exchange(Object.fromEntries(form)) ??
      this.#tokens.grant(form.get('grant_type'), form.get('refresh_token'), 3_600) ?? {
        status: 400,
        body: { error: 'invalid_grant' },
      }
    );
  }
}

function wireWorker(person: FakePerson, startedAt: number): JsonObject {
  const { index, state } = person;
  return {
    id: userId(index),
    created_at: '2024-01-01T00:00:00Z',
    user_id: `user-${index}`,
    user: {
      id: `user-${index}`,
      active: state === 'active',
      username: person.login,
      name: { given_name: person.firstName, family_name: person.lastName },
      emails: [{ value: person.email, type: 'WORK' }],
    },
    is_manager: false,
    manager_id: index === 0 ? null : userId(0),
    start_date: state === 'pending' ? inAMonth(startedAt) : '2020-06-01',
    end_date: state === 'archived' ? '2026-01-31' : null,
    number: index + 1,
    work_email: person.broken ? 17 : person.email,
    status: { active: 'ACTIVE', suspended: 'ACTIVE', pending: 'ACCEPTED', archived: 'TERMINATED' }[state],
    title: person.title,
    // Nobody asks for it.
    compensation_id: 'salary-5000',
    date_of_birth: '1990-01-01',
  };
}

/** Without fields; a path goes into objects. */
function without(value: JsonValue, paths: readonly string[]): JsonValue {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const inner = (name: string): string[] =>
    paths.filter((path) => path.startsWith(`${name}.`)).map((path) => path.slice(name.length + 1));
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => !paths.includes(name))
      .map(([name, item]) => [name, inner(name).length === 0 ? item : without(item, inner(name))]),
  );
}

function refuse(status: number, { retryAfter }: { readonly retryAfter?: string }): FakeAnswer {
  return {
    status,
    headers: retryAfter === undefined ? {} : { 'retry-after': retryAfter },
    body: { detail: 'Refused' },
  };
}
