import { describe, expect, it } from '@jest/globals';
import type { InvalidInputError, JsonValue } from '#kernel';
import { BADGE_SETTING, BADGE_URN } from '../../../test-support/schema-cases.js';
import { checkExtensionSchemas } from './check-extension-schemas.js';
import { readExtensionSchemas } from './extension-schemas.js';
import { USER_URN } from './urns.js';

const attributes = [{ name: 'badge' }];

function fieldsOf(setting: JsonValue): string[] {
  try {
    checkExtensionSchemas(setting);
    return [];
  } catch (error) {
    return (error as InvalidInputError).problems.map(({ field }) =>
      field.replace('config.extension_schemas', ''),
    );
  }
}

describe('the setting extension_schemas', () => {
  it('may be absent, and takes schemas in the form of the RFC', () => {
    expect(() => checkExtensionSchemas(undefined)).not.toThrow();
    expect(fieldsOf([BADGE_SETTING])).toEqual([]);
    const [badge] = readExtensionSchemas([BADGE_SETTING]);
    expect(badge).toMatchObject({ resourceType: 'User', schema: { id: BADGE_URN, name: 'Badge' } });
  });

  it.each<[JsonValue, string[]]>([
    [{}, ['']],
    [['x'], ['[0]']],
    [[{}], ['[0].id', '[0].attributes']],
    [[{ id: USER_URN, attributes }], ['[0].id']],
    [[{ id: 'badge', attributes }], ['[0].id']],
    [
      [
        { id: 'urn:x:y', attributes },
        { id: 'URN:X:Y', attributes },
      ],
      ['[1].id'],
    ],
    [[{ id: 'urn:x:y', resourceType: 'Robot', attributes }], ['[0].resourceType']],
    [[{ id: 'urn:x:y', attributes: [{ name: 'a b' }] }], ['[0].attributes[0].name']],
    [[{ id: 'urn:x:y', attributes: [{ name: 'a' }, { name: 'A' }] }], ['[0].attributes[1].name']],
    [[{ id: 'urn:x:y', attributes: [{ name: 'a', type: 'dateTime' }] }], ['[0].attributes[0].type']],
    [[{ id: 'urn:x:y', attributes: [{ name: 'a', type: 'complex' }] }], ['[0].attributes[0].subAttributes']],
  ])('finds what is wrong in %j', (setting, fields) => {
    expect(fieldsOf(setting)).toEqual(fields);
  });

  it('leaves out what it does not understand', () => {
    for (const setting of [undefined, null, 'x', [7], [{ id: USER_URN, attributes }], [{ id: 'no urn' }]])
      expect(readExtensionSchemas(setting as JsonValue)).toEqual([]);
  });
});
