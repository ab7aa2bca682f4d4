import { describe, expect, it } from '@jest/globals';
import { dialectOf, type ServerKind } from './dialect.js';
import { mapUser } from './map-user.js';
import type { LdapEntry } from './wire/answer.js';

const NOW = new Date('2026-03-02T08:00:00Z');

function entry(attributes: Readonly<Record<string, string>>): LdapEntry {
  const known = { objectguid: 'sixteen bytes ok', entryuuid: 'a', samaccountname: 'ada', ...attributes };
  return {
    dn: 'cn=ada,dc=example,dc=test',
    attributes: new Map(Object.entries(known).map(([name, value]) => [name, [Buffer.from(value)]])),
    controls: new Map(),
  };
}

function map(attributes: Readonly<Record<string, string>>, kind: ServerKind = 'active_directory') {
  const settings = { userFilter: null, groupFilter: null, overrides: {}, custom: {} };
  return mapUser(entry(attributes), dialectOf(kind, settings), NOW);
}

const user = (facts: object) =>
  expect.objectContaining({ kind: 'user', user: expect.objectContaining(facts) });

describe('mapUser of Active Directory', () => {
  it.each([
    ['512', true],
    ['514', false],
    ['544', true],
    ['546', false],
    ['66048', true],
    ['66050', false],
    ['-2147483136', true],
  ])('reads userAccountControl %s', (control, active) => {
    expect(map({ useraccountcontrol: control })).toEqual(user({ active }));
  });

  it('sets somebody aside whose userAccountControl is hidden, instead of taking them for active', () => {
    expect(map({})).toMatchObject({
      kind: 'invalid',
      of: 'user',
      problem: expect.stringMatching(/"userAccountControl" is not shown.*Account Restrictions/),
    });
  });

  it.each([
    [{ useraccountcontrol: 'enabled' }, /userAccountControl/],
    [{ useraccountcontrol: '512', accountexpires: 'soon' }, /accountExpires/],
  ])('sets somebody aside whose state cannot be read: %j', (attributes, problem) => {
    expect(map(attributes)).toMatchObject({ kind: 'invalid', problem: expect.stringMatching(problem) });
  });

  it('knows that AD LDS, which has no accounts of a domain, has another word for it', () => {
    const noAccount = { samaccountname: '' };
    expect(map({ ...noAccount, 'msds-useraccountdisabled': 'TRUE' })).toEqual(user({ active: false }));
    expect(map({ ...noAccount, 'msds-useraccountdisabled': 'FALSE' })).toEqual(user({ active: true }));
  });

  it.each([
    ['0', null],
    ['9223372036854775807', null],
    // Written by tools that mean never; a year of five digits.
    ['9223372036854775806', null],
    ['134168256000000000', '2026-03-01T08:00:00.000Z'],
    ['134169984000000000', '2026-03-03T08:00:00.000Z'],
  ])('reads accountExpires %s', (ticks, at) => {
    const isOver = at !== null && at < NOW.toISOString();
    const upcoming = at === null ? null : { at, active: false, stateReason: 'suspended' };
    expect(map({ useraccountcontrol: '512', accountexpires: ticks })).toEqual(
      user({ active: !isOver, ...(isOver ? {} : { upcoming }) }),
    );
  });
});

it('asks nothing of the kind of other servers', () => {
  expect(map({}, 'openldap')).toEqual(user({ active: true }));
  expect(map({ nsaccountlock: 'TRUE' }, 'openldap')).toEqual(user({ active: false }));
});
