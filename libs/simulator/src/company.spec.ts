import { describe, expect, it } from '@jest/globals';
import { Company } from './company.js';
import { addressName, CROSS_GROUPS, DEPARTMENTS } from './names.js';
import { createRandom } from './random.js';

const options = { seed: 7, domain: 'acme.test' };

describe('Company', () => {
  it('is the same for the same seed and another one for another seed', () => {
    const [one, two] = [new Company(options), new Company(options)];
    expect(one.people).toEqual(two.people);
    expect(one.groups).toEqual(two.groups);
    expect(one.newcomer()).toEqual(two.newcomer());
    expect(new Company({ ...options, seed: 8 }).people).not.toEqual(one.people);
  });

  it('has 200 people in 12 groups unless told otherwise', () => {
    const company = new Company(options);
    expect(company.people).toHaveLength(200);
    expect(company.groups.map(({ name }) => name)).toEqual([...DEPARTMENTS, ...CROSS_GROUPS]);
    expect(new Company({ ...options, people: 3, groups: 30 }).groups).toHaveLength(30);
  });

  it('gives nobody the name, address or id of somebody else, however many there are', () => {
    const company = new Company({ ...options, people: 6_000, groups: 40 });
    const distinct = (values: readonly string[]): number => new Set(values).size;
    expect(distinct(company.people.map(({ userName }) => userName))).toBe(6_000);
    expect(distinct(company.people.map(({ externalId }) => externalId))).toBe(6_000);
    expect(distinct(company.groups.map(({ name }) => name))).toBe(40);
  });

  it('puts everybody into the group of their department', () => {
    const company = new Company(options);
    for (const department of DEPARTMENTS) {
      const group = company.groups.find(({ name }) => name === department);
      const members = group ? company.membersOf(group) : [];
      expect(members).toEqual(company.people.filter((person) => person.department === department));
    }
  });

  it('writes ids like the IdP does', () => {
    const guid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
    const okta = new Company({ ...options, people: 1, groups: 1 });
    expect(okta.people[0]?.externalId).toMatch(/^00u\w{17}$/);
    expect(okta.groups[0]?.externalId).toMatch(/^00g\w{17}$/);
    expect(new Company({ ...options, people: 1, ids: 'entra' }).people[0]?.externalId).toMatch(guid);
  });
});

describe('addressName', () => {
  it.each([
    ['Zoë', 'Novák', 'zoe.novak'],
    ['Inés', 'Müller', 'ines.muller'],
  ])('writes %s %s in plain letters', (given, family, expected) => {
    expect(addressName(given, family)).toBe(expected);
  });
});

describe('createRandom', () => {
  it('shuffles without losing anything and stays in its bounds', () => {
    const random = createRandom(1);
    const items = Array.from({ length: 50 }, (_, index) => index);
    expect(random.shuffle(items).toSorted((a, b) => a - b)).toEqual(items);
    const drawn = Array.from({ length: 1_000 }, () => random.integer(3));
    expect(new Set(drawn)).toEqual(new Set([0, 1, 2]));
    expect(() => random.pick([])).toThrow(RangeError);
  });
});
