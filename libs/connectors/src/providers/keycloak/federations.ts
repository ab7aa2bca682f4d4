import { isJsonObject, type JsonObject, type JsonValue } from '#kernel';
import type { SnapshotRecord } from '#model';
import type { SourcePage, SourceStream, StreamEnd } from '../../sdk/contract.js';

/** The federation that keeps a user to itself: its component's id in `f:<component>:<its own id>`; null for all others. */
export function federationIn(userId: string): string | null {
  return /^f:([^:]+):/.exec(userId)?.[1] ?? null;
}

/** What Keycloak is asked about federations and their people. */
export interface FederationQuestions {
  /** Whether Keycloak says that a federation was removed. */
  readonly isGone: (federation: string) => Promise<boolean>;
  /** Undefined when Keycloak does not show the user. */
  readonly isEnabled: (userId: string) => Promise<boolean | undefined>;
}

/** So many enabled people of a federation are remembered, to be asked for when it looks as if it were away. */
const MOST_WITNESSES = 5;
/** Fewer may well have been disabled one by one; then Keycloak's word counts. */
const FEWEST_WITNESSES = 3;

/**
 * What is known of a realm's user federations (LDAP, Active Directory). While one cannot be reached or is switched off,
 * Keycloak goes on answering (measured with 26.4): people whom the federation keeps to itself are left out of lists,
 * imported ones are shown as disabled, and the groups that it fills are empty. No answer says why. One instance per run;
 * the streams of people and of memberships share it.
 */
export class Federations {
  readonly #previous: Memory;
  readonly #ask: FederationQuestions;
  #now: Memory = { kept: new Set(), witnesses: new Map(), away: new Set() };

  /** `previous`: the cursor that the last run's stream of people has saved. */
  constructor(previous: JsonValue | undefined, ask: FederationQuestions) {
    this.#previous = readMemory(previous);
    this.#ask = ask;
  }

