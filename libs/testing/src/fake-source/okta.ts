import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { jwtVerify } from 'jose';
import type { JsonObject } from '#kernel';
import type { ConformanceFake } from '../connector-conformance/conformance-world.js';
import { startFakeServer, type FakeAnswer, type FakeApi, type FakeRequest } from './fake-server.js';
import {
  listOf,
  mapList,
  type FakeGroup,
  type FakeList,
  type FakePerson,
  type FakeTenant,
} from './fake-tenant.js';

const CLIENT_ID = '0oa1fake2client3id45';
const API_TOKEN = '00fake-okta-ssws';
const EVERYONE = '00g0everyone';
const STATUS = { active: 'ACTIVE', suspended: 'SUSPENDED', pending: 'STAGED', archived: 'DEPROVISIONED' };

const p256 = (): { publicKey: string; privateKey: string } =>
  generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
const keys = p256();
const otherKey = p256().privateKey;

const userId = (index: number): string => `00u${String(index).padStart(8, '0')}fake`;
const groupId = (index: number): string => `00g${String(index).padStart(8, '0')}fake`;
const indexOf = (id: string): number => Number(id.slice(3, 11));

/**
 * Okta's management API as the vendor's description and recorded answers show it (2026-03): Link headers on several
 * lines, filters with operators, rate-limit headers, a System Log that never ends, the token endpoint of the org.
 */
export const fakeOkta: ConformanceFake = {
  start: (tenant, { pageSize }) => startFakeServer(new Okta(tenant, pageSize).api()),
  answers: (url) => ({ org_url: url, client_id: CLIENT_ID, private_key: keys.privateKey, key_id: 'k1' }),
  wrongAnswers: (url) => ({ org_url: url, client_id: CLIENT_ID, private_key: otherKey, key_id: 'k1' }),
  secrets: [keys.privateKey.split('\n')[1] as string, 'fake-okta-token'],
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
    archived: { active: false, stateReason: 'terminated' },
  },
  statesRemovals: true,
};

/** The same, read with an API token of an admin. */
export const fakeOktaApiToken: ConformanceFake = {
  ...fakeOkta,
  answers: (url) => ({ org_url: url, auth_mode: 'api_token', api_token: API_TOKEN }),
  wrongAnswers: (url) => ({ org_url: url, auth_mode: 'api_token', api_token: 'another' }),
  secrets: [API_TOKEN],
};

class Okta {
  readonly #tenant: FakeTenant;
  readonly #pageSize: number;
  #tokens = 0;

  constructor(tenant: FakeTenant, pageSize: number) {
    this.#tenant = tenant;
    this.#pageSize = pageSize;
  }

