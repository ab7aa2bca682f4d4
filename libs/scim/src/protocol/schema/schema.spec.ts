import { describe, expect, it } from '@jest/globals';
import { isJsonObject, type JsonValue } from '#kernel';
import type { AttributeDefinition } from './definitions.js';
import { resolveAttribute } from './resolve-attribute.js';
import { RESOURCE_TYPES, SCHEMAS } from './resource-types.js';
import { resourceTypeJson, schemaJson } from './schema-json.js';
import { serviceProviderConfig } from './service-provider-config.js';
import { splitName } from './split-name.js';
import { ENTERPRISE_USER_URN, GROUP_URN, USER_URN } from './urns.js';

const BASE = 'https://scim.example.com/v2';

function all(attributes: readonly AttributeDefinition[]): AttributeDefinition[] {
  return attributes.flatMap((attribute) => [attribute, ...all(attribute.subAttributes ?? [])]);
}

describe('schema definitions', () => {
  it('has every attribute of the core User', () => {
    expect(RESOURCE_TYPES.User.schema.attributes.map(({ name }) => name)).toEqual(
      expect.arrayContaining(
        (
          'userName name displayName nickName profileUrl title userType preferredLanguage locale timezone active ' +
          'password emails phoneNumbers ims photos addresses groups entitlements roles x509Certificates'
        ).split(' '),
      ),
    );
  });

  it('has every attribute of the enterprise extension and of Group', () => {
    expect(RESOURCE_TYPES.User.extensions[0]?.attributes.map(({ name }) => name)).toEqual(
      'employeeNumber costCenter organization division department manager'.split(' '),
    );
    expect(RESOURCE_TYPES.Group.schema.attributes.map(({ name }) => name)).toEqual([
      'displayName',
      'members',
    ]);
  });

  it('gives parts to complex attributes and to no others', () => {
    for (const attribute of SCHEMAS.flatMap((schema) => all(schema.attributes)))
      expect([attribute.name, attribute.subAttributes !== undefined]).toEqual([
        attribute.name,
        attribute.type === 'complex',
      ]);
  });

  it('never discloses the password', () => {
    const password = resolveAttribute('User', 'password')?.attribute;
    expect(password).toMatchObject({ mutability: 'writeOnly', returned: 'never' });
  });

  it('renders every characteristic', () => {
    const json = schemaJson(RESOURCE_TYPES.User.schema, BASE);
    expect(json).toMatchObject({ id: USER_URN, meta: { location: `${BASE}/Schemas/${USER_URN}` } });
    const attributes = json['attributes'] as JsonValue[];
    expect(attributes.find((entry) => isJsonObject(entry) && entry['name'] === 'userName')).toEqual({
      name: 'userName',
      type: 'string',
      multiValued: false,
      description: expect.any(String),
      required: true,
      caseExact: false,
      mutability: 'readWrite',
      returned: 'default',
      uniqueness: 'server',
    });
  });

  it('renders resource types with their extensions', () => {
    expect(resourceTypeJson(RESOURCE_TYPES.User, BASE)).toMatchObject({
      id: 'User',
      endpoint: '/Users',
      schema: USER_URN,
      schemaExtensions: [{ schema: ENTERPRISE_USER_URN, required: false }],
    });
    expect(resourceTypeJson(RESOURCE_TYPES.Group, BASE)).toMatchObject({ schema: GROUP_URN });
  });

  it('advertises a batch size even when bulk is off', () => {
    const config = serviceProviderConfig({ baseUrl: BASE, bulkSupported: false });
    expect(config).toMatchObject({
      patch: { supported: true },
      bulk: { supported: false, maxOperations: 1_000 },
    });
    expect(config).not.toHaveProperty('pagination');
  });
});

describe('splitName', () => {
  it.each([
    ['title', { attribute: 'title' }],
    ['name.familyName', { attribute: 'name', subAttribute: 'familyName' }],
    ['members.$ref', { attribute: 'members', subAttribute: '$ref' }],
    [USER_URN, { schema: USER_URN }],
    [`${ENTERPRISE_USER_URN}:manager`, { schema: ENTERPRISE_USER_URN, attribute: 'manager' }],
    [`${ENTERPRISE_USER_URN}.manager`, { schema: ENTERPRISE_USER_URN, attribute: 'manager' }],
    [
      `${ENTERPRISE_USER_URN.toUpperCase()}:manager.value`,
      { schema: ENTERPRISE_USER_URN, attribute: 'manager', subAttribute: 'value' },
    ],
    ['urn:example:hr:2.0:User:badge', { schema: 'urn:example:hr:2.0:User', attribute: 'badge' }],
    ['urn:example:hr:2.0:User', { schema: 'urn:example:hr:2.0:User' }],
    ['urn:example:hr:1.0', { schema: 'urn:example:hr:1.0' }],
    ['a.b.c', undefined],
    ['', undefined],
    ['.a', undefined],
    ['a.', undefined],
    ['7a', undefined],
    ['a b', undefined],
    ['__proto__', undefined],
    ['name.__proto__', undefined],
    [`${ENTERPRISE_USER_URN}:__proto__`, undefined],
  ])('takes %j apart', (text, expected) => {
    expect(splitName(text)).toEqual(expected);
  });

  it('prefers the longest of the known URNs', () => {
    const known = ['urn:example', 'urn:example:hr'];
    expect(splitName('urn:example:hr:badge.color', known)).toEqual({
      schema: 'urn:example:hr',
      attribute: 'badge',
      subAttribute: 'color',
    });
  });
});

describe('resolveAttribute', () => {
  it.each([
    ['User', 'USERNAME', [undefined, 'userName', undefined]],
    ['User', 'name.FAMILYNAME', [undefined, 'name', 'familyName']],
    ['User', 'meta.lastmodified', [undefined, 'meta', 'lastModified']],
    ['User', 'email', [undefined, 'emails', undefined]],
    ['User', 'email.type', [undefined, 'emails', 'type']],
    ['User', 'department', [ENTERPRISE_USER_URN, 'department', undefined]],
    ['User', `${ENTERPRISE_USER_URN}:manager.value`, [ENTERPRISE_USER_URN, 'manager', 'value']],
    ['User', `${USER_URN}:userName`, [undefined, 'userName', undefined]],
    ['Group', 'members.value', [undefined, 'members', 'value']],
  ] as const)('finds %s %s', (type, text, expected) => {
    const found = resolveAttribute(type, text);
    expect([found?.extension, found?.attribute.name, found?.subAttribute?.name]).toEqual(expected);
  });

  it.each([
    ['User', 'nothing'],
    ['User', 'name.nothing'],
    ['User', 'members'],
    ['Group', 'userName'],
    ['Group', 'department'],
    ['User', `${USER_URN}:department`],
    ['User', ENTERPRISE_USER_URN],
    ['User', 'constructor'],
    ['User', ''],
  ] as const)('does not find %s %s', (type, text) => {
    expect(resolveAttribute(type, text)).toBeUndefined();
  });
});
