import { isJsonObject, type JsonObject, type JsonValue } from '#kernel';
import type { ConformanceFake } from '../connector-conformance/conformance-world.js';
import {
  startFakeServer,
  type FakeAnswer,
  type FakeApi,
  type FakeRequest,
  type FakeServer,
} from './fake-server.js';
import { itemsOf, type FakePerson, type FakeTenant } from './fake-tenant.js';

const USER = 'SERVICE-12345';
const TOKEN = 'fake-hibob-token';
const HOST = 'https://api.hibob.com';
const MOST_FIELDS = 400;

const userId = (index: number): string => `33328838840000${String(index).padStart(5, '0')}`;

/** A person by field ID. A list item is its id and the text that people see. */
type FakeFields = Readonly<Record<string, JsonValue | ListItem | null>>;
export interface ListItem {
  readonly item: string | number;
  readonly label: string;
}

/** Changes one person before it is sent; null for a person whom a search by id does not find. */
type Edit = (fields: FakeFields, index: number) => FakeFields | null;

/**
 * Bob's people search as the vendor's contract shows it (2026-09): no pages, leavers only on demand, hidden and unknown
 * fields left out without a word, every value twice, ids of list items with their labels beside, a web page for wrong
 * paths, the end of the minute instead of a time to wait.
 */
export const fakeHibob: ConformanceFake = {
  start: (tenant) => startFakeHibob(tenant),
  answers: () => answers(TOKEN),
  wrongAnswers: () => answers('another-token'),
  hosts: (url) => ({ [HOST]: url }),
  secrets: [TOKEN, basic(TOKEN)],
  userId,
  groupId: String,
  calls: { users: 'people', lookUp: 'people' },
  witnessesOnly: true,
  hasPages: false,
  forgetsPages: false,
  states: {
    active: { active: true, stateReason: null },
    suspended: { active: false, stateReason: 'on_leave' },
    pending: { active: false, stateReason: 'pending' },
    archived: { active: false, stateReason: 'terminated' },
  },
  statesRemovals: false,
};

function answers(token: string): JsonObject {
  return { service_user_id: USER, service_user_token: token, group_types: ['none'] };
}

function basic(token: string): string {
  return Buffer.from(`${USER}:${token}`).toString('base64');
}

/** The same with people of the caller's own making. */
export function startFakeHibob(tenant: FakeTenant, edit: Edit = (fields) => fields): Promise<FakeServer> {
  return startFakeServer(new Hibob(tenant, edit).api());
}

class Hibob {
  readonly #tenant: FakeTenant;
  readonly #edit: Edit;

  constructor(tenant: FakeTenant, edit: Edit) {
    this.#tenant = tenant;
    this.#edit = edit;
  }

  api(): FakeApi {
    const now = (): Date => this.#tenant.clock.now();
    return {
      headers: () => ({ date: now().toUTCString() }),
      refuse: (status, details) => refuse(status, details, now()),
      routes: [
        {
          method: 'POST',
          path: '/v1/people/search',
          call: (_url, body) => (body.includes('"filters"') ? 'people' : 'ids'),
          answer: (request) => this.#search(request),
        },
      ],
    };
  }

