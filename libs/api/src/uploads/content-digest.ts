import { UploadRefused, type Digests } from '#connectors';

const ALGORITHMS = { 'sha-256': 'sha256', 'sha-512': 'sha512' } as const;
const LENGTHS = { sha256: 32, sha512: 64 } as const;

/**
 * Reads `Content-Digest` (RFC 9530): `sha-256=:<base64>:`, several separated by commas. Algorithms that are not known are
 * left out as long as one is. @throws UploadRefused
 */
export function readContentDigest(header: string | undefined): Digests {
  const digests = new Map<'sha256' | 'sha512', Buffer>();
  if (header === undefined || header.trim() === '') return digests;
  for (const member of header.split(',')) {
    const [, name = '', value = ''] =
      /^\s*([a-z*][a-z0-9_.*-]*)=:([A-Za-z0-9+/]*={0,2}):\s*$/.exec(member) ?? [];
    if (name === '') throw malformed();
    const algorithm = ALGORITHMS[name as keyof typeof ALGORITHMS] as keyof typeof LENGTHS | undefined;
    if (algorithm === undefined) continue;
    const digest = Buffer.from(value, 'base64');
    if (digest.length !== LENGTHS[algorithm]) throw malformed();
    digests.set(algorithm, digest);
  }
  if (digests.size === 0) throw malformed();
  return digests;
}

function malformed(): UploadRefused {
  return new UploadRefused(
    'bad_digest',
    'Content-Digest must be "sha-256=:<base64 of the digest>:" (or sha-512), of the bytes that are sent. Nothing was stored.',
  );
}
