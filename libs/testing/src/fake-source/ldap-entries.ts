import {
  AndFilter,
  EqualityFilter,
  GreaterThanEqualsFilter,
  NotFilter,
  OrFilter,
  PresenceFilter,
  type Filter,
} from 'ldapts';
import {
  itemsOf,
  listOf,
  mapList,
  type FakeChange,
  type FakeGroup,
  type FakeList,
  type FakeMember,
  type FakePerson,
  type FakeTenant,
} from './fake-tenant.js';
import type { FakeEntry } from './ldap-wire.js';

export const SUFFIX = 'dc=example,dc=test';
export const PEOPLE = `ou=people,${SUFFIX}`;
export const GROUPS = `ou=groups,${SUFFIX}`;
const DOMAIN = [21, 1, 2, 3];

export type FakeLdapKind = 'openldap' | 'active_directory' | '389ds';

const uuid = (first: string, index: number): string =>
  `${first}-0000-4000-8000-${index.toString(16).padStart(12, '0')}`;
export const userId = (index: number): string => uuid('aaaaaaaa', index);
export const groupId = (index: number): string => uuid('bbbbbbbb', index);

/** What 389 DS calls the id: the same digits, grouped in another way. */
export function uniqueId(id: string): string {
  return (id.replaceAll('-', '').match(/.{8}/g) ?? []).join('-');
}

/** Change numbers are far apart, so that an overlap does not reach the change before. */
const USN_STEP = 1_000;

/** The tenant in the spelling of one kind of server. */
export class LdapEntries {
  readonly #tenant: FakeTenant;
  readonly #kind: FakeLdapKind;
  /** Who was there from the beginning. */
  readonly #first: number;

  constructor(tenant: FakeTenant, kind: FakeLdapKind) {
    this.#tenant = tenant;
    this.#kind = kind;
    this.#first = tenant.users.end;
  }

  /** Number of the newest change. */
  get usn(): number {
    return USN_STEP * this.#tenant.changes.length + USN_STEP - 1;
  }

