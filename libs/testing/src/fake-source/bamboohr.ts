import type { JsonObject } from '#kernel';
import type { ConformanceFake } from '../connector-conformance/conformance-world.js';
import {
  startFakeServer,
  type FakeAnswer,
  type FakeApi,
  type FakeRequest,
  type FakeServer,
} from './fake-server.js';
import { itemsOf, listOf, type FakePerson, type FakeTenant } from './fake-tenant.js';

const KEY = 'fake-bamboohr-key';
const HOST = 'https://fake-company.bamboohr.com';
const DEFAULTS = [
  'employeeId',
  'firstName',
  'lastName',
  'preferredName',
  'photoUrl',
  'jobTitleName',
  'status',
  '_restrictedFields',
];

const userId = (index: number): string => String(index + 100);

/** Changes one employee before it is sent; `photoUrl` and what was not asked for is taken care of afterwards. */
type Edit = (employee: JsonObject, index: number) => JsonObject;

interface FakeBamboohrOptions {
  readonly pageSize: number;
  readonly edit?: Edit;
  /** Employees whom the key may not see at all: they are counted, and not listed. */
  readonly hidden?: ReadonlySet<number>;
  /** `meta/lists`; 403 without. */
  readonly lists?: readonly JsonObject[];
}

/**
 * BambooHR's "List Employees", "Get Changed Employee IDs" and lists as the vendor's description and recorded answers
 * show them (2026-09): restricted fields are null and named, unknown ones left out, cursors that are lost when the
 * person at the edge changes, an empty map that comes as a list.
 */
export const fakeBamboohr: ConformanceFake = {
  start: (tenant, { pageSize }) => startFakeBamboohr(tenant, { pageSize }),
  answers: () => ({
    subdomain: 'fake-company',
    api_key: KEY,
    group_types: ['none'],
    leave_state: 'inactive',
  }),
  wrongAnswers: () => ({ subdomain: 'fake-company', api_key: 'another-key', group_types: ['none'] }),
  hosts: (url) => ({ [HOST]: url }),
  secrets: [KEY, Buffer.from(`${KEY}:x`).toString('base64')],
  userId,
  groupId: String,
  calls: { users: 'users', lookUp: 'changed' },
  forgetsCursors: false,
  states: {
    active: { active: true, stateReason: null },
    suspended: { active: false, stateReason: 'on_leave' },
    pending: { active: false, stateReason: 'pending' },
    archived: { active: false, stateReason: 'terminated' },
  },
  statesRemovals: true,
};

/** The same with employees of the caller's own making. */
export function startFakeBamboohr(tenant: FakeTenant, options: FakeBamboohrOptions): Promise<FakeServer> {
  return startFakeServer(new Bamboohr(tenant, options).api());
}

class Bamboohr {
  readonly #tenant: FakeTenant;
  readonly #options: FakeBamboohrOptions;

  constructor(tenant: FakeTenant, options: FakeBamboohrOptions) {
    this.#tenant = tenant;
    this.#options = options;
  }

