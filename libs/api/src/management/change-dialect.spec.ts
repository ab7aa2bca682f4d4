import { describe, expect, it } from '@jest/globals';
import { changeDialect } from './change-dialect.js';

const names = new Map([
  ['generic', 'generic'],
  ['okta', 'okta'],
  ['keycloak', 'keycloak'],
  ['azure', 'entra'],
]);

describe('changeDialect', () => {
  it.each([
    ['okta', { type: 'okta scim v2.0', dialect: 'okta' }],
    ['azure', { type: 'azure scim v2.0', dialect: 'entra' }],
    ['keycloak', { type: 'generic scim v2.0', dialect: 'keycloak' }],
  ])('takes %s with the type that SDKs know for it', (name, expected) => {
    expect(changeDialect({ dialect: 'generic', type: 'generic scim v2.0' }, name, names)).toEqual(expected);
  });

  it('leaves the type alone when the dialect is the one it has', () => {
    const directory = { dialect: 'okta', type: 'generic scim v2.0' };
    expect(changeDialect(directory, 'okta', names)).toEqual(directory);
  });

  it('refuses names that no dialect has, and polled directories', () => {
    const scim = { dialect: 'generic', type: 'generic scim v2.0' };
    expect(() => changeDialect(scim, 'nobody', names)).toThrow('is no dialect');
    expect(() => changeDialect({ dialect: null, type: 'hibob' }, 'okta', names)).toThrow('polled');
  });
});
