import { describe, expect, it } from '@jest/globals';
import { parse } from 'node:querystring';
import { readList } from './read-list.js';
import type { RawQuery } from './raw-query.js';

describe('readList', () => {
  it.each([
    ['comma-joined', 'events=a%2Cb'],
    ['repeated', 'events=a&events=b'],
    ['bracketed', 'events[]=a&events[]=b'],
    ['indexed', 'events%5B1%5D=b&events%5B0%5D=a'],
    ['mixed', 'events=a&events[]=b,a'],
  ])('reads the %s encoding', (_, text) => {
    expect(readList(parse(text) as RawQuery, 'events')).toEqual(['a', 'b']);
  });

  it('orders indexes by number, not by text', () => {
    const query = { 'd[10]': 'k', 'd[9]': 'j', 'd[2]': 'c' };
    expect(readList(query, 'd')).toEqual(['c', 'j', 'k']);
  });

  it('takes no other parameter for its own, and drops what is empty', () => {
    expect(readList({ 'events[x]': 'a', eventsx: 'b', 'events[]': ' , ' }, 'events')).toEqual([]);
  });
});
