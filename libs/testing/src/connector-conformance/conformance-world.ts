import { expect } from '@jest/globals';
import type { Connector, RotatingSecrets, Source } from '#connectors';
import type { JsonObject } from '#kernel';
import type { StateReason } from '#model';
import { askSource } from '../check-source.js';
import type { FakeServer } from '../fake-source/fake-server.js';
import { inMemorySecrets } from '../fake-source/fake-ports.js';
import { FakeTenant, itemsOf, type FakePerson } from '../fake-source/fake-tenant.js';
import { fakeTime, type FakeTime } from '../fake-time.js';
import { readSource, type Reading, type ReadResult } from '../read-source.js';

/** A vendor's fake as the suite needs it. */
export interface ConformanceFake {
  /** Starts it with pages of at most `pageSize`, however many are asked for. */
  readonly start: (tenant: FakeTenant, options: { readonly pageSize: number }) => Promise<FakeServer>;
  /** Answers of the form that work. */
  readonly answers: (url: string) => JsonObject;
  /** The same with a credential that the vendor refuses. */
  readonly wrongAnswers: (url: string) => JsonObject;
  /** Vendor origins that lead to the fake, where the address is no setting. */
  readonly hosts?: (url: string) => Readonly<Record<string, string>>;
  /** Texts that may never show: keys, secrets, tokens. */
  readonly secrets: readonly string[];
  readonly userId: (index: number) => string;
  /** Not asked of fakes without groups. */
  readonly groupId: (index: number) => string;
  /**
   * Names of the calls that list. Only people when the vendor lists no groups: what the connector makes of departments
   * and places is left out by `answers` and has specs of its own.
   */
  readonly calls: {
    readonly users: string;
    readonly groups?: string;
    readonly members?: string;
    /** By which single people are asked for, where the connector can. */
    readonly lookUp?: string;
    /** By which single memberships are asked about, where the connector can. */
    readonly memberLookUp?: string;
  };
  /** Tells of single people only that they are there; an absence it does not tell from a right that is missing. */
  readonly witnessesOnly?: true;
  /** Says of somebody who is not there at all that they are no member. */
  readonly deniesStrangers?: true;
  /** Groups may be members. */
  readonly nestsGroups?: true;
  /** Nobody at all is a mistake of the source: the last state stays. */
  readonly refusesEmpty?: true;
  /** An older API of the vendor, without changes and look-ups, whatever the manifest says of the newer one. */
  readonly readsWhole?: true;
  /** False where a list is told by position and nobody counts it: its end is found by asking for the last one again. */
  readonly countsLists?: false;
  /** What a connection test warns of whatever it finds. */
  readonly warnings?: readonly string[];
  /** False where a list is one document. */
  readonly hasPages?: false;
  /** False where a page is told by its number or offset, which no vendor forgets. */
  readonly forgetsPages?: false;
  /** False where a cursor is a time, which no vendor forgets. */
  readonly forgetsCursors?: false;
  /** What a person of each state becomes; `removed` is stated as gone. */
  readonly states: Readonly<
    Record<FakePerson['state'], { readonly active: boolean; readonly stateReason: StateReason | null }>
  >;
  /** How an incremental run learns of a removal; false when only full runs find it. */
  readonly statesRemovals: boolean;
  /**
   * A protocol with connections instead of requests: a page token ends with its connection, so that a resumed stream is
   * read anew; who asks again after a break is the engine.
   */
  readonly hasConnections?: boolean;
}

/** One conformance test's surroundings. */
export interface World {
  readonly connector: Connector;
  readonly fake: ConformanceFake;
  readonly time: FakeTime;
  readonly tenant: FakeTenant;
  readonly server: FakeServer;
  /** What the vendor has replaced so far. */
  readonly secrets: RotatingSecrets;
  read(options?: Partial<Reading>): Promise<ReadResult>;
}

/** Pages of this size: three of them are a tenant that is read in no time. */
export const PAGE = 3;
export const SIZE = { users: 7, groups: 7, membersPerGroup: 4 };

/** A connector and the fake that it reads. */
export interface Subject {
  readonly connector: Connector;
  readonly fake: ConformanceFake;
}

export async function openWorld(
  { connector, fake }: Subject,
  size: Partial<typeof SIZE> = {},
): Promise<World> {
  const time = fakeTime();
  const noGroups = hasGroups(fake) ? {} : { groups: 0, membersPerGroup: 0 };
  const tenant = new FakeTenant({ ...SIZE, ...size, ...noGroups }, time.clock);
  const server = await fake.start(tenant, { pageSize: PAGE });
  const secrets = inMemorySecrets();
  return {
    connector,
    fake,
    time,
    tenant,
    server,
    secrets,
    read: (options) =>
      readSource(connector, {
        time,
        secrets,
        answers: fake.answers(server.url),
        hosts: fake.hosts?.(server.url),
        resumes: fake.hasConnections === true ? 5 : 0,
        ...options,
      }),
  };
}

export function hasGroups(fake: ConformanceFake): boolean {
  return fake.calls.groups !== undefined;
}

/** Everything of the tenant, and nothing else. */
export function expectWhole({ fake, tenant }: World, result: ReadResult): void {
  const people = [...itemsOf(tenant.users)].map(({ index }) => fake.userId(index));
  const groups = [...itemsOf(tenant.groups)].map(({ index }) => index);
  const members = groups.flatMap((group) =>
    [...itemsOf(tenant.members(group))].map(({ kind, index }) => {
      const id = kind === 'user' ? fake.userId(index) : fake.groupId(index);
      return `${fake.groupId(group)} > ${kind}:${id}`;
    }),
  );
  expect([...result.users.keys()].sort()).toEqual(people.sort());
  expect([...result.groups.keys()].sort()).toEqual(groups.map(fake.groupId).sort());
  expect([...result.members].sort()).toEqual(members.sort());
  expect(result.invalid).toEqual([]);
}

export function expectNoSecret(fake: ConformanceFake, shown: unknown): void {
  const text = JSON.stringify(shown, (_key, value: unknown) =>
    value instanceof Error
      ? {
          ...Object.fromEntries(Object.entries(value)),
          message: value.message,
          stack: value.stack,
          cause: value.cause,
        }
      : value,
  );
  for (const secret of fake.secrets) expect(text).not.toContain(secret);
}

/** Connects to the fake as a run does, outside of one. */
export function askFake<T>(
  { connector, fake, server, time, secrets }: World,
  ask: (source: Source) => Promise<T>,
): Promise<T> {
  const { url } = server;
  const options = { answers: fake.answers(url), hosts: fake.hosts?.(url), time, secrets };
  return askSource(connector, options, ask);
}
