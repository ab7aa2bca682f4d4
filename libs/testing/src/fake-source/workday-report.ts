import type { JsonObject, JsonValue } from '#kernel';
import type { ConformanceFake } from '../connector-conformance/conformance-world.js';
import {
  startFakeServer,
  type FakeAnswer,
  type FakeApi,
  type FakeRequest,
  type FakeServer,
} from './fake-server.js';
import type { FakeTenant } from './fake-tenant.js';
import {
  basic,
  fakeWorkers,
  WORKDAY_HOST,
  WORKDAY_OAUTH,
  WORKDAY_PASSWORD,
  WORKDAY_TENANT,
  WORKDAY_TOKEN_ROUTE,
  WORKDAY_USER,
  workdayFakes,
  workerId,
  type EditWorker,
  type FakeWorker,
} from './workday-worker.js';

const REPORTS = `/ccx/service/customreport2/${WORKDAY_TENANT}/isu_rollcall`;

export interface FakeReportOptions {
  readonly edit?: EditWorker;
  /** Changes a row; null leaves it out. */
  readonly row?: (row: JsonObject, index: number) => JsonObject | null;
  /** Rows of the report of groups. */
  readonly groups?: readonly JsonObject[];
  /** What is sent in the place of the report of workers. */
  readonly instead?: () => FakeAnswer | undefined;
}

const FAKES = workdayFakes(
  { start: (tenant) => startFakeWorkdayReport(tenant), calls: { users: 'workers' }, hasPages: false },
  {
    mode: 'raas',
    users_report_url: `${WORKDAY_HOST}${REPORTS}/Workers?format=simplexml`,
    changes_prompt: 'Updated_Since',
  },
);

/**
 * Custom reports as web services (2026-09): the whole report in one answer, every value a text, empty fields left out,
 * booleans as 1 and 0, dates with the offset of the tenant, fields of several instances as lists, `Report_Entry` empty
 * for nobody, XML unless JSON is asked for.
 */
export const fakeWorkdayReport: ConformanceFake = FAKES.password;

/** The same with an OAuth client. */
export const fakeWorkdayReportOauth: ConformanceFake = FAKES.oauth;

/** The address of the report of groups. */
export const FAKE_GROUPS_REPORT = `${WORKDAY_HOST}${REPORTS}/Groups`;

export function startFakeWorkdayReport(
  tenant: FakeTenant,
  options: FakeReportOptions = {},
): Promise<FakeServer> {
  return startFakeServer(new WorkdayReports(tenant, options).api());
}

class WorkdayReports {
  readonly #tenant: FakeTenant;
  readonly #options: FakeReportOptions;

  constructor(tenant: FakeTenant, options: FakeReportOptions) {
    this.#tenant = tenant;
    this.#options = options;
  }

  api(): FakeApi {
    const report = (
      name: string,
      call: string,
      rows: (request: FakeRequest) => readonly JsonValue[],
    ): FakeApi['routes'][number] => ({
      method: 'GET',
      path: `${REPORTS}/${name}`,
      call,
      answer: (request) => refusal(request) ?? answerWith(request, () => rows(request)),
    });
    const workers = report('Workers', 'workers', (request) => this.#workers(request));
    return {
      refuse,
      routes: [
        WORKDAY_TOKEN_ROUTE,
        { ...workers, answer: (request) => this.#options.instead?.() ?? workers.answer(request) },
        report('Groups', 'groups', () => this.#options.groups ?? []),
      ],
    };
  }

  #workers({ url }: FakeRequest): readonly JsonValue[] {
    const { edit = (worker) => worker, row = (given) => given } = this.#options;
    const since = url.searchParams.get('Updated_Since');
    const all = fakeWorkers(this.#tenant, edit);
    const wanted = since === null ? all : all.filter(({ wid }) => this.#changedSince(wid, Date.parse(since)));
    return wanted.flatMap((worker, index) => row(rowOf(worker), index) ?? []);
  }

  #changedSince(wid: string, since: number): boolean {
    return this.#tenant.changes.some(
      ({ of, kind, index, at }) =>
        of === 'user' && kind === 'changed' && workerId(index) === wid && at >= since,
    );
  }
}

function refusal({ headers }: FakeRequest): FakeAnswer | undefined {
  const allowed = [`Basic ${basic(WORKDAY_USER, WORKDAY_PASSWORD)}`, `Bearer ${WORKDAY_OAUTH.accessToken}`];
  return allowed.includes(headers.authorization ?? '') ? undefined : refuse(401, {});
}

function answerWith({ url }: FakeRequest, rows: () => readonly JsonValue[]): FakeAnswer {
  if (url.searchParams.get('format') === 'json') return { body: { Report_Entry: [...rows()] } };
  const text = '<?xml version="1.0"?><wd:Report_Data xmlns:wd="urn:com.workday.report/Workers"/>';
  return { headers: { 'content-type': 'text/xml' }, body: null, text };
}

function rowOf(worker: FakeWorker): JsonObject {
  const [department, company, costCenter] = worker.organizations;
  const values: Record<string, JsonValue | null | undefined> = {
    Workday_ID: worker.wid,
    Employee_ID: worker.number,
    Universal_ID: worker.universalId,
    User_Name: worker.userId,
    Legal_First_Name: worker.firstName,
    Legal_Last_Name: worker.lastName,
    Preferred_First_Name: worker.preferredFirstName,
    'Email_-_Work': worker.email,
    'Email_-_Home': worker.homeEmail,
    Business_Title: worker.title,
    Worker_Type: worker.isContingent ? 'Contingent Worker' : 'Employee',
    Active_Status: worker.active,
    On_Leave: worker.onLeave ? '1' : '0',
    Hire_Date: worker.hireDate,
    Termination_Date: worker.terminationDate,
    Supervisory_Organization: department?.name,
    Supervisory_Organization_ID: department?.id,
    Company: company?.name,
    Cost_Center: costCenter?.name,
    Location: worker.location?.name,
    Worker_s_Manager_group: worker.managerWid === null ? [] : [{ Manager_Workday_ID: worker.managerWid }],
  };
  return Object.fromEntries(
    Object.entries(values).filter(
      (entry): entry is [string, JsonValue] => entry[1] !== null && entry[1] !== undefined,
    ),
  );
}

function refuse(status: number, { retryAfter }: { readonly retryAfter?: string }): FakeAnswer {
  const words: Readonly<Record<number, string>> = {
    401: 'invalid username or password',
    403: 'Processing error occurred. The task submitted is not authorized.',
  };
  return {
    status,
    headers: retryAfter === undefined ? {} : { 'retry-after': retryAfter },
    body: { error: words[status] ?? 'The request could not be processed.' },
  };
}