  /** One person or group as it is now; undefined when it is gone. */
  one(kind: 'user' | 'group', index: number): FakeEntry | undefined {
    const list =
      kind === 'user'
        ? mapList(this.#tenant.users, (person) => this.#person(person))
        : mapList(this.#tenant.groups, (group) => this.#group(group));
    return list.at(index);
  }

  /** Who was deleted, as Active Directory keeps them. */
  tombstones(filter: Filter): FakeEntry[] {
    return (['user', 'group'] as const).flatMap((kind) =>
      [...this.#tenant.gone(kind)]
        .map((index) => this.tombstone(kind, index))
        .filter((entry) => matches(filter, entry)),
    );
  }

  tombstone(kind: 'user' | 'group', index: number): FakeEntry {
    const id = kind === 'user' ? userId(index) : groupId(index);
    const name = `${kind}${index}\\0ADEL:${id}`;
    return {
      dn: `CN=${name},CN=Deleted Objects,${SUFFIX}`,
      attributes: {
        objectClass: kind === 'user' ? PERSON_CLASSES : ['group'],
        isDeleted: ['TRUE'],
        lastKnownParent: [kind === 'user' ? PEOPLE : GROUPS],
        ...this.#stamps(id, { kind, index }),
      },
    };
  }

  /** What a search finds below a base; undefined when there is no such base. */
  below(base: string, filter: Filter): FakeList<FakeEntry> | undefined {
    const all = base.toLowerCase() === SUFFIX ? this.#everybody() : this.#all(base.toLowerCase());
    return all && mapList(all, (entry) => (matches(filter, entry) ? entry : undefined));
  }

  byDn(dn: string): FakeEntry | undefined {
    return [...itemsOf(this.#everybody())].find((entry) => entry.dn === dn);
  }

  #everybody(): FakeList<FakeEntry> {
    return listOf([PEOPLE, GROUPS].flatMap((base) => [...itemsOf(this.#all(base) ?? listOf<FakeEntry>([]))]));
  }

  #all(base: string): FakeList<FakeEntry> | undefined {
    if (base === PEOPLE) return mapList(this.#tenant.users, (person) => this.#person(person));
    return base === GROUPS ? mapList(this.#tenant.groups, (group) => this.#group(group)) : undefined;
  }

  #person(person: FakePerson): FakeEntry {
    const common = {
      givenName: [person.broken ? Buffer.from([0xff, 0xfe]) : person.firstName],
      sn: [person.lastName],
      displayName: [`${person.firstName} ${person.lastName}`],
      mail: [person.email],
      title: [person.title],
      ...this.#stamps(userId(person.index), { kind: 'user', index: person.index }),
    };
    const own = this.#kind === 'active_directory' ? adPerson(person) : openldapPerson(person);
    return { dn: personDn(person.index), attributes: { ...common, ...own } };
  }

  #group(group: FakeGroup): FakeEntry {
    const { index, name } = group;
    const members = [...itemsOf(this.#tenant.members(index))].map(memberDn);
    const sid: Record<string, Buffer[]> =
      this.#kind === 'active_directory' ? { objectSid: [sidOf(1_000 + index)] } : {};
    return {
      dn: groupDn(index),
      attributes: {
        objectClass: [this.#kind === 'active_directory' ? 'group' : 'groupOfNames'],
        cn: [name],
        // One that points nowhere, as servers without referential integrity keep them.
        member: [...members, `uid=gone,${PEOPLE}`],
        [HIDDEN]: this.#tenant.hidden(index).map(memberDn),
        ...sid,
        ...this.#stamps(groupId(index), { kind: 'group', index }),
      },
    };
  }

  #stamps(
    id: string,
    { kind, index }: { kind: 'user' | 'group'; index: number },
  ): Record<string, (string | Buffer)[]> {
    const { changes, startedAt } = this.#tenant;
    const isOne = (change: FakeChange): boolean =>
      change.index === index && (change.of === kind || (kind === 'group' && change.of === 'members'));
    const isNew = kind === 'user' && index >= this.#first;
    const [first, last] = [isNew ? changes.findIndex(isOne) : -1, changes.findLastIndex(isOne)];
    if (this.#kind === 'active_directory')
      return {
        objectGUID: [mixedEndian(id)],
        uSNCreated: [String(USN_STEP * (first + 1))],
        uSNChanged: [String(USN_STEP * (last + 1))],
      };
    const timeOf = (change: number): string =>
      generalized(new Date(changes[change]?.at ?? startedAt - 86_400_000));
    return {
      ...(this.#kind === 'openldap' ? { entryUUID: [id] } : { nsUniqueId: [uniqueId(id)] }),
      createTimestamp: [timeOf(first)],
      modifyTimestamp: [timeOf(last)],
    };
  }
}

function generalized(date: Date): string {
  return `${date.toISOString().slice(0, 19).replaceAll(/[-:T]/g, '')}Z`;
}

const PERSON_CLASSES = ['top', 'person', 'user'];

function openldapPerson(person: FakePerson): Record<string, string[]> {
  return {
    objectClass: ['inetOrgPerson', 'organizationalPerson'],
    uid: [person.login],
    departmentNumber: [person.department],
    userPassword: ['{SSHA}never-to-be-read'],
    ...(person.state === 'suspended' ? { pwdAccountLockedTime: ['000001010000Z'] } : {}),
    ...(person.state === 'pending' ? { pwdAccountLockedTime: ['20260302075500Z'] } : {}),
    ...(person.state === 'archived' ? { loginDisabled: ['TRUE'] } : {}),
  };
}

function adPerson(person: FakePerson): Record<string, (string | Buffer)[]> {
  return {
    objectClass: PERSON_CLASSES,
    objectCategory: ['person'],
    sAMAccountName: [person.login],
    department: [person.department],
    objectSid: [sidOf(5_000 + person.index)],
    primaryGroupID: ['1000'],
    userAccountControl: [person.state === 'active' ? '512' : '514'],
  };
}

/** Compared, and never shown. */
const HIDDEN = 'hidden-member';

function memberDn({ kind, index }: FakeMember): string {
  return kind === 'user' ? personDn(index, true) : groupDn(index);
}

/** Spelled in another way where it is a member: case and spaces mean nothing in a name. */
function personDn(index: number, isMember = false): string {
  return isMember ? `UID=Person${index}, OU=People,${SUFFIX}` : `uid=person${index},${PEOPLE}`;
}

/** With a comma in it, once as the server spells it. */
function groupDn(index: number): string {
  return `cn=Group\\2C ${index},${GROUPS}`;
}

function sidOf(rid: number): Buffer {
  const numbers = [...DOMAIN, rid];
  const bytes = Buffer.alloc(8 + 4 * numbers.length);
  bytes.set([1, numbers.length, 0, 0, 0, 0, 0, 5]);
  numbers.forEach((number, index) => bytes.writeUInt32LE(number, 8 + 4 * index));
  return bytes;
}

function mixedEndian(id: string): Buffer {
  const bytes = Buffer.from(id.replaceAll('-', ''), 'hex');
  bytes.subarray(0, 4).reverse();
  bytes.subarray(4, 6).reverse();
  bytes.subarray(6, 8).reverse();
  return bytes;
}

export function matches(filter: Filter, entry: FakeEntry): boolean {
  if (filter instanceof AndFilter) return filter.filters.every((part) => matches(part, entry));
  if (filter instanceof OrFilter) return filter.filters.some((part) => matches(part, entry));
  if (filter instanceof NotFilter) return !matches(filter.filter, entry);
  if (filter instanceof PresenceFilter) return valuesOf(entry, filter.attribute).length > 0;
  if (filter instanceof EqualityFilter && filter.attribute.toLowerCase() === 'member')
    return [...valuesOf(entry, 'member'), ...valuesOf(entry, HIDDEN)].some(
      (dn) => plainDn(dn) === plainDn(filter.value.toString()),
    );
  if (filter instanceof EqualityFilter)
    return valuesOf(entry, filter.attribute).includes(String(filter.value).toLowerCase());
  if (filter instanceof GreaterThanEqualsFilter)
    return valuesOf(entry, filter.attribute).some((value) => isAtLeast(value, filter.value));
  return true;
}

/** Spaces after a comma mean nothing. */
function plainDn(dn: string): string {
  return dn.toLowerCase().replaceAll(/,\s+/g, ',');
}

/** Times are all of the same length, numbers are not. */
function isAtLeast(value: string, least: string): boolean {
  const isNumber = /^\d+$/.test(value) && /^\d+$/.test(least);
  return isNumber ? Number(value) >= Number(least) : value >= least.toLowerCase();
}

function valuesOf(entry: FakeEntry, name: string): string[] {
  const found = Object.entries(entry.attributes).find(([key]) => key.toLowerCase() === name.toLowerCase());
  return (found?.[1] ?? []).map((value) => value.toString().toLowerCase());
}
