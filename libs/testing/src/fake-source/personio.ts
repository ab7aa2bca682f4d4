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
import { itemsOf, listOf, type FakePerson, type FakeTenant } from './fake-tenant.js';

const CLIENT_ID = 'papi-00000000-fake';
const CLIENT_SECRET = 'fake-personio-secret';
const TOKEN = 'papi-fake-personio-token';
const EMPLOYEES = '/v1/company/employees';
const DAY_MS = 86_400_000;

const userId = (index: number): string => String(300_000 + index);

const answers = (secret: string): JsonObject => ({
  client_id: CLIENT_ID,
  client_secret: secret,
  // Groups are made of what people have in common; the suite's own groups cannot be told that way.
  group_types: ['none'],
});

/** What a test changes about the fake. */
export interface FakePersonioOptions {
  readonly pageSize: number;
  /** Attributes that the credential may not read. */
  readonly hidden?: readonly string[];
  /** Answers of old say nothing about how many there are. */
  readonly isCounted?: boolean;
  /** Positions mean nothing to it: everybody, always. */
  readonly isWhole?: boolean;
  /** The credential has no right to employees. */
  readonly hasNoRight?: boolean;
  /** Attributes of a person that differ, in Personio's own spelling. */
  readonly differs?: (person: FakePerson) => JsonObject;
}

/** Personio with an employee list of its own; `fakePersonio` is what the suite needs. */
export function startFakePersonio(tenant: FakeTenant, options: FakePersonioOptions): Promise<FakeServer> {
  return startFakeServer(new Personio(tenant, options).api());
}

/**
 * Personio's Personnel Data API, version 1, as the vendor's pages and recorded answers show it (2026-11): values with
 * labels, references inside them, dates as local midnight, positions that shift when somebody is removed, attributes
 * that a credential may not read left out, and 401 for a missing right.
 */
export const fakePersonio: ConformanceFake = {
  start: startFakePersonio,
  answers: () => answers(CLIENT_SECRET),
  wrongAnswers: () => answers('wrong'),
  hosts: (url) => ({ 'https://api.personio.de': url }),
  secrets: [CLIENT_SECRET, TOKEN],
  userId,
  groupId: (index) => String(index),
  calls: { users: 'users', lookUp: 'user' },
  states: {
    active: { active: true, stateReason: null },
    // On leave, which takes no access away unless the settings say so.
    suspended: { active: true, stateReason: null },
    pending: { active: false, stateReason: 'pending' },
    archived: { active: false, stateReason: 'terminated' },
  },
  statesRemovals: false,
};

const STATUS = { active: 'active', suspended: 'leave', pending: 'onboarding', archived: 'inactive' };

class Personio {
  readonly #tenant: FakeTenant;
  readonly #options: FakePersonioOptions;

  constructor(tenant: FakeTenant, options: FakePersonioOptions) {
    this.#tenant = tenant;
    this.#options = options;
  }