  api(): FakeApi {
    const token = (url: URL): string | null => url.searchParams.get('after');
    const path = '/api/v1';
    const now = (): Date => this.#tenant.clock.now();
    return {
      headers: () => ({ date: now().toUTCString() }),
      refuse: (status, details) => refuse(status, details, now()),
      routes: [
        { method: 'POST', path: '/oauth2/v1/token', call: 'token', answer: (r) => this.#token(r) },
        { method: 'GET', path: `${path}/users`, call: 'users', token, answer: (r) => this.#users(r) },
        {
          method: 'GET',
          path: `${path}/groups`,
          call: (url) => groupsCall(url),
          token,
          answer: (r) => this.#groups(r),
        },
        {
          method: 'GET',
          path: `${path}/groups/:id/users`,
          call: 'members',
          of: ({ id }) => id ?? '',
          token,
          answer: (r) => this.#members(r),
        },
        { method: 'GET', path: `${path}/users/:id`, call: 'user', answer: (r) => this.#user(r) },
        { method: 'GET', path: `${path}/groups/:id`, call: 'group', answer: (r) => this.#group(r) },
        {
          method: 'GET',
          path: `${path}/users/:id/groups`,
          call: 'user_groups',
          token,
          answer: (r) => this.#userGroups(r),
        },
        { method: 'GET', path: `${path}/logs`, call: 'logs', token, answer: (r) => this.#logs(r) },
      ],
    };
  }

  /** Only `private_key_jwt`, signed with the registered key, is accepted. */
  async #token({ body, origin }: FakeRequest): Promise<FakeAnswer> {
    const form = new URLSearchParams(body);
    try {
      await jwtVerify(form.get('client_assertion') ?? '', createPublicKey(keys.publicKey), {
        issuer: CLIENT_ID,
        subject: CLIENT_ID,
        audience: `${origin}/oauth2/v1/token`,
        currentDate: this.#tenant.clock.now(),
        requiredClaims: ['exp', 'iat', 'jti'],
      });
    } catch {
      return {
        status: 401,
        body: { error: 'invalid_client', error_description: 'The client_assertion is invalid.' },
      };
    }
    this.#tokens++;
    return {
      body: {
        token_type: 'Bearer',
        expires_in: 3600,
        access_token: `fake-okta-token-${this.#tokens}`,
        scope: form.get('scope') ?? '',
      },
    };
  }

  #users(request: FakeRequest): FakeAnswer {
    const since = readFilter(request.url, ['lastUpdated']);
    if (since === undefined) return invalid();
    const list = mapList(this.#tenant.users, (person) => {
      const at = this.#tenant.changedAt('user', person.index);
      return at >= (since['lastUpdated'] ?? 0) ? wireUser(person, at) : undefined;
    });
    return this.#page(request, list);
  }

  #groups(request: FakeRequest): FakeAnswer {
    const since = readFilter(request.url, ['lastUpdated', 'lastMembershipUpdated']);
    if (since === undefined) return invalid();
    const list = mapList(this.#tenant.groups, (group) => {
      const updated = this.#tenant.changedAt('group', group.index);
      const members = this.#tenant.changedAt('members', group.index);
      const isWanted =
        updated >= (since['lastUpdated'] ?? 0) && members >= (since['lastMembershipUpdated'] ?? 0);
      return isWanted ? wireGroup(group, updated, members) : undefined;
    });
    // The built-in group comes after the others and is of a type of its own.
    return this.#page(request, {
      end: list.end + 1,
      at: (position) => (position === list.end ? wireEveryone(since) : list.at(position)),
    });
  }

  #user({ params, headers }: FakeRequest): FakeAnswer {
    const now = this.#tenant.clock.now();
    if (!isAuthorized(headers)) return refuse(401, {}, now);
    const person = this.#tenant.person(indexOf(params['id'] ?? ''));
    return person
      ? { body: wireUser(person, this.#tenant.changedAt('user', person.index)) }
      : refuse(404, {}, now);
  }

  #group({ params, headers }: FakeRequest): FakeAnswer {
    const now = this.#tenant.clock.now();
    if (!isAuthorized(headers)) return refuse(401, {}, now);
    const group = this.#tenant.group(indexOf(params['id'] ?? ''));
    const at = this.#tenant.startedAt;
    return group ? { body: wireGroup(group, at, at) } : refuse(404, {}, now);
  }

  #members(request: FakeRequest): FakeAnswer {
    const group = indexOf(request.params['id'] ?? '');
    if (this.#tenant.group(group) === undefined) return refuse(404, {}, this.#tenant.clock.now());
    const list = mapList(this.#tenant.members(group), ({ index }) => {
      const person = this.#tenant.person(index);
      return person && wireUser({ ...person, broken: false }, this.#tenant.changedAt('user', index));
    });
    return this.#page(request, list);
  }

  #userGroups(request: FakeRequest): FakeAnswer {
    const index = indexOf(request.params['id'] ?? '');
    if (this.#tenant.person(index) === undefined) return refuse(404, {}, this.#tenant.clock.now());
    const at = this.#tenant.startedAt;
    const list = mapList(this.#tenant.groupsOf({ kind: 'user', index }), (group) => wireGroup(group, at, at));
    return this.#page(request, list);
  }

  /** Its next link is always there; an empty page leads to itself. */
  #logs(request: FakeRequest): FakeAnswer {
    const since = Date.parse(request.url.searchParams.get('since') ?? '');
    const entries = this.#tenant.changes
      .filter((change) => change.kind === 'deleted' && change.at >= since)
      .map(({ of, index, at }) => wireDeletion(of === 'user' ? 'user' : 'group', index, at));
    const token = request.url.searchParams.get('after');
    const page = request.take(listOf(entries), { token, size: this.#pageSize });
    if (page === undefined) return invalid();
    const start = token === null ? 0 : Number(token.slice(1));
    const next = page.next ?? `p${start + page.items.length}`;
    return { headers: { link: link(request.url, next) }, body: [...page.items] };
  }

  #page(request: FakeRequest, list: FakeList<JsonObject>): FakeAnswer {
    const { url, headers } = request;
    if (!isAuthorized(headers)) return refuse(401, {}, this.#tenant.clock.now());
    const size = Math.min(Number(url.searchParams.get('limit') ?? 200), this.#pageSize);
    const page = request.take(list, { token: url.searchParams.get('after'), size });
    if (page === undefined) return invalid();
    return {
      headers: page.next === null ? {} : { link: link(url, page.next) },
      body: [...page.items],
    };
  }
}

function isAuthorized({ authorization }: FakeRequest['headers']): boolean {
  return authorization === `SSWS ${API_TOKEN}` || /^Bearer fake-okta-token-\d+$/.test(authorization ?? '');
}

/** `limit=1` asks for the time only. */
function groupsCall(url: URL): string {
  if (url.searchParams.get('limit') === '1') return 'time';
  return url.searchParams.get('filter')?.includes('Membership') === true ? 'changed_groups' : 'groups';
}

/** `self` comes too; the links are absolute. */
function link(url: URL, after: string): string {
  const next = new URL(url);
  next.searchParams.set('after', after);
  return `<${url.href}>; rel="self", <${next.href}>; rel="next"`;
}

/** What Okta's `filter` parameter allows here; undefined for anything else. */
function readFilter(url: URL, names: readonly string[]): Record<string, number> | undefined {
  const filter = url.searchParams.get('filter');
  if (filter === null) return {};
  const match = /^(\w+) ge "([^"]+)"$/.exec(filter);
  const [name, time] = [match?.[1] ?? '', Date.parse(match?.[2] ?? '')];
  return names.includes(name) && !Number.isNaN(time) ? { [name]: time } : undefined;
}

