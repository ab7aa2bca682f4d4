import { describe, expect, it } from '@jest/globals';
import { BADGE_SETTING, BADGE_URN } from '../../test-support/schema-cases.js';
import { readExtensionSchemas } from './schema/extension-schemas.js';
import { RFC_TOLERANCE, STRICT_TOLERANCE } from './tolerance.js';
import { typeExtensions } from './type-extensions.js';

const SCHEMAS = readExtensionSchemas([BADGE_SETTING]).map(({ schema }) => schema);

describe('typeExtensions', () => {
  it('gives declared attributes their names and types, and keeps the rest', () => {
    const sent = { NUMBER: '7', valid: 'True', doors: 'north', keys: 'k1', other: 'as sent', colour: '' };
    expect(typeExtensions({ [BADGE_URN.toUpperCase()]: sent, title: 'x' }, SCHEMAS, RFC_TOLERANCE)).toEqual({
      [BADGE_URN]: { number: 7, valid: true, doors: ['north'], keys: [{ value: 'k1' }], other: 'as sent' },
      title: 'x',
    });
  });

  it('leaves no empty extension', () => {
    expect(typeExtensions({ [BADGE_URN]: { number: null } }, SCHEMAS, RFC_TOLERANCE)).toEqual({});
  });

  it.each([
    [7, BADGE_URN],
    [{ number: 'many' }, `${BADGE_URN}:number`],
    [{ number: 1.5 }, `${BADGE_URN}:number`],
    [{ keys: [{ primary: 'maybe' }] }, `${BADGE_URN}:keys[0].primary`],
  ])('refuses %j', (value, attribute) => {
    expect(() => typeExtensions({ [BADGE_URN]: value }, SCHEMAS, RFC_TOLERANCE)).toThrow(
      expect.objectContaining({ scimType: 'invalidValue', attribute }),
    );
  });

  it('refuses to the letter what is not declared', () => {
    expect(() => typeExtensions({ [BADGE_URN]: { other: 1 } }, SCHEMAS, STRICT_TOLERANCE)).toThrow(
      expect.objectContaining({ scimType: 'invalidSyntax', attribute: `${BADGE_URN}:other` }),
    );
  });
});