  api(): FakeApi {
    const path = '/api/v1';
    const authorized =
      (answer: (request: FakeRequest) => FakeAnswer) =>
      (request: FakeRequest): FakeAnswer =>
        isKeyed(request) ? answer(request) : refuse(401, {});
    return {
      headers: () => ({ date: this.#tenant.clock.now().toUTCString() }),
      refuse,
      routes: [
        {
          method: 'GET',
          path: `${path}/employees`,
          call: (url) => (url.searchParams.has('filter[ids]') ? 'by_id' : 'users'),
          token: (url) => url.searchParams.get('page[after]'),
          answer: authorized((request) => this.#employees(request)),
        },
        {
          method: 'GET',
          path: `${path}/employees/changed`,
          call: 'changed',
          answer: authorized((request) => this.#changed(request)),
        },
        {
          method: 'GET',
          path: `${path}/meta/lists`,
          call: 'lists',
          answer: authorized(() => {
            const { lists } = this.#options;
            return lists === undefined ? refuse(403, {}) : { body: [...lists] };
          }),
        },
      ],
    };
  }

  #employees(request: FakeRequest): FakeAnswer {
    const query = request.url.searchParams;
    const fields = new Set([...DEFAULTS, ...(query.get('fields') ?? '').split(',')]);
    const ids = query.get('filter[ids]')?.split(',');
    const people = [...itemsOf(this.#tenant.users)]
      .filter(({ index }) => ids === undefined || ids.includes(userId(index)))
      .map((person) => chosen(this.#employee(person), fields));
    const limit = Number(query.get('page[limit]') ?? 250);
    if (!(limit >= 1 && limit <= 2_500)) return badRequest('BadRequest');
    const size = Math.min(limit, this.#options.pageSize);
    const page = request.take(listOf(people), { token: query.get('page[after]'), size });
    if (page === undefined) return badRequest('BadPage');
    const isHidden = ({ employeeId }: JsonObject): boolean =>
      this.#options.hidden?.has(Number(employeeId) - Number(userId(0))) === true;
    return {
      body: {
        data: page.items.filter((employee) => !isHidden(employee)),
        meta: { total: page.total, page: { limit, nextCursor: page.next, prevCursor: null } },
        _links: { self: { href: `${HOST}/api/v1/employees` } },
      },
    };
  }

  #employee(person: FakePerson): JsonObject {
    const employee = wireEmployee(person);
    return this.#options.edit?.(employee, person.index) ?? employee;
  }

  #changed({ url }: FakeRequest): FakeAnswer {
    const since = Date.parse(url.searchParams.get('since') ?? '');
    if (Number.isNaN(since)) return refuse(400, {});
    const type = url.searchParams.get('type')?.toLowerCase();
    const found = [...this.#lastChanges(since)].filter(
      ([, { action }]) => type === undefined || action.toLowerCase() === type,
    );
    const latest = found.at(-1)?.[1].lastChanged ?? null;
    return { body: { latest, employees: found.length === 0 ? [] : Object.fromEntries(found) } };
  }

  /** The last thing that happened to each. */
  #lastChanges(since: number): ReadonlyMap<string, { id: string; action: string; lastChanged: string }> {
    const last = new Map<string, { id: string; action: string; lastChanged: string }>();
    for (const change of this.#tenant.changes) {
      if (change.of !== 'user' || change.at < since) continue;
      const id = userId(change.index);
      const action = change.kind === 'deleted' ? 'Deleted' : 'Updated';
      last.set(id, { id, action, lastChanged: new Date(change.at).toISOString().replace('.000Z', '+00:00') });
    }
    return last;
  }
}

function isKeyed({ headers }: FakeRequest): boolean {
  return headers.authorization === `Basic ${Buffer.from(`${KEY}:x`).toString('base64')}`;
}

function wireEmployee(person: FakePerson): JsonObject {
  const { index, state } = person;
  const inactive = state === 'pending' || state === 'archived';
  return {
    employeeId: userId(index),
    firstName: person.firstName,
    lastName: person.lastName,
    preferredName: null,
    photoUrl: `https://images.example.com/${index}`,
    jobTitleName: person.title,
    status: inactive ? 'Inactive' : 'Active',
    workEmail: person.broken ? 17 : person.email,
    homeEmail: `home${index}@example.test`,
    employeeNumber: String(index + 1),
    hireDate: state === 'pending' ? '2026-05-04' : '2024-02-01',
    originalHireDate: '0000-00-00',
    terminationDate: state === 'archived' ? '2026-01-31' : '0000-00-00',
    employmentStatusName: {
      active: 'Full-Time',
      suspended: 'Furloughed',
      pending: null,
      archived: 'Terminated',
    }[state],
    reportsToId: index === 0 ? null : userId(0),
    departmentId: String(9_000 + (index % 5)),
    departmentName: person.department,
    divisionId: null,
    divisionName: '',
    locationId: null,
    locationName: null,
    teams: [],
    timezone: null,
  };
}

/** What was asked for and exists. What the key may not read is null, and its name told. */
function chosen(employee: JsonObject, fields: ReadonlySet<string>): JsonObject {
  const restricted = employee['_restrictedFields'];
  const names = new Set(Array.isArray(restricted) ? restricted : []);
  return Object.fromEntries(
    Object.entries(employee)
      .filter(([name]) => fields.has(name))
      .map(([name, value]) => [name, names.has(name) ? null : value]),
  );
}

function refuse(status: number, { retryAfter }: { retryAfter?: string }): FakeAnswer {
  return {
    status,
    headers: {
      'content-type': 'text/html; charset=UTF-8',
      'x-bamboohr-error-message': 'Refused',
      ...(retryAfter === undefined ? {} : { 'retry-after': retryAfter }),
    },
    body: '',
  };
}

function badRequest(code: 'BadRequest' | 'BadPage'): FakeAnswer {
  return { status: 400, body: { error: { code, message: 'Refused' } } };
}
