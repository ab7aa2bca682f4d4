import type { Clock } from '#kernel';
import type { SnapshotKind } from '#model';

/** One invented person as every vendor fake spells it in its own way. */
export interface FakePerson {
  /** Never reused; vendor fakes derive the vendor's id from it. */
  readonly index: number;
  readonly login: string;
  readonly email: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly title: string;
  readonly department: string;
  readonly state: 'active' | 'suspended' | 'pending' | 'archived';
  /** Puts a value where it does not belong, so that the record is unreadable. */
  readonly broken: boolean;
}

export interface FakeGroup {
  readonly index: number;
  readonly name: string;
}

/** A member by kind and index. */
export interface FakeMember {
  readonly kind: SnapshotKind;
  readonly index: number;
}

/** Something that changed, for vendors that tell what changed since. */
export interface FakeChange {
  readonly at: number;
  readonly of: SnapshotKind | 'members';
  readonly index: number;
  readonly kind: 'changed' | 'deleted' | 'added' | 'removed';
  /** Of a change of members. */
  readonly member?: FakeMember;
}

/** What a vendor lists: `at` is undefined where something was removed, so positions never shift while paging. */
export interface FakeList<T> {
  readonly end: number;
  at(position: number): T | undefined;
}

export interface FakeTenantSize {
  readonly users: number;
  readonly groups: number;
  readonly membersPerGroup: number;
}

const FIRST_NAMES = ['Ada', 'Bo', 'Chidi', 'Dalia', 'Emre', 'Freya', 'Gus', 'Hana', 'Ivo', 'Jun'];
const LAST_NAMES = ['Ahn', 'Berg', 'Cruz', 'Diaz', 'Eze', 'Fox', 'Gray', 'Holm', 'Ito'];

/**
 * The directory behind a vendor fake, of any size: people, groups and members are computed from their number when they
 * are asked for, only what was changed is kept.
 */
export class FakeTenant {
  readonly clock: Clock;
  readonly changes: FakeChange[] = [];
  /** Before this instant nothing has changed. */
  readonly startedAt: number;
  readonly #size: { users: number; groups: number; membersPerGroup: number };
  readonly #people = new Map<number, Partial<FakePerson>>();
  readonly #names = new Map<number, string>();
  readonly #gone = { user: new Set<number>(), group: new Set<number>() };
  readonly #added = new Map<number, FakeMember[]>();
  readonly #left = new Map<number, Set<string>>();
  readonly #hidden = new Map<number, Set<string>>();

  constructor(size: FakeTenantSize, clock: Clock) {
    this.#size = { ...size };
    this.clock = clock;
    this.startedAt = clock.now().getTime();
  }

