import { describe, expect, it } from '@jest/globals';
import { BadRequestException, NotFoundException } from '@nestjs/common';
import { QueryFailedError } from 'typeorm';
import {
  AuthenticationError,
  ConflictError,
  InvalidInputError,
  NotFoundError,
  PermissionError,
  RetryableError,
} from '#kernel';
import { describeFailure } from './error-body.js';

const problems = [{ field: 'directory', message: 'directory is required when group is not given.' }];

const VALIDATION = {
  message: 'Validation failed',
  errors: [{ field: 'directory', code: 'directory is required when group is not given.' }],
};

const cases: readonly (readonly [string, unknown, number, object])[] = [
  ['a bad key', new AuthenticationError('expired'), 401, { message: 'Unauthorized' }],
  ['a missing scope', new PermissionError('no'), 403, { message: 'no' }],
  [
    'an unknown id',
    new NotFoundError("Directory not found: 'x'.", { entityId: 'x' }),
    404,
    { message: "Directory not found: 'x'.", code: 'entity_not_found', entity_id: 'x' },
  ],
  ['a conflict', new ConflictError('taken'), 409, { message: 'taken' }],
  [
    'a conflict with a code',
    new ConflictError('taken', { code: 'duplicate_endpoint' }),
    409,
    { message: 'taken', code: 'duplicate_endpoint' },
  ],
  [
    'a conflict that the contract answers with 400',
    new ConflictError('done', { code: 'domain_already_verified' }),
    400,
    { message: 'done', code: 'domain_already_verified' },
  ],
  ['validation', new InvalidInputError('x', { problems }), 422, VALIDATION],
  [
    'validation in a service',
    new InvalidInputError('x', { code: 'invalid_value', problems }),
    422,
    VALIDATION,
  ],
  [
    'an unknown event of an endpoint',
    new InvalidInputError('x', {
      code: 'invalid_request_parameters',
      problems: [{ field: 'events', message: '"x" is not an event type.' }],
    }),
    422,
    {
      message: 'x',
      code: 'invalid_request_parameters',
      errors: [{ field: 'events', code: 'unknown_event_type', message: '"x" is not an event type.' }],
    },
  ],
  [
    'an expired cursor',
    new InvalidInputError('old', { code: 'cursor_expired' }),
    400,
    { message: 'old', code: 'cursor_expired' },
  ],
  ['an unknown route', new NotFoundException('Cannot GET /x'), 404, { message: 'Cannot GET /x' }],
  ['the framework', new BadRequestException(['a', 'b']), 400, { message: 'Bad Request Exception' }],
  ['a surprise', new Error('secret'), 500, { message: 'Internal error. Quote request id r1.' }],
  ['a thrown text', 'secret', 500, { message: 'Internal error. Quote request id r1.' }],
];

describe('describeFailure', () => {
  it.each(cases.map(([name, error, ...expected]) => ({ name, error, expected })))(
    'answers $name',
    ({ error, expected }) => {
      const failure = describeFailure(error, 'r1');
      expect([failure.status, failure.body]).toEqual(expected);
      expect(failure.body).not.toHaveProperty('error');
      expect(typeof failure.body.message).toBe('string');
    },
  );

  // What TypeORM and the driver report while PostgreSQL restarts, each in words of its own.
  it.each([
    new QueryFailedError('SELECT 1', [], new Error('Connection terminated unexpectedly')),
    new QueryFailedError('SELECT 1', [], Object.assign(new Error('shutting down'), { code: '57P01' })),
    Object.assign(new Error('not yet accepting connections'), { code: '57P03' }),
    Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }),
  ])('answers an outage of the database as one: %s', (error) => {
    expect(describeFailure(error, 'r1')).toMatchObject({
      status: 503,
      headers: { 'retry-after': '5' },
      body: { code: 'database_unavailable' },
    });
  });

  it('says when to come back', () => {
    const failure = describeFailure(new RetryableError('busy', { retryAfterSeconds: 7 }), 'r1');
    expect([failure.status, failure.headers]).toEqual([503, { 'retry-after': '7' }]);
  });
});
