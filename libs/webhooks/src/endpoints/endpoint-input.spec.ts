import { describe, expect, it } from '@jest/globals';
import { InvalidInputError } from '#kernel';
import { checkEndpointInput } from './endpoint-input.js';
import type { WebhookEndpointUpdate } from './webhook-endpoint.js';

function problemsOf(input: WebhookEndpointUpdate): readonly { field: string; message: string }[] {
  try {
    checkEndpointInput(input);
    return [];
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidInputError);
    expect((error as InvalidInputError).code).toBe('invalid_request_parameters');
    return (error as InvalidInputError).problems;
  }
}

describe('checkEndpointInput', () => {
  it('accepts what is right', () => {
    expect(
      problemsOf({
        events: ['dsync.user.created'],
        directoryIds: ['directory_01JDQ0000000000000000000AA'],
        ordering: 'directory',
        concurrency: 256,
        customHeaders: { Authorization: 'Bearer x', 'X-Tenant': 'a b' },
      }),
    ).toEqual([]);
  });

  it('names every unknown event type', () => {
    expect(problemsOf({ events: ['dsync.user.created', 'dsync.user.eaten', '*'] })).toEqual([
      { field: 'events', message: '"dsync.user.eaten" is not an event type.' },
      { field: 'events', message: '"*" is not an event type.' },
    ]);
  });

  it.each<WebhookEndpointUpdate>([
    { events: [] },
    { directoryIds: [] },
    { directoryIds: ['org_01JDQ0000000000000000000AA'] },
    { concurrency: 0 },
    { concurrency: 257 },
    { concurrency: 1.5 },
    { ordering: 'random' as never },
    { status: 'paused' as never },
  ])('refuses %j', (input) => {
    expect(problemsOf(input)).toHaveLength(1);
  });

  it.each([
    'Host',
    'content-type',
    'Content-Length',
    'webhook-id',
    'WorkOS-Signature',
    'transfer-encoding',
    'Connection',
    'proxy-authorization',
    'x-amz-security-token',
    'X-Goog-Foo',
    'Metadata-Flavor',
    'user-agent',
    'expect',
    'no space',
    'no:colon',
    '',
    'ümlaut',
  ])('refuses the custom header %p', (name) => {
    expect(problemsOf({ customHeaders: { [name]: 'x' } })).toHaveLength(1);
  });

  it.each(['a\r\nb: c', 'a\nb', 'a\u0000', 'ü', '\u007f'])('refuses the header value %p', (value) => {
    expect(problemsOf({ customHeaders: { 'x-a': value } })).toHaveLength(1);
  });

  it('refuses too many, too long and repeated headers', () => {
    const many = Object.fromEntries(Array.from({ length: 21 }, (_, i) => [`x-${i}`, 'v']));
    expect(problemsOf({ customHeaders: many })).toHaveLength(1);
    expect(problemsOf({ customHeaders: { 'x-a': 'v'.repeat(4_094) } })).toHaveLength(1);
    expect(problemsOf({ customHeaders: { 'x-a': '1', 'X-A': '2' } })).toHaveLength(1);
  });
});
