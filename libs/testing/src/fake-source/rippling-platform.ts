import type { JsonObject, JsonValue } from '#kernel';
import { STALE_TOKEN, type FakeAnswer, type FakeRequest, type FakeRoute } from './fake-server.js';
import { itemsOf, listOf, type FakePerson, type FakeTenant } from './fake-tenant.js';

const DAY_MS = 86_400_000;

interface PlatformOptions {
  readonly pageSize: number;
  readonly departments?: () => readonly JsonObject[];
  readonly differs?: (person: FakePerson) => JsonObject;
  readonly userId: (index: number) => string;
  readonly isAllowed: (request: FakeRequest) => boolean;
}

/**
 * Rippling's older platform API as the vendor's description and its examples show it (2026-09): bare arrays by limit and
 * offset that nobody counts, leavers in a list of their own name, who have no work address any more.
 */
export function ripplingPlatformRoutes(tenant: FakeTenant, options: PlatformOptions): readonly FakeRoute[] {
  const { userId } = options;
  const employees = (): readonly JsonObject[] =>
    [...itemsOf(tenant.users)].map((person) => ({
      ...wireEmployee(person, { userId, startedAt: tenant.startedAt }),
      ...options.differs?.(person),
    }));
  const active = (): readonly JsonObject[] => employees().filter(({ roleState }) => roleState === 'ACTIVE');
  return [
    listRoute('/employees/include_terminated', { call: 'employees', items: employees }, options),
    listRoute('/employees', { call: 'active_employees', items: active }, options),
    listRoute(
      '/departments',
      { call: 'platform_departments', items: () => options.departments?.() ?? [] },
      options,
    ),
  ];
}

function listRoute(
  path: string,
  { call, items }: { readonly call: string; readonly items: () => readonly JsonValue[] },
  { isAllowed, pageSize }: PlatformOptions,
): FakeRoute {
  const offsetOf = (url: URL): number => Number(url.searchParams.get('offset') ?? 0);
  return {
    method: 'GET',
    path: `/platform/api${path}`,
    call,
    token: (url) => tokenOf(offsetOf(url)),
    answer: (request): FakeAnswer => {
      if (!isAllowed(request)) return { status: 401, body: { detail: 'Refused' } };
      const limit = Number(request.url.searchParams.get('limit') ?? 100);
      if (!(limit >= 1 && limit <= 100)) return { status: 400, body: { detail: 'Refused' } };
      const all = items();
      const token = tokenOf(offsetOf(request.url));
      const page = request.take(listOf(all), { token, size: Math.min(limit, pageSize) });
      if (page === undefined) return { status: 400, body: { detail: 'Refused' } };
      // Positions have no tokens that could be wrong: the offset is not obeyed.
      const isFaulty = page.next !== null && (page.next === (token ?? 'p0') || page.next === STALE_TOKEN);
      return { body: isFaulty ? all.slice(0, pageSize) : [...page.items] };
    },
  };
}

function tokenOf(offset: number): string | null {
  return offset === 0 ? null : `p${offset}`;
}

function wireEmployee(
  person: FakePerson,
  { userId, startedAt }: Pick<PlatformOptions, 'userId'> & Pick<FakeTenant, 'startedAt'>,
): JsonObject {
  const { index, state } = person;
  return {
    id: userId(index),
    name: `${person.firstName} ${person.lastName}`,
    firstName: person.firstName,
    lastName: person.lastName,
    preferredFirstName: person.firstName,
    workEmail: person.broken ? 17 : state === 'archived' ? null : person.email,
    personalEmail: `home${index}@example.test`,
    title: person.title,
    department: person.department,
    workLocation: { city: 'Salem', country: 'US' },
    manager: index === 0 ? null : userId(0),
    employmentType: 'SALARIED_FT',
    startDate: state === 'pending' ? inAMonth(startedAt) : '2020-06-01',
    endDate: state === 'archived' ? '2026-01-31' : null,
    roleState: { active: 'ACTIVE', suspended: 'ACTIVE', pending: 'ACCEPTED', archived: 'TERMINATED' }[state],
    employeeNumber: index + 1,
    // The vendor's example has it; nobody keeps it.
    flsaStatus: 'exempt',
    customFields: { 'Identity number': '000-00-0000' },
  };
}

/** The first day of people who are to come, thirty days after the fake was started. */
export function inAMonth(startedAt: number): string {
  return new Date(startedAt + 30 * DAY_MS).toISOString().slice(0, 10);
}