  get users(): FakeList<FakePerson> {
    return { end: this.#size.users, at: (index) => this.person(index) };
  }

  get groups(): FakeList<FakeGroup> {
    return { end: this.#size.groups, at: (index) => this.group(index) };
  }

  person(index: number): FakePerson | undefined {
    if (!(index >= 0 && index < this.#size.users) || this.#gone.user.has(index)) return undefined;
    const login = `person${index}@example.com`;
    return {
      index,
      login,
      email: login,
      firstName: FIRST_NAMES[index % 10] as string,
      lastName: LAST_NAMES[index % 9] as string,
      title: `Engineer ${index % 7}`,
      department: `Department ${index % 5}`,
      state: 'active',
      broken: false,
      ...this.#people.get(index),
    };
  }

  group(index: number): FakeGroup | undefined {
    if (!(index >= 0 && index < this.#size.groups) || this.#gone.group.has(index)) return undefined;
    return { index, name: this.#names.get(index) ?? `Group ${index}` };
  }

  /** Direct members as they are listed: those who are gone are left out, and those who are hidden. */
  members(group: number): FakeList<FakeMember> {
    const hidden = this.#hidden.get(group);
    return mapList(this.#members(group), (member) =>
      hidden?.has(keyOf(member)) === true ? undefined : member,
    );
  }

  /** Lies: lists of the group's members leave somebody out who is one. */
  hideMember(group: number, member: FakeMember): void {
    this.#hidden.set(group, (this.#hidden.get(group) ?? new Set<string>()).add(keyOf(member)));
  }

  /** Direct membership as it is. */
  isMember(group: number, member: FakeMember): boolean {
    return [...itemsOf(this.#members(group))].some((one) => keyOf(one) === keyOf(member));
  }

  /** Groups that somebody is a direct member of, hidden or not. */
  groupsOf(member: FakeMember): FakeList<FakeGroup> {
    return mapList(this.groups, (group) => (this.isMember(group.index, member) ? group : undefined));
  }

  /** Hidden ones of a group. */
  hidden(group: number): readonly FakeMember[] {
    return [...itemsOf(this.#members(group))].filter(
      (member) => this.#hidden.get(group)?.has(keyOf(member)) === true,
    );
  }

  #members(group: number): FakeList<FakeMember> {
    const own = Math.min(this.#size.membersPerGroup, this.#size.users);
    const added = this.#added.get(group) ?? [];
    const left = this.#left.get(group);
    return {
      end: own + added.length,
      at: (position) => {
        const member: FakeMember | undefined =
          position < own
            ? { kind: 'user', index: (group * 7 + position) % this.#size.users }
            : added[position - own];
        if (member === undefined || left?.has(keyOf(member)) === true) return undefined;
        return this.#gone[member.kind].has(member.index) ? undefined : member;
      },
    };
  }

  change(index: number, attributes: Partial<Omit<FakePerson, 'index'>>): void {
    this.#people.set(index, { ...this.#people.get(index), ...attributes });
    this.#note({ of: 'user', index, kind: 'changed' });
  }

  addUser(): number {
    const index = this.#size.users++;
    this.#note({ of: 'user', index, kind: 'changed' });
    return index;
  }

  rename(group: number, name: string): void {
    this.#names.set(group, name);
    this.#note({ of: 'group', index: group, kind: 'changed' });
  }

  remove(kind: SnapshotKind, index: number): void {
    this.#gone[kind].add(index);
    this.#note({ of: kind, index, kind: 'deleted' });
  }

  addMember(group: number, member: FakeMember): void {
    this.#left.get(group)?.delete(keyOf(member));
    this.#added.set(group, [...(this.#added.get(group) ?? []), member]);
    this.#note({ of: 'members', index: group, kind: 'added', member });
  }

  removeMember(group: number, member: FakeMember): void {
    this.#left.set(group, (this.#left.get(group) ?? new Set<string>()).add(keyOf(member)));
    this.#note({ of: 'members', index: group, kind: 'removed', member });
  }

  /** When it last changed, ms; a day before the beginning when it never did. */
  changedAt(of: FakeChange['of'], index: number): number {
    const last = this.changes.findLast((change) => change.of === of && change.index === index);
    return last?.at ?? this.startedAt - 86_400_000;
  }

  gone(kind: SnapshotKind): ReadonlySet<number> {
    return this.#gone[kind];
  }

  #note(change: Omit<FakeChange, 'at'>): void {
    this.changes.push({ at: this.clock.now().getTime(), ...change });
  }
}

/** What is there, in order. */
export function* itemsOf<T>(list: FakeList<T>): Generator<T> {
  for (let position = 0; position < list.end; position++) {
    const item = list.at(position);
    if (item !== undefined) yield item;
  }
}

/** A list of ready values. */
export function listOf<T>(values: readonly T[]): FakeList<T> {
  return { end: values.length, at: (position) => values[position] };
}

/** A list in the vendor's spelling; undefined leaves an item out. */
export function mapList<T, R>(list: FakeList<T>, map: (item: T) => R | undefined): FakeList<R> {
  return {
    end: list.end,
    at: (position) => {
      const item = list.at(position);
      return item === undefined ? undefined : map(item);
    },
  };
}

function keyOf(member: FakeMember): string {
  return `${member.kind}:${member.index}`;
}
