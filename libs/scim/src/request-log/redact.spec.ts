import { describe, expect, it } from '@jest/globals';
import { readableQuery } from './readable-query.js';
import { BODY_LIMIT, maskText, redactBody } from './redact.js';

const CANARY = 'hunter2-CANARY';
const JWT = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl';
const bytes = (value: unknown): Uint8Array =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));

describe('redactBody', () => {
  it.each<[string, unknown]>([
    ['an attribute', { userName: 'jane', password: CANARY }],
    ['any spelling', { PassWord: CANARY, 'api-key': CANARY, accessKey: CANARY }],
    ['a value inside an extension', { 'urn:x:User': { apiToken: { value: CANARY } } }],
    ['a PATCH operation by its path', { Operations: [{ op: 'replace', path: 'password', value: CANARY }] }],
    [
      'a PATCH operation whose value comes first',
      { Operations: [{ value: CANARY, path: 'urn:x:User:secret' }] },
    ],
    ['a pathless PATCH operation', { Operations: [{ op: 'replace', value: { password: CANARY } }] }],
    ['a pair', { extras: [{ name: 'clientSecret', value: CANARY }] }],
    ['an escaped name', `{"p\\u0061ssword":"${CANARY}"}`],
    ['no JSON', `password=${CANARY}&x=1`],
    ['half a document', `{"userName":"jane","password":"${CANARY}"`],
    ['a header in a text', { note: `Authorization: Bearer ${CANARY}` }],
  ])('keeps nothing secret of %s', (_, body) => {
    expect(redactBody(bytes(body))).not.toContain('CANARY');
  });

  it('keeps everything else as it was sent', () => {
    const body = {
      schemas: ['urn:x'],
      userName: 'jane@acme.test',
      emails: [{ value: 'jane@acme.test' }],
      active: false,
    };
    expect(redactBody(bytes(body))).toBe(JSON.stringify(body));
    expect(JSON.parse(redactBody(bytes({ ...body, password: CANARY })) ?? '')).toEqual({
      ...body,
      password: '[masked]',
    });
  });

  it('masks what looks like a credential wherever it stands', () => {
    const key = '-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----';
    expect(redactBody(bytes({ a: JWT, b: [key], c: 'Basic dXNlcjpwYXNz' }))).toBe(
      '{"a":"[masked]","b":["[masked]"],"c":"[masked]"}',
    );
  });

  it('takes a person called like a secret for a person', () => {
    const body = '{"title":"Secretary","displayName":"Token Team","userName":"passepartout"}';
    expect(redactBody(bytes(body))).toBe(body);
  });

  it('cuts what is long, says how much there was, and never in the middle of a character', () => {
    const long = JSON.stringify({ a: '😀'.repeat(BODY_LIMIT) });
    const kept = redactBody(bytes(long)) as string;
    expect(kept.length).toBeLessThan(BODY_LIMIT + 40);
    expect(kept).toMatch(/… \[cut: \d+ bytes in all\]$/);
    expect(kept.isWellFormed()).toBe(true);
    expect(redactBody(long)).toContain('[cut:');
    const secret = redactBody(bytes({ password: CANARY, a: 'x'.repeat(BODY_LIMIT) }));
    expect(secret).toMatch(/^\{"password":"\[masked\]".*\[cut/);
  });

  it('does not parse a huge body once more', () => {
    const kept = redactBody(bytes({ password: CANARY, a: 'x'.repeat(1_100_000) }));
    expect(kept).toMatch(/^\[\d+ bytes that may hold a secret are not kept\]$/);
  });

  it('is null without a body, and storable whatever came', () => {
    expect(redactBody(undefined)).toBeNull();
    expect(redactBody('')).toBeNull();
    expect(redactBody(Buffer.from([0x00, 0xff, 0x41]))).toBe('\ufffd\ufffdA');
  });
});

describe('readableQuery', () => {
  it.each([
    ['', null],
    ['filter=userName+eq+%22jane%40acme.test%22&count=1', 'filter=userName eq "jane@acme.test"&count=1'],
    [`access_token=${CANARY}&count=1`, 'access_token=[masked]&count=1'],
    [`filter=password%20eq%20%22${CANARY}%22`, 'filter=[masked]'],
    ['filter=displayName eq "Token Team"', 'filter=displayName eq "Token Team"'],
    [`x=${JWT}`, 'x=[masked]'],
    ['filter=%00%ZZ', 'filter=\ufffd%ZZ'],
  ])('reads %s', (query, readable) => {
    expect(readableQuery({ query })).toBe(readable);
  });

  it('is linear in what it is given', () => {
    const long = `${'bearer '.repeat(20_000)}${'eyJaaaaaaaa'.repeat(20_000)}${'-----BEGIN '.repeat(5_000)}`;
    expect(maskText(long).length).toBeLessThanOrEqual(long.length);
  });
});
