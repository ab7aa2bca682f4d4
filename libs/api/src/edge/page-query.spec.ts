import { describe, expect, it } from '@jest/globals';
import { InvalidInputError, newId } from '#kernel';
import { pageQuery } from './page-query.js';
import { parameter } from './query.js';
import { text } from './values.js';

const reader = pageQuery('org', { search: parameter(text(), 'Part of the name.') });

function refusalOf(read: () => unknown): InvalidInputError {
  try {
    read();
  } catch (error) {
    if (error instanceof InvalidInputError) return error;
  }
  throw new Error('not refused');
}

describe('pageQuery', () => {
  it('has ten items, newest first, when nothing is asked', () => {
    expect(reader.read({})).toEqual({ page: { limit: 10, order: 'desc' }, search: undefined });
  });

  it('takes another default order', () => {
    expect(pageQuery('event', {}, 'asc').read({}).page.order).toBe('asc');
  });

  it.each(['0', '101', '-1', '1.5', 'ten', '1e1'])('refuses limit=%s', (limit) => {
    const refusal = refusalOf(() => reader.read({ limit }));
    expect(refusal.problems).toEqual([
      { field: 'limit', message: 'limit must be a whole number from 1 to 100.' },
    ]);
  });

  it('reports all problems together', () => {
    const refusal = refusalOf(() => reader.read({ limit: '0', order: 'up' }));
    expect(refusal.problems.map((problem) => problem.field)).toEqual(['limit', 'order']);
  });

  it('lets after win over before', () => {
    const [before, after] = [newId('org'), newId('org')];
    expect(reader.read({ before, after }).page).toEqual({ limit: 10, order: 'desc', after });
  });

  it('takes the id of something that may be gone, but not of another kind', () => {
    const id = newId('org');
    expect(reader.read({ after: id }).page.after).toBe(id);
    expect(refusalOf(() => reader.read({ after: newId('event') })).code).toBe('invalid_cursor');
  });

  it('ignores parameters it does not know and treats empty ones as absent', () => {
    expect(reader.read({ utm: 'x', search: '', after: '' })).toEqual(reader.read({}));
  });

  it('refuses U+0000, which no stored text has', () => {
    expect(refusalOf(() => reader.read({ search: 'a\u0000' })).problems[0]?.field).toBe('search');
  });
});