  #search({ headers, body }: FakeRequest): FakeAnswer {
    if (headers.authorization !== `Basic ${basic(TOKEN)}`) return refuse(401, {}, this.#tenant.clock.now());
    const query = readQuery(body);
    if (query === undefined) return refuse(400, {}, this.#tenant.clock.now());
    const people = [...itemsOf(this.#tenant.users)].flatMap((person) => {
      const isWanted = query.ids === undefined || query.ids.includes(userId(person.index));
      const fields = isWanted ? this.#edit(fieldsOf(person), person.index) : null;
      if (fields === null) return query.ids === undefined ? [{ id: userId(person.index) }] : [];
      const isHidden = fields['internal.status'] === 'Inactive' && !query.showInactive;
      return isHidden ? [] : [wirePerson(fields, query)];
    });
    return { body: { employees: people } };
  }
}

interface Query {
  readonly fields: readonly string[];
  readonly ids: readonly string[] | undefined;
  readonly showInactive: boolean;
  readonly append: boolean;
}

/** Undefined for what Bob refuses: too many fields, several filters, other filters than by id or e-mail. */
function readQuery(body: string): Query | undefined {
  const query = JSON.parse(body) as {
    fields?: string[];
    filters?: { fieldPath: string; operator: string; values: string[] }[];
    showInactive?: boolean;
    humanReadable?: string;
  };
  const { fields = [], filters = [] } = query;
  const [filter] = filters;
  const isById = filter === undefined || (filter.fieldPath === 'root.id' && filter.operator === 'equals');
  if (fields.length > MOST_FIELDS || filters.length > 1 || !isById) return undefined;
  return {
    fields,
    ids: filter?.values,
    showInactive: query.showInactive === true,
    append: query.humanReadable === 'APPEND',
  };
}

const LIFECYCLES = { active: 'employed', suspended: 'gardenLeave', pending: 'hired', archived: 'terminated' };

function fieldsOf(person: FakePerson): FakeFields {
  const { index, state } = person;
  const department = index % 5;
  return {
    'root.id': userId(index),
    'root.email': person.broken ? 17 : person.email,
    'root.firstName': person.firstName,
    'root.surname': person.lastName,
    'root.displayName': `${person.firstName} ${person.lastName}`,
    'work.title': { item: `2091921${index % 7}`, label: person.title },
    'work.department': { item: `20919216${department}`, label: person.department },
    'work.siteId': 2_606_110 + (index % 2),
    'work.site': `Site ${index % 2}`,
    'work.startDate': state === 'pending' ? '2026-05-04' : '2024-02-01',
    'work.originalStartDate': null,
    'work.employeeIdInCompany': index + 1,
    'work.reportsTo': index === 0 ? null : { id: userId(0), email: 'person0@example.com', firstName: 'Ada' },
    'internal.status': state === 'active' || state === 'suspended' ? 'Active' : 'Inactive',
    'internal.lifecycleStatus': LIFECYCLES[state],
    'internal.terminationDate': state === 'archived' ? '2026-01-31' : null,
    'home.privateEmail': `home${index}@example.test`,
  };
}

/** Inside objects and under keys with slashes; `root` is no object. */
function wirePerson(fields: FakeFields, { fields: wanted, append }: Query): JsonObject {
  const person: JsonObject = {};
  const labels: JsonObject = {};
  for (const field of wanted) {
    const given = fields[field] ?? null;
    if (given === null) continue;
    const value = isListItem(given) ? given.item : given;
    put(person, field, value);
    person[`/${field.replaceAll('.', '/')}`] = { value };
    put(labels, field, isListItem(given) ? given.label : String(typeof value === 'object' ? '' : value));
  }
  return append ? { ...person, humanReadable: labels } : person;
}

function isListItem(value: JsonValue | ListItem): value is ListItem {
  return isJsonObject(value) && Object.hasOwn(value, 'item');
}

function put(target: JsonObject, field: string, value: JsonValue): void {
  const path = field.replace(/^root[.]/, '').split('.');
  let object = target;
  for (const key of path.slice(0, -1)) {
    const inner = object[key];
    object = isJsonObject(inner) ? inner : (object[key] = {});
  }
  object[path.at(-1) as string] = value;
}

/** A wrong path is a web page, and no error. */
function refuse(status: number, { retryAfter = '1' }: { retryAfter?: string }, now: Date): FakeAnswer {
  if (status === 404)
    return { status: 200, headers: { 'content-type': 'text/html' }, body: '<html><body>Bob</body></html>' };
  const until = /^\d+$/.test(retryAfter)
    ? now.getTime() + Number(retryAfter) * 1_000
    : Date.parse(retryAfter);
  const limits = {
    'x-ratelimit-limit': '50',
    'x-ratelimit-remaining': '0',
    'x-ratelimit-reset': String(Math.ceil(until / 1_000)),
  };
  return { status, headers: status === 429 ? limits : {}, body: { key: 'refused', error: 'Refused' } };
}
