import { describe, expect, it } from '@jest/globals';
import { detectDialect, type RequestTraits } from './detect.js';
import { listDialects } from './installed.js';

function detect({ headers = {}, query = '', body }: Partial<RequestTraits> & { body?: Uint8Array }): unknown {
  return detectDialect(listDialects(), { headers, query, body });
}

const bodyOf = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));
const userAgent = (text: string): object => ({ headers: { 'user-agent': text } });

describe('detectDialect', () => {
  it.each([
    ['okta', userAgent('Okta SCIM Client 1.0.0')],
    ['okta', userAgent('OKTA SCIM Integration')],
    ['okta', { body: bodyOf({ schemas: ['urn:scim:schemas:core:1.0', 'urn:okta:custom:group:1.0'] }) }],
    ['entra', { headers: { adscimversion: 'Date: 2026-11-02' } }],
    ['entra', { query: 'filter=userName+eq+%22x%22&aadOptscim062020' }],
    [
      'entra',
      {
        body: bodyOf({
          schemas: ['http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group'],
        }),
      },
    ],
    ['entra', { body: bodyOf({ Operations: [{ op: 'Replace', path: 'active', value: 'False' }] }) }],
    ['onelogin', { query: 'filter=userName+eq+%22ada%22&' }],
    ['onelogin', { body: bodyOf({ schemas: ['urn:scim:schemas:core:2.0'] }) }],
    ['ping', { query: 'startIndex=1&filter=username%20Eq%20%22ada%22' }],
    ['ping', { query: 'filter=email+Co+%22ada%22' }],
    ['oracle', { query: 'attributeSets=all&count=1000' }],
    ['oracle', { body: bodyOf({ schemas: ['urn:ietf:params:scim:schemas:oracle:idcs:extension:x:User'] }) }],
    ['authentik', userAgent('authentik@2026.10.1')],
    ['keycloak', { body: bodyOf({ members: [{ value: 'u', $ref: 'Users/u' }] }) }],
    ['sailpoint', userAgent('SailPoint-Connector/1.2')],
  ])('recognizes %s', (expected, traits) => expect(detect(traits)).toBe(expected));

  it.each([
    {},
    userAgent(''),
    userAgent('python-requests/2.32 (like okta)'),
    { query: 'filter=userName%20eq%20%22okta%22' },
    { query: 'filter=displayName%20Eq%20PRIMARY%2Fcrew' },
    { body: bodyOf({ schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'], userName: 'ada' }) },
    { body: bodyOf({ members: [{ value: 'u', $ref: 'https://rollcall.example.com/Users/u' }] }) },
    { body: bodyOf({ Operations: [{ op: 'replace', path: 'active', value: false }] }) },
    { body: Buffer.alloc(64, 0xff) },
  ])('suggests nothing for %j', (traits) => expect(detect(traits)).toBeUndefined());

  it('believes what a sender says of itself rather than how it writes', () => {
    expect(detect({ ...userAgent('Okta SCIM Client 1.0.0'), query: 'aadOptscim062020' })).toBe('okta');
  });

  it('suggests nothing when two dialects are suggested alike', () => {
    const hint = { in: 'query', pattern: /x/, evidence: 'a document' } as const;
    const weaker = { ...hint, in: 'body' } as const;
    const detected = [
      { id: 'one', detect: [hint, weaker] },
      { id: 'two', detect: [hint] },
    ];
    const traits = { headers: {}, query: 'x', body: Buffer.from('x') };
    expect(detectDialect(detected, traits)).toBeUndefined();
    expect(detectDialect(detected.slice(1), traits)).toBe('two');
  });

  it('reads the beginning of a body only', () => {
    const padded = { displayName: 'x'.repeat(10_000), schemas: ['urn:okta:custom:group:1.0'] };
    expect(detect({ body: bodyOf(padded) })).toBeUndefined();
  });
});