  /** The stream of people: whole only if no federation was away. */
  async *watchPeople(stream: SourceStream, from: JsonValue | null): AsyncGenerator<SourcePage> {
    this.#now = readMemory(from ?? undefined);
    for await (const page of stream.pages(isJsonObject(from) ? (from['at'] ?? null) : null)) {
      await this.#take(page.records);
      const records = page.records.map((record) => this.#believed(record));
      if (page.next !== undefined)
        yield { ...page, records, next: { at: page.next, ...writeMemory(this.#now) } };
      else yield { ...page, records, end: page.end && (await this.#judgePeople(page.end)) };
    }
  }

  /** The stream of memberships: those of a federation that is away are not shown. */
  async *watchMemberships(stream: SourceStream, from: JsonValue | null): AsyncGenerator<SourcePage> {
    for await (const page of stream.pages(from))
      yield page.end === undefined ? page : { ...page, end: await this.#judgeMemberships(page.end) };
  }

  async #take(records: readonly SnapshotRecord[]): Promise<void> {
    const { kept, away } = this.#now;
    const suspects = new Set<string>();
    for (const record of records) {
      const { federation, isKept, isDisabled, id } = originOf(record);
      if (federation === null) continue;
      if (isKept) kept.add(federation);
      else if (isDisabled && !away.has(federation)) suspects.add(federation);
      if (!isDisabled && id !== null) this.#note(federation, id);
    }
    // Asked after the page was read: a federation that is there now was there a moment ago.
    for (const federation of suspects) if (await this.#isSuddenlyAway(federation)) away.add(federation);
  }

  #note(federation: string, userId: string): void {
    const ids = this.#now.witnesses.get(federation) ?? [];
    if (ids.length < MOST_WITNESSES) this.#now.witnesses.set(federation, [...ids, userId]);
  }

  async #isSuddenlyAway(federation: string): Promise<boolean> {
    const { length } = this.#witnessesOf(federation);
    return length >= FEWEST_WITNESSES && !(await this.#isThere(federation));
  }

  /** Disabled because the federation is away: of such a person nothing is known. */
  #believed(record: SnapshotRecord): SnapshotRecord {
    const { federation, isKept, isDisabled, id } = originOf(record);
    if (federation === null || isKept || !isDisabled || !this.#now.away.has(federation)) return record;
    const problem = 'The user federation is away; Keycloak shows all its people as disabled meanwhile.';
    return { kind: 'invalid', of: 'user', id, problem };
  }

  async #judgePeople(end: StreamEnd): Promise<StreamEnd> {
    const { kept, away } = this.#now;
    for (const federation of this.#previous.kept)
      if (!kept.has(federation) && !(await this.#ask.isGone(federation))) away.add(federation);
    const cursor = this.#forNextRun();
    return end.complete && away.size > 0
      ? { complete: false, reason: reasonOf(away), cursor }
      : { ...end, cursor };
  }

  async #judgeMemberships(end: StreamEnd): Promise<StreamEnd> {
    const away = new Set(this.#now.away);
    for (const federation of new Set([...this.#previous.witnesses.keys(), ...this.#now.witnesses.keys()]))
      if (!(await this.#isThere(federation)) && !(await this.#ask.isGone(federation))) away.add(federation);
    return end.complete && away.size > 0 ? { complete: false, reason: reasonOf(away) } : end;
  }

  /** Whether one of the people who were enabled still is. */
  async #isThere(federation: string): Promise<boolean> {
    for (const id of this.#witnessesOf(federation)) {
      const isEnabled = await this.#ask.isEnabled(id);
      if (isEnabled === true || (isEnabled === false && federationIn(id) !== null)) return true;
    }
    return false;
  }

  #witnessesOf(federation: string): readonly string[] {
    const lists = [this.#now.witnesses, this.#previous.witnesses].map((known) => known.get(federation) ?? []);
    return [...new Set(lists.flat())];
  }

  /** One that was away is not forgotten by that. */
  #forNextRun(): JsonObject {
    const { kept, witnesses, away } = this.#now;
    const known = [...away].flatMap((federation): [string, readonly string[]][] => {
      const ids = this.#previous.witnesses.get(federation);
      return ids === undefined ? [] : [[federation, ids]];
    });
    const silent = [...this.#previous.kept].filter((federation) => away.has(federation));
    return writeMemory({
      kept: new Set([...kept, ...silent]),
      witnesses: new Map([...witnesses, ...known]),
      away: new Set(),
    });
  }
}

function reasonOf(away: ReadonlySet<string>): string {
  return (
    `The user federation ${[...away].join(', ').slice(0, 300)} seems to be away or switched off: Keycloak shows none of its people ` +
    'enabled, though some were before. They stay as they are. If the federation was removed, assign the role "view-realm" of ' +
    '"realm-management", so that Keycloak can say so; if nobody is left in it, remove it.'
  );
}

interface Origin {
  readonly federation: string | null;
  /** It keeps the person to itself. */
  readonly isKept: boolean;
  readonly isDisabled: boolean;
  readonly id: string | null;
}

function originOf(record: SnapshotRecord): Origin {
  if (record.kind !== 'user' && record.kind !== 'invalid')
    return { federation: null, isKept: false, isDisabled: false, id: null };
  const id = record.kind === 'user' ? record.user.sourceId : record.id;
  const kept = id === null ? null : federationIn(id);
  const link = record.kind === 'user' ? record.user.raw['federationLink'] : undefined;
  return {
    federation: kept ?? (typeof link === 'string' ? link : null),
    isKept: kept !== null,
    isDisabled: record.kind !== 'user' || !record.user.active,
    id,
  };
}

/** As it stands in checkpoints and cursors. */
interface Memory {
  /** Federations that keep their people to themselves. */
  readonly kept: Set<string>;
  /** Enabled people by federation. */
  readonly witnesses: Map<string, readonly string[]>;
  readonly away: Set<string>;
}

function writeMemory({ kept, witnesses, away }: Memory): JsonObject {
  const people = [...witnesses].map(([federation, ids]): [string, JsonValue] => [federation, [...ids]]);
  return {
    federations: [...kept].sort(),
    ...(people.length === 0 ? {} : { witnesses: Object.fromEntries(people) }),
    ...(away.size === 0 ? {} : { away: [...away].sort() }),
  };
}

function readMemory(state: JsonValue | undefined): Memory {
  const { federations, witnesses, away } = isJsonObject(state ?? null) ? (state as JsonObject) : {};
  const people = Object.entries(isJsonObject(witnesses ?? null) ? (witnesses as JsonObject) : {});
  return {
    kept: new Set(textsIn(federations)),
    witnesses: new Map(people.map(([federation, ids]) => [federation, textsIn(ids)])),
    away: new Set(textsIn(away)),
  };
}

function textsIn(list: JsonValue | undefined): readonly string[] {
  return Array.isArray(list) ? list.filter((item) => typeof item === 'string') : [];
}
