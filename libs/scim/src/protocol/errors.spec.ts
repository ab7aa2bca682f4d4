import { describe, expect, it } from '@jest/globals';
import * as errors from './errors.js';

const KINDS: [errors.ErrorFactory, number, errors.ScimType | undefined][] = [
  [errors.invalidFilter, 400, 'invalidFilter'],
  [errors.tooMany, 400, 'tooMany'],
  [errors.mutability, 400, 'mutability'],
  [errors.invalidSyntax, 400, 'invalidSyntax'],
  [errors.invalidPath, 400, 'invalidPath'],
  [errors.noTarget, 400, 'noTarget'],
  [errors.invalidValue, 400, 'invalidValue'],
  [errors.invalidVersion, 400, 'invalidVers'],
  [errors.sensitive, 400, 'sensitive'],
  [errors.invalidCursor, 400, 'invalidCursor'],
  [errors.expiredCursor, 400, 'expiredCursor'],
  [errors.invalidCount, 400, 'invalidCount'],
  [errors.uniqueness, 409, 'uniqueness'],
  [errors.conflict, 409, undefined],
  [errors.unauthorized, 401, undefined],
  [errors.forbidden, 403, undefined],
  [errors.notFound, 404, undefined],
  [errors.methodNotAllowed, 405, undefined],
  [errors.notAcceptable, 406, undefined],
  [errors.preconditionFailed, 412, undefined],
  [errors.payloadTooLarge, 413, undefined],
  [errors.unsupportedMediaType, 415, undefined],
  [errors.rateLimited, 429, undefined],
  [errors.internalError, 500, undefined],
  [errors.notImplemented, 501, undefined],
  [errors.unavailable, 503, undefined],
];

describe('errors', () => {
  it.each(KINDS)('has the status and keyword of the RFC (%#)', (factory, status, scimType) => {
    expect(factory('What is wrong.', 'userName')).toMatchObject({
      status,
      scimType,
      detail: 'What is wrong.',
      attribute: 'userName',
    });
  });

  it('writes the status as a string and leaves an absent keyword out', () => {
    expect(errors.errorBody(errors.notFound('No such user.'))).toEqual({
      schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
      status: '404',
      detail: 'No such user.',
    });
    expect(errors.errorBody(errors.uniqueness('Taken.'))).toMatchObject({
      status: '409',
      scimType: 'uniqueness',
    });
  });

  it('cuts a detail that repeats a huge input, never through a surrogate pair', () => {
    const detail = errors.invalidValue('😀'.repeat(1_000)).detail;
    expect(detail.length).toBeLessThanOrEqual(1_000);
    expect(detail.isWellFormed()).toBe(true);
  });
});
