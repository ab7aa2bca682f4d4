import { describe, expect, it } from '@jest/globals';
import { FilterParser } from 'ldapts';
import { attributesIn, isSilent } from './filter-attributes.js';

describe('attributes in a filter', () => {
  it('are found however it is made', () => {
    const filter = FilterParser.parseString(
      '(&(objectClass=user)(|(mail=*)(!(Comment=ext*)))(title~=chef)(a>=1)(b<=2)(userAccountControl:1.2.840.113556.1.4.803:=2))',
    );
    expect(attributesIn(filter)).toEqual([
      'objectclass',
      'mail',
      'comment',
      'title',
      'a',
      'b',
      'useraccountcontrol',
    ]);
  });

  it.each([
    ['(memberOf=cn=app,dc=example,dc=test)', true],
    ['(&(objectClass=user)(!(memberOf:1.2.840.113556.1.4.1941:=CN=App,DC=example,DC=test)))', true],
    ['(|(mail=*)(nsRole=cn=staff,dc=example,dc=test))', true],
    ['(isMemberOf=cn=app)', true],
    ['(msDS-User-Account-Control-Computed:1.2.840.113556.1.4.803:=16)', true],
    ['(:caseExactMatch:=staff)', true],
    ['(&(objectCategory=person)(department=Kitchen)(!(employeeType=external)))', false],
    ['(memberUid=ada)', false],
  ])('of %s may change without a change of the entry: %s', (text, silent) => {
    expect(isSilent(FilterParser.parseString(text))).toBe(silent);
  });
});
