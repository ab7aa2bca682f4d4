import { describe, expect, it } from '@jest/globals';
import { previousAttributes } from './previous-attributes.js';

describe('previousAttributes', () => {
  it('tells of an attribute that came, whatever its name is', () => {
    const before = { custom_attributes: { badge: '7' } };
    for (const name of ['color', 'constructor', 'toString'])
      expect(previousAttributes(before, { custom_attributes: { badge: '7', [name]: 'red' } })).toEqual({
        custom_attributes: { [name]: null },
      });
  });
});
