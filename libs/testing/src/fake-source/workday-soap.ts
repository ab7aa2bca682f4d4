import type { ConformanceFake } from '../connector-conformance/conformance-world.js';
import {
  startFakeServer,
  type FakeAnswer,
  type FakeApi,
  type FakeRequest,
  type FakeServer,
} from './fake-server.js';
import { listOf, type FakeTenant } from './fake-tenant.js';
import { escaped, faultXml, pageXml, readRequest, type GetWorkers } from './workday-xml.js';
import {
  fakeWorkers,
  WORKDAY_FAKE,
  WORKDAY_HOST,
  WORKDAY_OAUTH,
  WORKDAY_PASSWORD,
  WORKDAY_TENANT,
  WORKDAY_TOKEN_ROUTE,
  WORKDAY_USER,
  workdayFakes,
  type EditWorker,
  type FakeWorker,
} from './workday-worker.js';

const VERSION = 'v44.0';

export interface FakeSoapOptions {
  readonly pageSize: number;
  readonly edit?: EditWorker;
  /** Prefix of Workday's namespace; `wd` unless told. */
  readonly prefix?: string;
  /** Days on which something that was entered long ago comes into force, by worker. */
  readonly inForce?: ReadonlyMap<number, string>;
  /** How a worker stood as of an earlier day; unless told, as today. */
  readonly before?: EditWorker;
  /** Sees each request, and may answer it otherwise. */
  readonly meet?: (request: GetWorkers) => FakeAnswer | undefined;
}

const FAKES = workdayFakes(
  {
    start: (tenant, options) => startFakeWorkdaySoap(tenant, options),
    calls: { users: 'users' },
    secrets: [...WORKDAY_FAKE.secrets, escaped(WORKDAY_PASSWORD)],
  },
  { mode: 'soap', host: new URL(WORKDAY_HOST).host, tenant: WORKDAY_TENANT },
);

/**
 * Get_Workers of the Human Resources web service (2026-09): pages by number, as of a day and a moment; hires only as of
 * their first day; changes by the transaction log; faults with status 500, whatever they mean.
 */
export const fakeWorkdaySoap: ConformanceFake = FAKES.password;

/** The same with an OAuth client. */
export const fakeWorkdaySoapOauth: ConformanceFake = FAKES.oauth;

export function startFakeWorkdaySoap(tenant: FakeTenant, options: FakeSoapOptions): Promise<FakeServer> {
  return startFakeServer(new WorkdaySoap(tenant, options).api());
}

class WorkdaySoap {
  readonly #tenant: FakeTenant;
  readonly #options: FakeSoapOptions;
  /** Where pages begin, of each query: a page that was short leaves the rest to the next. */
  readonly #starts = new Map<string, string>();

  constructor(tenant: FakeTenant, options: FakeSoapOptions) {
    this.#tenant = tenant;
    this.#options = options;
  }

  api(): FakeApi {
    return {
      refuse,
      routes: [
        WORKDAY_TOKEN_ROUTE,
        {
          method: 'POST',
          path: `/ccx/service/${WORKDAY_TENANT}/Human_Resources/${VERSION}`,
          call: (_url, body) => this.#callOf(readRequest(body)),
          token: (_url, body) => String(readRequest(body).page),
          answer: (request) => this.#answer(request),
        },
      ],
    };
  }

