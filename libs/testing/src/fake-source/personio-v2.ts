import type { JsonObject, JsonValue } from '#kernel';
import type { ConformanceFake } from '../connector-conformance/conformance-world.js';
import {
  startFakeServer,
  type FakeAnswer,
  type FakeApi,
  type FakeRequest,
  type FakeServer,
} from './fake-server.js';
import { listOf, mapList, type FakePerson, type FakeTenant } from './fake-tenant.js';
import { fakePersonio } from './personio.js';

const CLIENT_ID = 'papi-00000000-fake-v2';
const CLIENT_SECRET = 'fake-personio-secret-v2';
const TOKEN = 'papi-fake-personio-access-token';
const FIRST_ID = 300_000;
const DAY_MS = 86_400_000;

const { userId } = fakePersonio;

const answers = (secret: string): JsonObject => ({
  api: 'v2',
  client_id: CLIENT_ID,
  client_secret: secret,
  // Groups are made of what people have in common; the suite's own groups cannot be told that way.
  group_types: ['none'],
});

/** What a test changes about the fake. */
export interface FakePersonioV2Options {
  readonly pageSize: number;
  /** Attributes of a person that differ, in Personio's own spelling; undefined leaves one out. */
  readonly person?: (person: FakePerson) => Readonly<Record<string, JsonValue | undefined>>;
  /** Employments instead of the one that everybody has, the newest first; null: Personio knows the person no more. */
  readonly employments?: (person: FakePerson) => readonly JsonObject[] | null | undefined;
  readonly employmentsPerPage?: number;
  /** Links of a page of persons instead of those that lead on. */
  readonly links?: () => JsonObject;
  /** Attributes that the credential may not read. */
  readonly hidden?: readonly string[];
  /** First parts of addresses that the credential has no right to: `/v2/org-units` … */
  readonly refused?: readonly string[];
  /** The same for addresses that this company has not got. */
  readonly unknown?: readonly string[];
  /** Names by address: `/v2/org-units/401?type=department`, and lists: `/v2/workplaces`. */
  readonly names?: Readonly<Record<string, JsonValue>>;
}

/** Personio with persons of the caller's own making; `fakePersonioV2` is what the suite needs. */
export function startFakePersonioV2(tenant: FakeTenant, options: FakePersonioV2Options): Promise<FakeServer> {
  return startFakeServer(new Persons(tenant, options).api());
}

/**
 * Version 2 of Personio's API as its description shows it (2026-11): pages of at most 50 by cursors inside absolute links
 * to another path, employments of each person in a request of their own, names by ids, 401 for a missing right.
 */
export const fakePersonioV2: ConformanceFake = {
  ...fakePersonio,
  start: startFakePersonioV2,
  answers: () => answers(CLIENT_SECRET),
  wrongAnswers: () => answers('wrong'),
  secrets: [CLIENT_SECRET, TOKEN],
};

const STATUS = { active: 'ACTIVE', suspended: 'LEAVE', pending: 'ONBOARDING', archived: 'INACTIVE' };

class Persons {
  readonly #tenant: FakeTenant;
  readonly #options: FakePersonioV2Options;

  constructor(tenant: FakeTenant, options: FakePersonioV2Options) {
    this.#tenant = tenant;
    this.#options = options;
  }

