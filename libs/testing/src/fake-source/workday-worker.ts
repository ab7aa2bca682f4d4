import type { JsonObject } from '#kernel';
import type { ConformanceFake } from '../connector-conformance/conformance-world.js';
import { itemsOf, type FakePerson, type FakeTenant } from './fake-tenant.js';
import type { FakeAnswer, FakeRequest, FakeRoute } from './fake-server.js';

export const WORKDAY_HOST = 'https://wd2-impl-services1.workday.com';
export const WORKDAY_TENANT = 'acme';
export const WORKDAY_USER = 'ISU_Rollcall';
/** With characters that XML wants escaped: passwords like this are a classic failure. */
export const WORKDAY_PASSWORD = 'fake&w0rkday<secret>';
export const WORKDAY_OAUTH = {
  clientId: 'NGU0ZmFrZQ',
  clientSecret: 'fake-workday-client-secret',
  refreshToken: 'fake-workday-refresh-token',
  accessToken: 'fake-workday-access-token',
};

export interface FakeOrganization {
  readonly type: string;
  readonly id: string;
  readonly name: string;
}

/** A worker as both web services show them. A text that is null is not there. */
export interface FakeWorker {
  readonly wid: string;
  readonly number: string;
  readonly isContingent: boolean;
  readonly universalId: string | null;
  readonly userId: string | null;
  readonly firstName: string | null;
  readonly lastName: string | null;
  readonly preferredFirstName: string | null;
  readonly email: string | null;
  readonly homeEmail: string | null;
  readonly title: string | null;
  readonly active: string | null;
  readonly hireDate: string | null;
  readonly terminated: string;
  readonly terminationDate: string | null;
  readonly lastDayOfWork: string | null;
  readonly contractEnd: string | null;
  readonly rescinded: string;
  readonly onLeave: boolean;
  readonly managerWid: string | null;
  readonly organizations: readonly FakeOrganization[];
  /** Of a second position. */
  readonly otherOrganizations: readonly FakeOrganization[];
  readonly location: { readonly id: string; readonly name: string } | null;
  /** Parts that the security group may not see, `Worker_Status_Data` or `Name_Data`. */
  readonly hidden: readonly string[];
}

/** Changes one worker before they are sent; null for one whom nobody may see. */
export type EditWorker = (worker: FakeWorker, index: number) => FakeWorker | null;

export const workerId = (index: number): string => `3bf7df19491f1039fd54${String(index).padStart(12, '0')}`;

/** Number without its leading zeros would be somebody else's. */
export const workerNumber = (index: number): string => String(index + 100).padStart(6, '0');

/** Hires of the fakes begin on this day. */
const HIRE_DAY = '2026-05-04';

export function fakeWorkers(tenant: FakeTenant, edit: EditWorker): readonly FakeWorker[] {
  return [...itemsOf(tenant.users)].flatMap((person) => edit(fakeWorker(person), person.index) ?? []);
}

export function fakeWorker(person: FakePerson): FakeWorker {
  const { index, state } = person;
  const isHere = state === 'active';
  return {
    wid: workerId(index),
    number: workerNumber(index),
    isContingent: false,
    universalId: `UID${index}`,
    userId: person.login,
    firstName: person.firstName,
    lastName: person.lastName,
    preferredFirstName: null,
    email: person.email,
    homeEmail: `home${index}@example.test`,
    title: person.title,
    active: isHere ? '1' : '0',
    hireDate: person.broken ? 'soon' : state === 'pending' ? `${HIRE_DAY}-07:00` : '2024-02-01-08:00',
    terminated: state === 'archived' ? '1' : '0',
    terminationDate: state === 'archived' ? '2026-01-31-08:00' : null,
    lastDayOfWork: null,
    contractEnd: null,
    rescinded: '0',
    onLeave: state === 'suspended',
    managerWid: index === 0 ? null : workerId(0),
    organizations: [
      { type: 'SUPERVISORY', id: `SUP-${index % 5}`, name: person.department },
      { type: 'COMPANY', id: 'CO-1', name: 'Example Corp' },
      { type: 'COST_CENTER', id: `CC-${index % 2}`, name: `Cost center ${index % 2}` },
    ],
    otherOrganizations: [],
    location: { id: `LOC-${index % 2}`, name: `Site ${index % 2}` },
    hidden: [],
  };
}

/** OAuth's token endpoint of a tenant. */
export const WORKDAY_TOKEN_ROUTE: FakeRoute = {
  method: 'POST',
  path: `/ccx/oauth2/${WORKDAY_TENANT}/token`,
  call: 'token',
  answer: token,
};

function token({ headers, body }: FakeRequest): FakeAnswer {
  const { clientId, clientSecret, refreshToken, accessToken } = WORKDAY_OAUTH;
  const form = new URLSearchParams(body);
  if (headers.authorization !== `Basic ${basic(clientId, clientSecret)}`)
    return { status: 401, body: { error: 'invalid_client' } };
  if (form.get('grant_type') !== 'refresh_token' || form.get('refresh_token') !== refreshToken)
    return { status: 400, body: { error: 'invalid_grant' } };
  return { body: { access_token: accessToken, token_type: 'Bearer', refresh_token: refreshToken } };
}

export function basic(name: string, secret: string): string {
  return Buffer.from(`${name}:${secret}`).toString('base64');
}

/** What both web services have in common. */
export const WORKDAY_FAKE = {
  hosts: (url) => ({ [WORKDAY_HOST]: url }),
  secrets: [
    WORKDAY_PASSWORD,
    basic(WORKDAY_USER, WORKDAY_PASSWORD),
    WORKDAY_OAUTH.clientSecret,
    WORKDAY_OAUTH.refreshToken,
    WORKDAY_OAUTH.accessToken,
  ],
  userId: workerId,
  groupId: String,
  forgetsPages: false,
  forgetsCursors: false,
  // With people on leave deactivated.
  states: {
    active: { active: true, stateReason: null },
    suspended: { active: false, stateReason: 'on_leave' },
    pending: { active: false, stateReason: 'pending' },
    archived: { active: false, stateReason: 'terminated' },
  },
  statesRemovals: false,
} satisfies Partial<ConformanceFake>;

/** Both ways to sign in, with the settings of one way to read. */
export function workdayFakes(
  fake: Pick<ConformanceFake, 'start' | 'calls'> & Partial<ConformanceFake>,
  settings: JsonObject,
): { readonly password: ConformanceFake; readonly oauth: ConformanceFake } {
  const common = { leave_state: 'inactive', group_types: ['none'], ...settings };
  const signedIn = (answersOf: (secret?: string) => JsonObject): ConformanceFake => ({
    ...WORKDAY_FAKE,
    ...fake,
    answers: () => ({ ...answersOf(), ...common }),
    wrongAnswers: () => ({ ...answersOf('another'), ...common }),
  });
  return { password: signedIn(passwordAnswers), oauth: signedIn(oauthAnswers) };
}

export function passwordAnswers(password = WORKDAY_PASSWORD): JsonObject {
  return { auth_mode: 'password', username: WORKDAY_USER, password };
}

export function oauthAnswers(refreshToken = WORKDAY_OAUTH.refreshToken): JsonObject {
  const { clientId, clientSecret } = WORKDAY_OAUTH;
  return {
    auth_mode: 'oauth',
    oauth_client_id: clientId,
    oauth_client_secret: clientSecret,
    refresh_token: refreshToken,
  };
}