  #callOf({ updated, effective, asOfDay, ids }: GetWorkers): string {
    if (ids !== null) return 'single';
    const isAhead = asOfDay > this.#today();
    if (updated !== null) return isAhead ? 'new_hires' : 'changed';
    if (effective !== null) return isAhead ? 'hires' : 'in_force';
    return 'users';
  }

  #answer(request: FakeRequest): FakeAnswer {
    const query = readRequest(request.body);
    const problem = this.#refusal(request, query) ?? this.#options.meet?.(query);
    if (problem !== undefined) return problem;
    const size = Math.min(query.count, this.#options.pageSize);
    const list = listOf(this.#select(query));
    const page = request.take(list, { token: this.#startOf(query, size), size });
    if (page === undefined) return fault('Client.validationError', 'Invalid page.');
    if (page.next !== null) this.#starts.set(keyOf(query, query.page + 1), page.next);
    const pages = list.end === 0 ? 0 : query.page + pagesAfter(page.next, list.end, size);
    const { prefix = 'wd' } = this.#options;
    return xml(200, pageXml(page.items, { prefix, results: { total: page.total, pages, page: query.page } }));
  }

  #startOf(query: GetWorkers, size: number): string | null {
    if (query.page === 1) return null;
    return this.#starts.get(keyOf(query, query.page)) ?? `p${(query.page - 1) * size}`;
  }

  #refusal({ headers }: FakeRequest, query: GetWorkers): FakeAnswer | undefined {
    if (headers.authorization === undefined) {
      const isUser = query.username === `${WORKDAY_USER}@${WORKDAY_TENANT}`;
      if (!isUser || query.password !== WORKDAY_PASSWORD)
        return fault('Client.authenticationError', 'invalid username or password');
    } else if (headers.authorization !== `Bearer ${WORKDAY_OAUTH.accessToken}`)
      return { status: 401, body: null };
    if (!query.isValid || query.version !== VERSION)
      return fault('Client.validationError', 'Validation error occurred. Invalid request.');
    const isAhead = Date.parse(query.asOfMoment) > this.#tenant.clock.now().getTime();
    return isAhead ? fault('Client.validationError', 'As of entry moment is in the future.') : undefined;
  }

  /** As of a day, people who were hired for later are not there. */
  #select(query: GetWorkers): readonly FakeWorker[] {
    const { edit = (worker) => worker, before = edit } = this.#options;
    const isEarlier = Date.parse(query.asOfMoment) < this.#tenant.clock.now().getTime();
    return fakeWorkers(this.#tenant, (worker, index) => {
      const edited = (isEarlier ? before : edit)(worker, index);
      if (edited === null || beginsAfter(edited, query.asOfDay)) return null;
      if (query.ids !== null) return query.ids.includes(edited.wid) ? edited : null;
      if (!query.contingent && edited.isContingent) return null;
      return this.#isLogged(index, edited, query) ? edited : null;
    });
  }

  #isLogged(index: number, { hireDate }: FakeWorker, { updated, effective }: GetWorkers): boolean {
    if (updated !== null)
      return this.#tenant.changes.some(
        ({ of, kind, index: of_, at }) =>
          of === 'user' &&
          kind === 'changed' &&
          of_ === index &&
          at >= Date.parse(updated.from) &&
          at <= Date.parse(updated.through),
      );
    if (effective === null) return true;
    const days = [hireDate?.slice(0, 10) ?? '', this.#options.inForce?.get(index) ?? ''];
    return days.some((day) => day >= effective.from.slice(0, 10) && day <= effective.through.slice(0, 10));
  }

  #today(): string {
    return this.#tenant.clock.now().toISOString().slice(0, 10);
  }
}

function keyOf(query: GetWorkers, page: number): string {
  return JSON.stringify({ ...query, page });
}

function pagesAfter(next: string | null, end: number, size: number): number {
  return next === null ? 0 : Math.max(1, Math.ceil((end - Number(next.slice(1))) / size));
}

function beginsAfter({ hireDate }: FakeWorker, day: string): boolean {
  return hireDate !== null && /^\d/.test(hireDate) && hireDate.slice(0, 10) > day;
}

function xml(status: number, text: string): FakeAnswer {
  return { status, headers: { 'content-type': 'text/xml;charset=UTF-8' }, body: null, text };
}

function fault(code: string, message: string): FakeAnswer {
  return xml(500, faultXml(code, message));
}

/** Refusals of the service are faults; those of what stands before it are not. */
function refuse(status: number, { retryAfter }: { readonly retryAfter?: string }): FakeAnswer {
  if (status === 403)
    return fault(
      'Client.validationError',
      'Processing error occurred. The task submitted is not authorized.',
    );
  if (status === 400) return fault('Client.validationError', 'Validation error occurred.');
  if (status === 500) return fault('Server.processingFault', 'Processing error occurred.');
  return { status, headers: retryAfter === undefined ? {} : { 'retry-after': retryAfter }, body: null };
}
