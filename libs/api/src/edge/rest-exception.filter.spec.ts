import { afterEach, expect, it, jest } from '@jest/globals';
import { Logger, type ArgumentsHost } from '@nestjs/common';
import { RestExceptionFilter } from './rest-exception.filter.js';

afterEach(() => void jest.restoreAllMocks());

it('logs the path of a request that failed, and nothing of its query', () => {
  const logged = jest.spyOn(Logger.prototype, 'error').mockReturnValue();
  const request = { id: 'r1', method: 'GET', url: '/directory_users?email=ada%40example.com' };
  const http = { getRequest: () => request, getResponse: () => ({ sent: true }) };
  new RestExceptionFilter().catch(new Error('boom'), {
    switchToHttp: () => http,
  } as unknown as ArgumentsHost);
  const text = JSON.stringify(logged.mock.calls);
  expect(text).toContain('GET /directory_users failed (request r1)');
  expect(text).not.toContain('ada');
});
