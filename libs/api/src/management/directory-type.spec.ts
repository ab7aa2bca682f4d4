import { describe, expect, it } from '@jest/globals';
import { DIRECTORY_TYPES } from '#model';
import { dialectNames } from '#scim';
import { resolveDirectoryType } from './directory-type.js';

const known = dialectNames();
const resolve = (type: string, dialect?: string): unknown => {
  const resolved = resolveDirectoryType({ type, dialect }, known);
  return [resolved.type, resolved.dialect, resolved.scimVersion];
};

describe('resolveDirectoryType', () => {
  it.each([
    ['okta scim v2.0', ['okta scim v2.0', 'okta', '2.0']],
    ['azure scim v2.0', ['azure scim v2.0', 'entra', '2.0']],
    ['entra scim v2.0', ['azure scim v2.0', 'entra', '2.0']],
    ['generic scim v2.0', ['generic scim v2.0', 'generic', '2.0']],
    ['keycloak scim v2.0', ['generic scim v2.0', 'keycloak', '2.0']],
    ['okta scim v1.1', ['generic scim v2.0', 'okta', '1.1']],
    ['generic scim v1.1', ['generic scim v2.0', 'generic', '1.1']],
    ['pingfederate scim v2.0', ['pingfederate scim v2.0', 'ping', '2.0']],
    ['pingone scim v2.0', ['pingfederate scim v2.0', 'ping', '2.0']],
    ['pingone scim v1.1', ['generic scim v2.0', 'ping', '1.1']],
    ['okta-scim-1-1', ['generic scim v2.0', 'okta', '1.1']],
    ['okta-scim-2-0', ['okta scim v2.0', 'okta', '2.0']],
    ['jump cloud scim v2.0', ['jump cloud scim v2.0', 'jumpcloud', '2.0']],
  ])('understands %s', (type, expected) => {
    expect(resolve(type)).toEqual(expected);
  });

  it('takes a dialect that says the same, or is finer than generic', () => {
    expect(resolve('okta scim v2.0', 'okta')).toEqual(['okta scim v2.0', 'okta', '2.0']);
    expect(resolve('generic scim v2.0', 'keycloak')).toEqual(['generic scim v2.0', 'keycloak', '2.0']);
  });

  it.each([...known])('understands %s by every spelling', (name, dialect) => {
    const type = expect.stringContaining(' scim v2.0');
    for (const spelling of [`${name} scim v2.0`, `${name}-scim-2-0`])
      expect(resolve(spelling)).toEqual([type, dialect, '2.0']);
    for (const spelling of [`${name} scim v1.1`, `${name}-scim-1-1`])
      expect(resolve(spelling)).toEqual(['generic scim v2.0', dialect, '1.1']);
    expect(DIRECTORY_TYPES).toContain(resolveDirectoryType({ type: `${name} scim v2.0` }, known).type);
  });

  it('takes an alias for the dialect, and one that names its version', () => {
    expect(resolve('azure scim v2.0', 'azure')).toEqual(['azure scim v2.0', 'entra', '2.0']);
    expect(resolve('generic scim v2.0', 'okta-scim-1-1')).toEqual(['generic scim v2.0', 'okta', '1.1']);
    expect(resolve('generic scim v2.0', 'keycloak-scim-2-0')).toEqual([
      'generic scim v2.0',
      'keycloak',
      '2.0',
    ]);
    expect(resolve('generic scim v1.1', 'okta')).toEqual(['generic scim v2.0', 'okta', '1.1']);
    expect(resolve('okta scim v1.1', 'okta-scim-1-1')).toEqual(['generic scim v2.0', 'okta', '1.1']);
  });

  it('refuses a dialect that contradicts the type', () => {
    for (const [type, dialect] of [
      ['okta scim v2.0', 'entra'],
      ['generic scim v2.0', 'okta'],
      ['keycloak scim v2.0', 'generic'],
      ['okta scim v2.0', 'okta-scim-1-1'],
      ['generic scim v2.0', 'okta-scim-2-0'],
      ['generic scim v2.0', 'pingone'],
    ] as const)
      expect(() => resolve(type, dialect)).toThrow('contradicts');
    expect(() => resolve('okta scim v2.0', 'nobody')).toThrow('is no dialect');
  });

  it('only ever shows types that SDKs know, and says so when there is no connector', () => {
    for (const type of DIRECTORY_TYPES) {
      if (type.includes(' scim ')) {
        const dialect = expect.stringMatching(new RegExp(`^(${[...known.values()].join('|')})$`));
        expect(resolve(type)).toEqual([type, dialect, '2.0']);
      } else expect(() => resolve(type)).toThrow('no connector');
    }
    expect(() => resolve('gusto')).toThrow('no connector');
  });

  it.each(['', 'okta', 'nobody scim v2.0', 'okta scim v3.0', 'OKTA SCIM V2.0', 'pingone', '-scim-1-1'])(
    'refuses "%s"',
    (type) => {
      expect(() => resolve(type)).toThrow('is no directory type');
    },
  );
});
