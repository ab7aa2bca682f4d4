import { describe, expect, it } from '@jest/globals';
import { readContentDigest } from './content-digest.js';

const SHA256 = Buffer.alloc(32, 1).toString('base64');
const SHA512 = Buffer.alloc(64, 2).toString('base64');

describe('readContentDigest', () => {
  it.each<[string, string | undefined, readonly string[]]>([
    ['nothing', undefined, []],
    ['one', `sha-256=:${SHA256}:`, ['sha256']],
    ['two', `sha-512=:${SHA512}:, sha-256=:${SHA256}:`, ['sha512', 'sha256']],
    ['one that is known beside one that is not', `md5=:AAAA:,sha-256=:${SHA256}:`, ['sha256']],
  ])('reads %s', (_case, header, algorithms) => {
    expect([...readContentDigest(header).keys()]).toEqual(algorithms);
  });

  it.each(['md5=:AAAA:', `sha-256=${SHA256}`, 'sha-256=:AAAA:', `SHA-256=:${SHA256}:`, 'x', 'sha-256=:%%:'])(
    'refuses %s',
    (header) => {
      expect(() => readContentDigest(header)).toThrow(expect.objectContaining({ reason: 'bad_digest' }));
    },
  );
});