  api(): FakeApi {
    return {
      refuse,
      routes: [
        { method: 'POST', path: '/v1/auth', call: 'token', answer: (r) => token(r) },
        {
          method: 'GET',
          path: EMPLOYEES,
          call: 'users',
          token: (url) => tokenOf(Number(url.searchParams.get('offset') ?? 0)),
          answer: (r) => this.#employees(r),
        },
        { method: 'GET', path: `${EMPLOYEES}/:id`, call: 'user', answer: (r) => this.#employee(r) },
      ],
    };
  }

  #employees(request: FakeRequest): FakeAnswer {
    const query = request.url.searchParams;
    const refusal = this.#refusal(request);
    if (refusal !== undefined) return refusal;
    const limit = Number(query.get('limit') ?? 50);
    if (!(limit >= 1 && limit <= 100)) return refuse(400, {});
    const size = Math.min(limit, this.#options.pageSize);
    const offset = this.#options.isWhole === true ? 0 : Number(query.get('offset') ?? 0);
    // Without gaps: who follows moves up.
    const people = [...itemsOf(this.#tenant.users)];
    const page = request.take(listOf(people), { token: tokenOf(offset), size });
    if (page === undefined) return refuse(400, {});
    const items = this.#faulty(people, page.next, { offset, size }) ?? page.items;
    const wanted = query.getAll('attributes[]');
    return {
      headers: { authorization: `Bearer ${TOKEN}` },
      body: {
        success: true,
        ...(this.#options.isCounted === false
          ? {}
          : {
              metadata: {
                total_elements: page.total,
                current_page: Math.floor(offset / size),
                total_pages: Math.ceil(page.total / size),
              },
            }),
        offset,
        limit: size,
        data: items.map((person) => this.#wire(person, wanted)),
      },
    };
  }

  /** Positions have no tokens that could be wrong: the offset is not obeyed, or everybody has moved up by one. */
  #faulty(
    people: readonly FakePerson[],
    next: string | null,
    { offset, size }: { readonly offset: number; readonly size: number },
  ): readonly FakePerson[] | undefined {
    if (next !== null && next === (tokenOf(offset) ?? 'p0')) return people.slice(0, size);
    return next === STALE_TOKEN ? people.slice(offset + 1, offset + 1 + size) : undefined;
  }

  #employee(request: FakeRequest): FakeAnswer {
    const refusal = this.#refusal(request);
    if (refusal !== undefined) return refusal;
    const person = this.#tenant.person(Number(request.params['id']) - 300_000);
    return person === undefined
      ? refuse(404, {})
      : { body: { success: true, data: this.#wire(person, ['id']) } };
  }

  #refusal({ headers }: FakeRequest): FakeAnswer | undefined {
    if (headers.authorization !== `Bearer ${TOKEN}`) return refuse(401, {});
    return this.#options.hasNoRight === true
      ? { status: 401, body: { error: { message: 'Unauthorized Request' } } }
      : undefined;
  }

  #wire(person: FakePerson, wanted: readonly string[]): JsonObject {
    const all: JsonObject = { ...this.#values(person), ...this.#options.differs?.(person) };
    const isShown = (name: string): boolean =>
      wanted.includes(name) && this.#options.hidden?.includes(name) !== true;
    return {
      type: 'Employee',
      attributes: Object.fromEntries(
        Object.entries(all)
          .filter(([name]) => isShown(name))
          .map(([label, value]) => [label, { label, value }]),
      ),
    };
  }

  #values(person: FakePerson): JsonObject {
    const inAMonth = new Date(this.#tenant.startedAt + 30 * DAY_MS).toISOString().slice(0, 10);
    return {
      id: Number(userId(person.index)),
      first_name: person.firstName,
      last_name: person.lastName,
      preferred_name: '',
      email: person.email,
      status: person.broken ? 17 : STATUS[person.state],
      position: person.title,
      supervisor: null,
      employment_type: 'internal',
      hire_date: `${person.state === 'pending' ? inAMonth : '2020-06-01'}T00:00:00+02:00`,
      contract_end_date: null,
      termination_date: null,
      last_working_day: null,
      department: reference('Department', person.index % 5, person.department),
      team: null,
      office: null,
      subcompany: null,
      cost_centers: [],
      // Nobody asks for it.
      fix_salary: 5_000,
    };
  }
}

/** `{type, attributes: {id, name}}`, as departments, offices, teams, companies and cost centers come. */
function reference(type: string, id: number, name: string): JsonValue {
  return { type, attributes: { id: 400 + id, name } };
}

function tokenOf(offset: number): string | null {
  return offset === 0 ? null : `p${offset}`;
}

/** Credentials in the body only; those in the address are refused. */
function token({ body, url }: FakeRequest): FakeAnswer {
  const given = JSON.parse(body) as JsonObject;
  const isKnown = given['client_id'] === CLIENT_ID && given['client_secret'] === CLIENT_SECRET;
  return isKnown && url.search === ''
    ? { body: { success: true, data: { token: TOKEN } } }
    : { status: 403, body: { success: false, error: { code: 0, message: 'Wrong credentials' } } };
}

function refuse(status: number, { retryAfter }: { readonly retryAfter?: string }): FakeAnswer {
  return {
    status,
    headers: retryAfter === undefined ? {} : { 'retry-after': retryAfter },
    body: { success: false, error: { code: status, message: 'Refused' } },
  };
}
