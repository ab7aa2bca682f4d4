import {
  addressName,
  CROSS_GROUPS,
  DEPARTMENTS,
  FAMILY_NAMES,
  GIVEN_NAMES,
  PROJECTS,
  TITLES,
} from './names.js';
import { createRandom, type Random } from './random.js';

/** An invented employee, as the IdP knows them. */
export interface Person {
  /** Id inside the IdP; stays when everything else changes. */
  readonly externalId: string;
  readonly userName: string;
  readonly email: string;
  readonly givenName: string;
  readonly familyName: string;
  readonly title: string;
  readonly department: string;
}

export interface CompanyGroup {
  readonly externalId: string;
  readonly name: string;
  /** `externalId` of the people in it. */
  readonly memberIds: readonly string[];
}

export interface CompanyOptions {
  readonly seed: number;
  /** Mail domain of everybody; take one below example.com or .test. */
  readonly domain: string;
  readonly people?: number;
  readonly groups?: number;
  /** How ids inside the IdP look: `00u…` at Okta, GUIDs at Entra. */
  readonly ids?: 'okta' | 'entra';
}

/** Invented people and groups. The same options give the same company. */
export class Company {
  readonly people: readonly Person[];
  readonly groups: readonly CompanyGroup[];
  readonly domain: string;
  readonly random: Random;
  readonly #ids: 'okta' | 'entra';
  readonly #taken = new Map<string, number>();

  constructor(options: CompanyOptions) {
    this.random = createRandom(options.seed);
    this.domain = options.domain;
    this.#ids = options.ids ?? 'okta';
    this.people = Array.from({ length: options.people ?? 200 }, () => this.newcomer());
    this.groups = Array.from({ length: options.groups ?? 12 }, (_, index) => this.#group(index));
  }

  /** Somebody who does not work here yet. Every call gives another person. */
  newcomer(): Person {
    const givenName = this.random.pick(GIVEN_NAMES);
    const familyName = this.random.pick(FAMILY_NAMES);
    const email = this.address(givenName, familyName);
    const department = this.random.pick(DEPARTMENTS);
    return {
      externalId: this.newId('user'),
      userName: email,
      email,
      givenName,
      familyName,
      title: `${department} ${this.random.pick(TITLES)}`,
      department,
    };
  }

  /** A mail address that nobody here has had before. */
  address(givenName: string, familyName: string): string {
    const name = addressName(givenName, familyName);
    const count = (this.#taken.get(name) ?? 0) + 1;
    this.#taken.set(name, count);
    return `${name}${count === 1 ? '' : count}@${this.domain}`;
  }

  /** A new id as this kind of IdP writes them. */
  newId(kind: 'user' | 'group'): string {
    if (this.#ids === 'entra') return guid(this.random);
    return `00${kind === 'user' ? 'u' : 'g'}${characters(this.random, 17, LETTERS_AND_DIGITS)}`;
  }

  /** The people of a group. */
  membersOf(group: CompanyGroup): Person[] {
    const ids = new Set(group.memberIds);
    return this.people.filter((person) => ids.has(person.externalId));
  }

  /** First one group per department, then groups across them with about every eighth person. */
  #group(index: number): CompanyGroup {
    const externalId = this.newId('group');
    const department = DEPARTMENTS[index];
    const name = department ?? crossName(index - DEPARTMENTS.length);
    const members = this.people.filter((person) =>
      department === undefined ? this.random.integer(8) === 0 : person.department === department,
    );
    return { externalId, name, memberIds: members.map((person) => person.externalId) };
  }
}

const HEX = '0123456789abcdef';
const LETTERS_AND_DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

function crossName(index: number): string {
  const beyond = index - CROSS_GROUPS.length;
  if (beyond < 0) return CROSS_GROUPS[index] as string;
  const round = Math.floor(beyond / PROJECTS.length) + 1;
  return `Project ${PROJECTS[beyond % PROJECTS.length] as string} ${round}`;
}

function characters(random: Random, length: number, alphabet: string): string {
  return Array.from({ length }, () => alphabet[random.integer(alphabet.length)]).join('');
}

/** The spelling of a version 4 UUID. */
function guid(random: Random): string {
  const hex = (length: number): string => characters(random, length, HEX);
  return `${hex(8)}-${hex(4)}-4${hex(3)}-${random.pick(['8', '9', 'a', 'b'])}${hex(3)}-${hex(12)}`;
}
