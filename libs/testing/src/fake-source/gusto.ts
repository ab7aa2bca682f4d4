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
import { itemsOf, listOf, type FakePerson, type FakeTenant } from './fake-tenant.js';
import { RotatingTokens } from './rotating-tokens.js';

const CLIENT_ID = 'fake-gusto-client';
const CLIENT_SECRET = 'fake-gusto-client-secret';
const REFRESH_TOKEN = 'fake-gusto-first-refresh';
const PREFIX = 'fake-gusto-oauth';
const COMPANY = '0f000000-0000-4000-8000-000000000001';
const DAY_MS = 86_400_000;

const userId = (index: number): string => `1a000000-0000-4000-8000-${String(index).padStart(12, '0')}`;

const answers = (refreshToken: string): JsonObject => ({
  client_id: CLIENT_ID,
  client_secret: CLIENT_SECRET,
  refresh_token: refreshToken,
  // Departments have specs of their own; the suite's groups have members of other kinds.
  group_types: ['none'],
});

/** What a test changes about the fake. */
export interface FakeGustoOptions {
  readonly pageSize: number;
  /** Attributes of an employee that differ, in Gusto's own spelling; null for one that is not sent. */
  readonly differs?: (person: FakePerson) => JsonObject;
  readonly contractors?: readonly JsonObject[];
  readonly departments?: readonly JsonObject[];
  readonly locations?: readonly JsonObject[];
  /** Lists that the application may not read. */
  readonly lacks?: readonly string[];
  /** Gusto has no single employees in this version. */
  readonly hasNoSingle?: boolean;
  /** Whose token it is. */
  readonly resource?: JsonObject;
  /** Revokes a refresh token as soon as it is exchanged, as other vendors do. */
  readonly isStrict?: boolean;
}

export interface FakeGusto extends FakeServer {
  readonly tokens: RotatingTokens;
  readonly consent: ConsentPage;
}

/** Gusto with people of the caller's own making. */
export async function startFakeGusto(tenant: FakeTenant, options: FakeGustoOptions): Promise<FakeGusto> {
  const gusto = new Gusto(tenant, options);
  const { tokens, consent } = gusto;
  return { ...(await startFakeServer(gusto.api())), tokens, consent };
}

/**
 * Gusto's API as its description and recorded answers show it (2026-06): pages by number with their counts in headers,
 * leavers among the others, the personal address called "email", errors of one shape, and refresh tokens that are good
 * until the access token that they were exchanged for is used.
 */
export const fakeGusto: ConformanceFake = {
  start: startFakeGusto,
  answers: () => answers(REFRESH_TOKEN),
  wrongAnswers: () => answers('another-refresh-token'),
  hosts: (url) => ({ 'https://api.gusto.com': url }),
  secrets: [CLIENT_SECRET, REFRESH_TOKEN, PREFIX],
  userId,
  groupId: String,
  calls: { users: 'users', lookUp: 'user' },
  forgetsPages: false,
  states: {
    active: { active: true, stateReason: null },
    // Gusto knows no leave.
    suspended: { active: true, stateReason: null },
    pending: { active: false, stateReason: 'pending' },
    archived: { active: false, stateReason: 'terminated' },
  },
  statesRemovals: false,
};

/** Versions of November 2026; older ones are retired. */
const VERSIONS: readonly unknown[] = ['2025-11-15', '2026-02-01', '2026-06-15'];

function isOffered(version: unknown): boolean {
  return VERSIONS.includes(version);
}

class Gusto {
  readonly tokens: RotatingTokens;
  readonly consent: ConsentPage;
  readonly #tenant: FakeTenant;
  readonly #options: FakeGustoOptions;
  /** Where the page of a number begins, per list. */
  readonly #starts = new Map<string, string | null>();

  constructor(tenant: FakeTenant, options: FakeGustoOptions) {
    this.#tenant = tenant;
    this.#options = options;
    this.tokens = new RotatingTokens(REFRESH_TOKEN, { prefix: PREFIX, isStrict: options.isStrict });
    this.consent = new ConsentPage({
      clientId: CLIENT_ID,
      now: () => tenant.clock.now().getTime(),
      issue: () => this.tokens.begin(7_200),
      tellsScopes: false,
    });
  }