function wireUser(person: FakePerson, at: number): JsonObject {
  return {
    id: userId(person.index),
    status: STATUS[person.state],
    created: '2026-01-05T09:00:00.000Z',
    lastUpdated: new Date(at).toISOString(),
    type: { id: 'oty1fake' },
    profile: {
      login: person.broken ? 17 : person.login,
      email: person.email,
      secondEmail: null,
      firstName: person.firstName,
      lastName: person.lastName,
      title: person.title,
      department: person.department,
    },
  };
}

function wireGroup(group: FakeGroup, at: number, membersAt: number): JsonObject {
  return {
    id: groupId(group.index),
    created: '2026-01-05T09:00:00.000Z',
    lastUpdated: new Date(at).toISOString(),
    lastMembershipUpdated: new Date(membersAt).toISOString(),
    objectClass: ['okta:user_group'],
    type: 'OKTA_GROUP',
    profile: { name: group.name, description: null },
  };
}

/** It was made with the organization, so no "changed since" shows it. */
function wireEveryone(since: Readonly<Record<string, number>>): JsonObject | undefined {
  if (Object.keys(since).length > 0) return undefined;
  return {
    id: EVERYONE,
    type: 'BUILT_IN',
    objectClass: ['okta:user_group'],
    profile: { name: 'Everyone', description: null },
  };
}

function wireDeletion(kind: 'user' | 'group', index: number, at: number): JsonObject {
  const isUser = kind === 'user';
  return {
    uuid: `${kind}-${index}`,
    published: new Date(at).toISOString(),
    eventType: isUser ? 'user.lifecycle.delete.completed' : 'group.lifecycle.delete',
    target: [
      { type: 'AppInstance', id: '0oa9' },
      { type: isUser ? 'User' : 'UserGroup', id: isUser ? userId(index) : groupId(index) },
    ],
  };
}

function refuse(status: number, details: { retryAfter?: string }, now: Date): FakeAnswer {
  const codes: Record<number, string> = {
    401: 'E0000011',
    403: 'E0000006',
    404: 'E0000007',
    429: 'E0000047',
  };
  const body = { errorCode: codes[status] ?? 'E0000009', errorSummary: 'Refused', errorCauses: [] };
  return { status, headers: status === 429 ? resetHeaders(details.retryAfter ?? '1', now) : {}, body };
}

/** Okta says when, in seconds since 1970, and sends no Retry-After. */
function resetHeaders(wait: string, now: Date): Record<string, string> {
  const until = /^\d+$/.test(wait) ? now.getTime() + Number(wait) * 1_000 : Date.parse(wait);
  return {
    'x-rate-limit-limit': '600',
    'x-rate-limit-remaining': '0',
    'x-rate-limit-reset': String(Math.ceil(until / 1_000)),
  };
}

function invalid(): FakeAnswer {
  return {
    status: 400,
    body: { errorCode: 'E0000031', errorSummary: 'Invalid search criteria.', errorCauses: [] },
  };
}
