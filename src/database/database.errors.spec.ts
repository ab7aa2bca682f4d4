import { describe, expect, it } from '@jest/globals';

import { connectError, DatabaseError } from './database.errors.js';

const URL_WITH_SECRET = 'postgres://rollcall:hunter2@db.example.com:5433/directory';

describe('connectError', () => {
  it.each([
    ['ECONNREFUSED', 'unreachable', 'PostgreSQL at db.example.com:5433 cannot be reached'],
    ['ENOTFOUND', 'unreachable', 'Check DATABASE_URL and that the server is running'],
    ['53300', 'unreachable', 'cannot be reached'],
    ['28P01', 'refused', 'refused the user "rollcall"'],
    ['3D000', 'missing', 'has no database "directory"'],
    ['42501', 'privilege', 'owner of the database "directory"'],
  ])('turns %s into %s', (code, problem, text) => {
    const error = connectError(URL_WITH_SECRET, Object.assign(new Error('reason\nof two lines'), { code }));
    expect(error).toBeInstanceOf(DatabaseError);
    expect(error).toMatchObject({ code: problem });
    expect(error.message).toContain(text);
    expect(error.message).not.toMatch(/hunter2|\n/);
  });

  it('knows a time-out, which pg reports by words', () => {
    const error = connectError(URL_WITH_SECRET, new Error('timeout expired'));
    expect(error).toMatchObject({ code: 'unreachable' });
  });

  it('passes on what it does not know', () => {
    const error = new Error('a bug');
    expect(connectError(URL_WITH_SECRET, error)).toBe(error);
  });
});
