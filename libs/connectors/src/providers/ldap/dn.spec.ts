import { describe, expect, it } from '@jest/globals';
import { dnKey } from './dn.js';

describe('dnKey', () => {
  it.each([
    ['case and spaces', 'uid=ada,ou=people,dc=example,dc=test', 'UID = Ada , OU=People, DC=example,dc=TEST'],
    ['an escaped comma', 'cn=Lovelace\\, Ada,dc=example', 'CN=Lovelace\\2c Ada,dc=example'],
    ['quotes of older servers', 'cn=Lovelace\\, Ada,dc=example', 'cn="Lovelace, Ada";dc=example'],
    ['characters of several bytes', 'cn=Zoë,dc=example', 'cn=Zo\\C3\\AB,dc=example'],
    ['the order in a part of several', 'cn=Ada+uid=7,dc=example', 'uid=7 + cn=ada,dc=example'],
    [
      'long names and numbers of types',
      'uid=ada,dc=example',
      '0.9.2342.19200300.100.1.1=ada,domainComponent=example',
    ],
    ['a number with its word', 'cn=ada,dc=example', 'OID.2.5.4.3=ada,dc=example'],
    ['the bytes of a value', 'cn=Ada,dc=example', 'cn=#0c03416461,dc=example'],
  ])('takes two spellings for one name: %s', (_case, one, other) => {
    expect(dnKey(other)).toBe(dnKey(one));
  });

  it.each([
    ['a comma that is not escaped', 'cn=Lovelace\\, Ada,dc=example', 'cn=Lovelace,cn=Ada,dc=example'],
    ['an escaped plus', 'cn=a\\+sn=b,dc=example', 'cn=a+sn=b,dc=example'],
    ['a number sign that is escaped', 'cn=\\#0c03416461,dc=example', 'cn=#0c03416461,dc=example'],
    ['another length in the bytes', 'cn=#0c04416461,dc=example', 'cn=Ada,dc=example'],
  ])('tells names apart: %s', (_case, one, other) => {
    expect(dnKey(other)).not.toBe(dnKey(one));
  });
});
