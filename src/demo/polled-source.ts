import { fakeOkta, FakeTenant } from '#fakes';
import { systemClock, type JsonObject } from '#kernel';

export const POLLED_LABEL = 'Okta API';
export const POLLED_SIZE = { users: 400, groups: 20, membersPerGroup: 20 };
/** How many people the accident at the source removes. */
const LOST = 60;
const PAGE_SIZE = 25;

/** An organization of Okta that nobody pushes from: Rollcall has to ask its API, page by page. */
export interface PolledSource {
  /** The form, filled in as an IT admin would do it. */
  readonly answers: JsonObject;
  /** One hire, one new title, one suspension, one more member. @returns a line about each. */
  changeSomething(): readonly string[];
  /** The script that went wrong: many people are deleted at the source. @returns how many. */
  loseMany(): number;
  close(): Promise<void>;
}

/** Starts the vendor on a free loopback port. */
export async function startPolledSource(): Promise<PolledSource> {
  const tenant = new FakeTenant(POLLED_SIZE, systemClock);
  const server = await fakeOkta.start(tenant, { pageSize: PAGE_SIZE });
  return {
    answers: fakeOkta.answers(server.url),
    changeSomething: () => changeSomething(tenant),
    loseMany: () => {
      for (let index = 100; index < 100 + LOST; index++) tenant.remove('user', index);
      return LOST;
    },
    close: () => server.close(),
  };
}

function changeSomething(tenant: FakeTenant): readonly string[] {
  const hired = tenant.addUser();
  tenant.addMember(3, { kind: 'user', index: hired });
  tenant.change(7, { title: 'Head of Research' });
  tenant.change(11, { state: 'suspended' });
  const nameOf = (index: number): string => tenant.person(index)?.login ?? '';
  return [
    `hired ${nameOf(hired)} into ${tenant.group(3)?.name ?? ''}`,
    `promoted ${nameOf(7)}`,
    `suspended ${nameOf(11)}`,
  ];
}
