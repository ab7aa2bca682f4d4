import { describe, expect, it } from '@jest/globals';
import { printFilter } from '../filter/print.js';
import { ENTERPRISE_USER_URN as ENTERPRISE, USER_URN } from '../schema/urns.js';
import { parsePath } from './parse-path.js';

describe('parsePath', () => {
  it.each([
    ['title', { attribute: 'title' }],
    [' name.familyName ', { attribute: 'name', subAttribute: 'familyName' }],
    [`${USER_URN}:name.familyName`, { schema: USER_URN, attribute: 'name', subAttribute: 'familyName' }],
    [`${ENTERPRISE}:manager`, { schema: ENTERPRISE, attribute: 'manager' }],
    [`${ENTERPRISE}.manager`, { schema: ENTERPRISE, attribute: 'manager' }],
    [
      `${ENTERPRISE.toLowerCase()}:manager.value`,
      { schema: ENTERPRISE, attribute: 'manager', subAttribute: 'value' },
    ],
    [ENTERPRISE, { schema: ENTERPRISE }],
    ['urn:example:x:1.0:User:badge', { schema: 'urn:example:x:1.0:User', attribute: 'badge' }],
    ['members.$ref', { attribute: 'members', subAttribute: '$ref' }],
  ])('takes %j apart', (text, expected) => {
    expect(parsePath(text)).toEqual(expected);
  });

  it.each([
    ['emails[type eq "work"]', ['emails', 'type eq "work"', undefined]],
    ['emails[type eq "work"].value', ['emails', 'type eq "work"', 'value']],
    ['emails [ type EQ work ].value', ['emails', 'type eq work', 'value']],
    ['roles[primary eq "True"].value', ['roles', 'primary eq "True"', 'value']],
    ['members[value eq "a]b" or value eq "c"]', ['members', 'value eq "a]b" or value eq "c"', undefined]],
    [`${USER_URN}:emails[not (type pr)]`, ['emails', 'not (type pr)', undefined]],
  ])('reads the filter of %s', (text, expected) => {
    const path = parsePath(text);
    const filter = path.filter === undefined ? undefined : printFilter(path.filter);
    expect([path.attribute, filter, path.subAttribute]).toEqual(expected);
  });

  it('ends a URN that the resource already uses where the resource does', () => {
    expect(parsePath('urn:example:odd:badge', ['urn:example:odd'])).toEqual({
      schema: 'urn:example:odd',
      attribute: 'badge',
    });
    expect(parsePath('urn:example:odd', ['urn:example:odd'])).toEqual({ schema: 'urn:example:odd' });
  });

  it.each([
    '',
    '.',
    'a.b.c',
    'a b',
    'emails[',
    'emails[]',
    'emails[type eq "work"',
    'emails[type eq "work"]value',
    'emails[type eq "work"].',
    'emails[type eq "work"].a.b',
    'emails[type eq "work"] .value',
    'emails.value[type eq "work"]',
    `${ENTERPRISE}[value eq "x"]`,
    'emails]',
    '"emails"',
    '__proto__',
    'name.__proto__',
    '__proto__.polluted',
    `a${'b'.repeat(8_192)}`,
    `emails[${'('.repeat(60)}a pr${')'.repeat(60)}]`,
  ])('refuses %j', (text) => {
    expect(() => parsePath(text)).toThrow(expect.objectContaining({ status: 400, scimType: 'invalidPath' }));
  });
});
