import { expect, it } from '@jest/globals';
import { digestOf } from './digest.js';

it('is the same for the same content, in whatever order attributes come', () => {
  const one = { a: 1, b: { c: [{ d: 1, e: 2 }], f: null }, g: 'é' };
  const other = { g: 'é', b: { f: null, c: [{ e: 2, d: 1 }] }, a: 1 };
  expect(digestOf(other)).toBe(digestOf(one));
  expect(digestOf(one)).toMatch(/^[\w-]{22}$/);
});

it('leaves out what is undefined, as JSON does', () => {
  expect(digestOf({ a: 1, b: undefined })).toBe(digestOf({ a: 1 }));
});

it.each([
  ['a value', { a: 1 }, { a: '1' }],
  ['null and nothing', { a: null }, {}],
  ['the order of a list', { a: [1, 2] }, { a: [2, 1] }],
  ['a list and what it would be written as', { a: [1] }, { a: ['[1]'] }],
  ['an object and a text', { a: { b: 1 }, c: 2 }, { a: '["b"]', c: 2 }],
  ['an object and a list', { a: { b: 1 } }, { a: [['["b"]'], 1] }],
  ['an object and a list of its words', { a: { b: 1 } }, { a: ['b', 1] }],
  ['lists in lists', { a: [[1], 2] }, { a: [[1, 2]] }],
  ['no key and an empty one', { a: {} }, { a: { '': null } }],
  ['where a value stands', { a: { b: 1 }, c: {} }, { a: {}, c: { b: 1 } }],
  [
    'a key that is special elsewhere',
    JSON.parse('{"__proto__":{"a":1}}'),
    JSON.parse('{"__proto__":{"a":2}}'),
  ],
])('tells %s apart', (_, one, other) => {
  expect(digestOf(one)).not.toBe(digestOf(other));
});
