import { AndFilter, EqualityFilter, GreaterThanEqualsFilter, OrFilter, type Filter } from 'ldapts';
import {
  itemsOf,
  mapList,
  type FakeGroup,
  type FakeList,
  type FakePerson,
  type FakeTenant,
} from './fake-tenant.js';
import type { FakeEntry } from './ldap-wire.js';

export const SUFFIX = 'dc=example,dc=test';
export const PEOPLE = `ou=people,${SUFFIX}`;
export const GROUPS = `ou=groups,${SUFFIX}`;
const DOMAIN = [21, 1, 2, 3];

export type FakeLdapKind = 'openldap' | 'active_directory';

const uuid = (first: string, index: number): string =>
  `${first}-0000-4000-8000-${index.toString(16).padStart(12, '0')}`;
export const userId = (index: number): string => uuid('aaaaaaaa', index);
export const groupId = (index: number): string => uuid('bbbbbbbb', index);

/** The tenant in the spelling of one kind of server. */
export class LdapEntries {
  readonly #tenant: FakeTenant;
  readonly #kind: FakeLdapKind;

  constructor(tenant: FakeTenant, kind: FakeLdapKind) {
    this.#tenant = tenant;
    this.#kind = kind;
  }

  /** What a search finds below a base; undefined when there is no such base. */
  below(base: string, filter: Filter): FakeList<FakeEntry> | undefined {
    const list = this.#all(base.toLowerCase());
    return list && mapList(list, (entry) => (matches(filter, entry) ? entry : undefined));
  }

  byDn(dn: string): FakeEntry | undefined {
    const found = [...itemsOf(mapList(this.#tenant.groups, (group) => this.#group(group)))];
    return found.find((entry) => entry.dn === dn);
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
      ...this.#stamps(userId(person.index), this.#tenant.changedAt('user', person.index)),
    };
    const own = this.#kind === 'openldap' ? openldapPerson(person) : adPerson(person);
    return { dn: personDn(person.index), attributes: { ...common, ...own } };
  }

  #group(group: FakeGroup): FakeEntry {
    const { index, name } = group;
    const changedAt = Math.max(
      this.#tenant.changedAt('group', index),
      this.#tenant.changedAt('members', index),
    );
    const members = [...itemsOf(this.#tenant.members(index))].map((member) =>
      member.kind === 'user' ? personDn(member.index, true) : groupDn(member.index),
    );
    const sid: Record<string, Buffer[]> =
      this.#kind === 'openldap' ? {} : { objectSid: [sidOf(1_000 + index)] };
    return {
      dn: groupDn(index),
      attributes: {
        objectClass: [this.#kind === 'openldap' ? 'groupOfNames' : 'group'],
        cn: [name],
        // One that points nowhere, as servers without referential integrity keep them.
        member: [...members, `uid=gone,${PEOPLE}`],
        ...sid,
        ...this.#stamps(groupId(index), changedAt),
      },
    };
  }

  #stamps(id: string, changedAt: number): Record<string, (string | Buffer)[]> {
    const seconds = Math.floor(changedAt / 1_000);
    if (this.#kind === 'active_directory')
      return { objectGUID: [mixedEndian(id)], uSNChanged: [String(seconds)] };
    const time = new Date(changedAt).toISOString();
    return { entryUUID: [id], modifyTimestamp: [`${time.slice(0, 19).replaceAll(/[-:T]/g, '')}Z`] };
  }
}

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
    objectClass: ['top', 'person', 'user'],
    objectCategory: ['person'],
    sAMAccountName: [person.login],
    department: [person.department],
    objectSid: [sidOf(5_000 + person.index)],
    primaryGroupID: ['1000'],
    userAccountControl: [person.state === 'active' ? '512' : '514'],
  };
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

function matches(filter: Filter, entry: FakeEntry): boolean {
  if (filter instanceof AndFilter) return filter.filters.every((part) => matches(part, entry));
  if (filter instanceof OrFilter) return filter.filters.some((part) => matches(part, entry));
  if (filter instanceof EqualityFilter)
    return valuesOf(entry, filter.attribute).includes(String(filter.value).toLowerCase());
  if (filter instanceof GreaterThanEqualsFilter)
    return valuesOf(entry, filter.attribute).some((value) => value >= filter.value.toLowerCase());
  return true;
}

function valuesOf(entry: FakeEntry, name: string): string[] {
  const found = Object.entries(entry.attributes).find(([key]) => key.toLowerCase() === name.toLowerCase());
  return (found?.[1] ?? []).map((value) => value.toString().toLowerCase());
}