  api(): FakeApi {
    const { contractors = [], departments = [], locations = [], resource } = this.#options;
    const owner = resource ?? { type: 'Company', uuid: COMPANY };
    return {
      refuse,
      routes: [
        this.consent.route('/oauth/authorize'),
        { method: 'POST', path: '/oauth/token', call: 'token', answer: (r) => this.#token(r) },
        this.#get('/v1/token_info', 'token_info', () => ({ body: { scope: 'public', resource: owner } })),
        this.#list('employees', 'users', () => this.#employees()),
        this.#list('contractors', 'contractors', () => contractors),
        this.#get(`/v1/companies/${COMPANY}/departments`, 'departments', () => ({ body: [...departments] })),
        this.#get(`/v1/companies/${COMPANY}/locations`, 'locations', () => ({ body: [...locations] })),
        this.#get('/v1/employees/:id', 'user', (r) => this.#one(r)),
        this.#get('/v1/contractors/:id', 'contractor', ({ params }) => {
          const found = contractors.find(({ uuid }) => uuid === params['id']);
          return found === undefined ? refuse(404, {}) : { body: found };
        }),
      ],
    };
  }

  #get(path: string, call: string, answer: (request: FakeRequest) => FakeAnswer): FakeRoute {
    return {
      method: 'GET',
      path,
      call,
      answer: (request) => {
        const { headers } = request;
        if (!this.tokens.accepts(headers.authorization)) return refuse(401, {});
        if (!isOffered(headers['x-gusto-api-version'])) return refuse(406, {});
        return this.#options.lacks?.includes(call) === true ? refuse(403, {}) : answer(request);
      },
    };
  }

  #list(name: string, call: string, items: () => readonly JsonValue[]): FakeRoute {
    const answer = (request: FakeRequest): FakeAnswer => {
      const query = request.url.searchParams;
      const page = Number(query.get('page') ?? 1);
      const per = Math.min(Number(query.get('per') ?? 25), this.#options.pageSize);
      const start = this.#starts.get(`${name} ${page}`);
      // Behind the end there is nothing.
      const isBeyond = page > 1 && (start === undefined || start === null);
      const all = items();
      const taken = request.take(listOf(isBeyond ? [] : all), { token: start ?? null, size: per });
      if (taken === undefined) return refuse(422, {});
      this.#starts.set(`${name} ${page + 1}`, taken.next);
      return {
        headers: {
          'x-page': String(page),
          'x-per-page': String(per),
          'x-total-count': String(all.length),
          'x-total-pages': String(Math.ceil(all.length / per)),
        },
        body: [...taken.items],
      };
    };
    return {
      ...this.#get(`/v1/companies/${COMPANY}/${name}`, call, answer),
      token: (url) => (url.searchParams.get('page') === '1' ? null : url.searchParams.get('page')),
    };
  }

  #employees(): readonly JsonObject[] {
    return [...itemsOf(this.#tenant.users)].map((person) => this.#wire(person));
  }

  #one({ params }: FakeRequest): FakeAnswer {
    if (this.#options.hasNoSingle === true)
      return notFound('This endpoint does not exist on this version of the Gusto API.');
    const found = this.#employees().find(({ uuid }) => uuid === params['id']);
    return found === undefined ? refuse(404, {}) : { body: found };
  }

  #wire(person: FakePerson): JsonObject {
    const all = { ...wireEmployee(person, this.#tenant.startedAt), ...this.#options.differs?.(person) };
    return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== 'not sent'));
  }

  /** Credentials in the body only; those in the address are refused. */
  #token({ body, url }: FakeRequest): FakeAnswer {
    const given = JSON.parse(body) as JsonObject;
    const isClient = given['client_id'] === CLIENT_ID && given['client_secret'] === CLIENT_SECRET;
    if (!isClient || url.search !== '') return { status: 401, body: { error: 'invalid_client' } };
    return (
      this.consent.exchange(given) ??
      this.tokens.grant(given['grant_type'], given['refresh_token'], 7_200) ?? {
        status: 400,
        body: { error: 'invalid_grant', error_description: 'The grant is invalid.' },
      }
    );
  }
}

function wireEmployee(person: FakePerson, startedAt: number): JsonObject {
  const { index, state } = person;
  const inAMonth = new Date(startedAt + 30 * DAY_MS).toISOString().slice(0, 10);
  const uuid = userId(index);
  return {
    uuid,
    first_name: person.firstName,
    last_name: person.lastName,
    preferred_first_name: null,
    email: `home${index}@example.test`,
    work_email: person.broken ? 17 : person.email,
    company_uuid: COMPANY,
    manager_uuid: index === 0 ? null : userId(0),
    department: person.department,
    department_uuid: null,
    current_employment_status: 'full_time',
    onboarding_status: state === 'pending' ? 'admin_onboarding_incomplete' : 'onboarding_completed',
    onboarded: state !== 'pending',
    terminated: state === 'archived',
    jobs: [
      {
        uuid: `job-${index}`,
        primary: true,
        title: person.title,
        hire_date: state === 'pending' ? inAMonth : '2020-06-01',
        // Nobody keeps it.
        rate: '5000.00',
      },
    ],
    terminations:
      state === 'archived' ? [{ employee_uuid: uuid, effective_date: '2026-01-31', active: true }] : [],
    date_of_birth: '1990-01-01',
    has_ssn: true,
  };
}

function refuse(status: number, { retryAfter }: { readonly retryAfter?: string }): FakeAnswer {
  if (status === 404) return notFound('The requested resource was not found.');
  return {
    status,
    headers: retryAfter === undefined ? {} : { 'retry-after': retryAfter },
    body: { errors: [{ error_key: 'request', category: 'refused', message: 'Refused' }] },
  };
}

function notFound(message: string): FakeAnswer {
  return { status: 404, body: { errors: [{ error_key: 'request', category: 'not_found', message }] } };
}