  api(): FakeApi {
    const cursor = (url: URL): string | null => url.searchParams.get('cursor');
    const get = (path: string, call: string, answer: (request: FakeRequest) => FakeAnswer) =>
      ({
        method: 'GET',
        path: `/v2${path}`,
        call,
        token: cursor,
        of: ({ id }: Readonly<Record<string, string>>) => id ?? '',
        answer: (request: FakeRequest) => this.#refusal(request) ?? answer(request),
      }) as const;
    const named = (request: FakeRequest): FakeAnswer => this.#named(request);
    return {
      refuse: (status, details) => refuse(status, details),
      routes: [
        { method: 'POST', path: '/v2/auth/token', call: 'token', answer: (request) => token(request) },
        get('/persons', 'users', (request) => this.#persons(request)),
        get('/persons/:id', 'user', (request) => this.#person(request)),
        get('/persons/:id/employments', 'employments', (request) => this.#employments(request)),
        get('/org-units/:id', 'names', named),
        get('/workplaces', 'names', named),
        get('/legal-entities', 'names', named),
        get('/cost-centers', 'names', named),
      ],
    };
  }

  #persons(request: FakeRequest): FakeAnswer {
    const query = request.url.searchParams;
    const limit = Number(query.get('limit') ?? 10);
    if (!(limit >= 1 && limit <= 50)) return refuse(400, {});
    const page = request.take(
      mapList(this.#tenant.users, (person) => this.#wirePerson(person)),
      { token: query.get('cursor'), size: Math.min(limit, this.#options.pageSize) },
    );
    if (page === undefined) return refuse(400, {});
    const link = (cursor: string): JsonObject => ({
      href: `https://api.personio.de/v2/person?cursor=${cursor}`,
    });
    const links = {
      self: { href: 'https://api.personio.de/v2/person' },
      ...(page.next !== null && { next: link(page.next) }),
    };
    return { body: { _data: [...page.items], _meta: { links: this.#options.links?.() ?? links } } };
  }

  #person(request: FakeRequest): FakeAnswer {
    const person = this.#personOf(request);
    return person === undefined ? refuse(404, {}) : { body: this.#wirePerson(person) };
  }

  #employments(request: FakeRequest): FakeAnswer {
    const person = this.#personOf(request);
    if (person === undefined) return refuse(404, {});
    const made = this.#options.employments?.(person);
    if (made === null) return refuse(404, {});
    const given = (made ?? [this.#wireEmployment(person)]).map((one) => this.#shown(one));
    const cursor = request.url.searchParams.get('cursor');
    const size = this.#options.employmentsPerPage ?? 50;
    const page = request.take(listOf(given), { token: cursor, size });
    if (page === undefined) return refuse(400, {});
    const next = { href: `https://api.personio.de/v2/employments?cursor=${page.next}` };
    return { body: { _data: [...page.items], _meta: { links: page.next === null ? {} : { next } } } };
  }

  #personOf({ params }: FakeRequest): FakePerson | undefined {
    return this.#tenant.person(Number(params['id']) - FIRST_ID);
  }

  #named({ url }: FakeRequest): FakeAnswer {
    const found = this.#options.names?.[`${url.pathname}${url.search}`];
    return found === undefined ? refuse(404, {}) : { body: found };
  }

  #refusal({ url, headers }: FakeRequest): FakeAnswer | undefined {
    if (headers.authorization !== `Bearer ${TOKEN}`) return refuse(401, {});
    const isIn = (paths: readonly string[] | undefined): boolean =>
      paths?.some((path) => url.pathname.startsWith(path)) === true;
    if (isIn(this.#options.refused))
      return { status: 401, body: { error: { message: 'Unauthorized Request' } } };
    return isIn(this.#options.unknown) ? noSuchAddress(url) : undefined;
  }

  #wirePerson(person: FakePerson): JsonObject {
    const { index, state } = person;
    return this.#shown({
      id: userId(index),
      email: person.email,
      first_name: person.firstName,
      last_name: person.lastName,
      preferred_name: '',
      gender: 'UNSPECIFIED',
      status: person.broken ? 17 : state === 'archived' ? 'INACTIVE' : 'ACTIVE',
      created_at: '2020-05-01T08:00:00Z',
      updated_at: '2020-05-01T08:00:00Z',
      custom_attributes: [],
      employments: [{ id: `e-${index}` }],
      ...this.#options.person?.(person),
    });
  }

  #wireEmployment({ index, state, title }: FakePerson): JsonObject {
    const inAMonth = new Date(this.#tenant.startedAt + 30 * DAY_MS).toISOString().slice(0, 10);
    return {
      id: `e-${index}`,
      status: STATUS[state],
      type: 'INTERNAL',
      weekly_working_hours: 40,
      full_time_weekly_working_hours: 40,
      employment_start_date: state === 'pending' ? inAMonth : '2020-06-01',
      employment_end_date: null,
      contract_end_date: null,
      position: { title },
      supervisor: null,
      office: null,
      legal_entity: null,
      org_units: [],
      cost_centers: [],
      person: { id: userId(index) },
    };
  }

  #shown(object: Readonly<Record<string, JsonValue | undefined>>): JsonObject {
    const isShown = (name: string, value: JsonValue | undefined): boolean =>
      value !== undefined && this.#options.hidden?.includes(name) !== true;
    return Object.fromEntries(
      Object.entries(object).filter((entry): entry is [string, JsonValue] => isShown(...entry)),
    );
  }
}

/** Form-encoded, and nothing in the address. */
function token({ body, url, headers }: FakeRequest): FakeAnswer {
  const given = new URLSearchParams(body);
  const isForm = headers['content-type']?.startsWith('application/x-www-form-urlencoded') === true;
  if (!isForm || url.search !== '' || given.get('grant_type') !== 'client_credentials')
    return { status: 400, body: { error: 'invalid_request' } };
  const isKnown = given.get('client_id') === CLIENT_ID && given.get('client_secret') === CLIENT_SECRET;
  if (isKnown) return { body: { access_token: TOKEN, token_type: 'Bearer', expires_in: 86_400 } };
  return { status: 400, body: { error: 'unauthorized_client', error_description: 'Not the right ones.' } };
}

function refuse(status: number, { retryAfter }: { readonly retryAfter?: string }): FakeAnswer {
  const title = status === 404 ? 'Resource not found' : 'Refused';
  return {
    status,
    headers: {
      'content-type': 'application/problem+json',
      ...(retryAfter !== undefined && { 'retry-after': retryAfter }),
    },
    body: { personio_trace_id: 'fake', errors: [{ title, detail: 'Refused by the fake.' }] },
  };
}

function noSuchAddress({ pathname }: URL): FakeAnswer {
  const detail = `The endpoint with ${pathname} was not found.`;
  return {
    status: 404,
    headers: { 'content-type': 'application/problem+json' },
    body: { personio_trace_id: '', errors: [{ title: 'Not Found', detail }] },
  };
}
