import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '#kernel';
import { ENTERPRISE_USER_URN as ENTERPRISE, USER_URN } from '../schema/urns.js';
import { readListQuery } from './list-query.js';
import { listResponse } from './list-response.js';
import { project } from './projection.js';
import { readSearchRequest } from './search-request.js';

describe('readListQuery', () => {
  it('has defaults for everything', () => {
    expect(readListQuery(new URLSearchParams(''))).toEqual({
      startIndex: 1,
      count: 100,
      sortOrder: 'ascending',
      attributes: [],
      excludedAttributes: [],
    });
  });

  it.each([
    ['startIndex=0', { startIndex: 1 }],
    ['startindex=5', { startIndex: 5 }],
    ['startIndex=-1', { startIndex: 1 }],
    ['startIndex=', { startIndex: 1 }],
    ['startIndex=abc', { startIndex: 1 }],
    ['startIndex=99999999999999999999', { startIndex: Number.MAX_SAFE_INTEGER }],
    ['count=0', { count: 0 }],
    ['count=-3', { count: 0 }],
    ['count=', { count: 100 }],
    ['count=7.5', { count: 100 }],
    ['Count=5000', { count: 1_000 }],
    ['sortBy=userName&sortOrder=Descending', { sortBy: 'userName', sortOrder: 'descending' }],
    ['sortOrder=sideways', { sortOrder: 'ascending' }],
    ['attributes=userName,+emails.value&attributes=id', { attributes: ['userName', 'emails.value', 'id'] }],
    ['attributes=emails[type+eq+"a,b"].value', { attributes: ['emails.value'] }],
    ['excludedattributes=members&', { excludedAttributes: ['members'] }],
    ['FILTER=userName+eq+%22a%2Bb%22', { filter: 'userName eq "a+b"' }],
    ['filter=', { filter: '' }],
    ['cursor=', { cursor: '' }],
    ['aadOptscim062020', { count: 100 }],
  ])('reads ?%s', (query, expected) => {
    expect(readListQuery(new URLSearchParams(query))).toMatchObject(expected);
  });
});

describe('readSearchRequest', () => {
  it('reads the same as a query', () => {
    expect(
      readSearchRequest({
        Schemas: ['urn:ietf:params:scim:api:messages:2.0:SearchRequest'],
        filter: 'title pr',
        startIndex: 0,
        count: '5',
        sortBy: 'title',
        sortorder: 'descending',
        attributes: ['userName', 'id,title'],
        excludedAttributes: 'emails',
      }),
    ).toEqual({
      filter: 'title pr',
      startIndex: 1,
      count: 5,
      sortBy: 'title',
      sortOrder: 'descending',
      attributes: ['userName', 'id', 'title'],
      excludedAttributes: ['emails'],
    });
    expect(readSearchRequest({ filter: null })).toMatchObject({ startIndex: 1, count: 100 });
  });

  it.each<JsonObject>([
    { filter: 7.5, attributes: [1] },
    { count: true },
    { schemas: [USER_URN] },
    { sortBy: {} },
  ])('refuses %j', (body) => {
    expect(() => readSearchRequest(body)).toThrow(expect.objectContaining({ status: 400 }));
  });
});

describe('listResponse', () => {
  it('has Resources also when empty, and counts what it holds', () => {
    expect(listResponse({ resources: [], totalResults: 7, startIndex: 8 })).toEqual({
      schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'],
      totalResults: 7,
      startIndex: 8,
      itemsPerPage: 0,
      Resources: [],
    });
    expect(listResponse({ resources: [{}], totalResults: 1, nextCursor: 'c' })).toMatchObject({
      itemsPerPage: 1,
      nextCursor: 'c',
    });
  });
});

describe('project', () => {
  const user: JsonObject = {
    schemas: [USER_URN, ENTERPRISE],
    id: '1',
    userName: 'anna',
    name: { givenName: 'A', familyName: 'B' },
    emails: [{ value: 'a@b', type: 'work' }, { value: 'c@d' }],
    password: 'secret',
    shoeSize: { eu: 43, us: 9 },
    [ENTERPRISE]: { department: 'HR', manager: { value: 'm' } },
    'urn:example:1.0:User': { badge: 1 },
    meta: { resourceType: 'User', location: 'x', version: 'W/"1"' },
  };
  const always = { schemas: user['schemas'], id: '1', meta: { resourceType: 'User' } };

  it.each([
    ['userName', { userName: 'anna' }],
    ['USERNAME', { userName: 'anna' }],
    ['name.familyName', { name: { familyName: 'B' } }],
    ['name', { name: user['name'] }],
    ['emails.type', { emails: [{ type: 'work' }] }],
    ['emails[type eq "work"].value', { emails: [{ value: 'a@b' }, { value: 'c@d' }] }],
    ['department', { [ENTERPRISE]: { department: 'HR' } }],
    [`${ENTERPRISE}:manager.value`, { [ENTERPRISE]: { manager: { value: 'm' } } }],
    [ENTERPRISE.toLowerCase(), { [ENTERPRISE]: user[ENTERPRISE] }],
    ['urn:example:1.0:User', { 'urn:example:1.0:User': { badge: 1 } }],
    ['urn:example:1.0:User:BADGE', { 'urn:example:1.0:User': { badge: 1 } }],
    ['shoesize.eu', { shoeSize: { eu: 43 } }],
    ['password', {}],
    ['nothing', {}],
    ['title', {}],
    ['meta.version', { meta: { resourceType: 'User', version: 'W/"1"' } }],
    ['meta', { meta: user['meta'] }],
  ])('shows only %s', (name, expected) => {
    expect(project('User', user, { attributes: [name] })).toEqual({ ...always, ...expected });
  });

  it('joins several names', () => {
    const shown = project('User', user, { attributes: ['name.givenName', 'name.familyName', 'emails'] });
    expect(shown).toEqual({ ...always, name: user['name'], emails: user['emails'] });
  });

  it.each([
    ['NAME', ['name']],
    [ENTERPRISE, [ENTERPRISE]],
    ['shoeSize', ['shoeSize']],
    ['nothing', []],
    ['id', []],
    ['schemas', []],
  ])('leaves out %s', (name, gone) => {
    const shown = project('User', user, { excludedAttributes: [name] });
    const keys = Object.keys(user).filter((key) => key !== 'password' && !gone.includes(key));
    expect(Object.keys(shown)).toEqual(keys);
  });

  it('leaves out parts', () => {
    const excludedAttributes = ['name.givenName', 'emails.type', 'department', 'meta'];
    expect(project('User', user, { excludedAttributes })).toMatchObject({
      name: { familyName: 'B' },
      emails: [{ value: 'a@b' }, { value: 'c@d' }],
      [ENTERPRISE]: { manager: { value: 'm' } },
      meta: { resourceType: 'User' },
    });
  });

  it('prefers attributes when both are given', () => {
    const shown = project('User', user, { attributes: ['userName'], excludedAttributes: ['userName'] });
    expect(shown).toEqual({ ...always, userName: 'anna' });
  });

  it('really omits excluded members', () => {
    const group = { schemas: [], id: 'g', displayName: 'Ops', members: [], meta: { resourceType: 'Group' } };
    expect(Object.hasOwn(project('Group', group, { excludedAttributes: ['members'] }), 'members')).toBe(
      false,
    );
  });
});
