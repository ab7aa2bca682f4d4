import { describe, expect, it } from '@jest/globals';
import type { JsonValue } from '#kernel';
import { idInReference } from './reference.js';

describe('idInReference', () => {
  it.each<[JsonValue | undefined, string | undefined]>([
    ['https://scim.example.com/scim/v2.0/key/Users/u1', 'u1'],
    ['../Groups/g%2F1', 'g/1'],
    ['users/u1/', 'u1'],
    ['/Users/100%', '100%'],
    ['/Users/', undefined],
    ['/Users', undefined],
    ['https://scim.example.com/MyUsers/u1', undefined],
    ['/Users/u1/photo', undefined],
    ['/Users/u1?attributes=id', undefined],
    ['User', undefined],
    ['', undefined],
    [null, undefined],
    [7, undefined],
    [undefined, undefined],
  ])('%j is the address of %j', (reference, id) => {
    expect(idInReference(reference)).toBe(id);
  });
});
