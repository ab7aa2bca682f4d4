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
    const { name, digest } = readMember(member);
    const algorithm = ALGORITHMS[name as keyof typeof ALGORITHMS] as keyof typeof LENGTHS | undefined;
    if (algorithm === undefined) continue;
    if (digest.length !== LENGTHS[algorithm]) throw malformed();
    digests.set(algorithm, digest);
  }
  if (digests.size === 0) throw malformed();
  return digests;
}

function readMember(member: string): { readonly name: string; readonly digest: Buffer } {
  const match = /^\s*(?<name>[a-z*][a-z0-9_.*-]*)=:(?<value>[A-Za-z0-9+/]*={0,2}):\s*$/.exec(member)?.groups;
  if (match === undefined) throw malformed();
  return { name: match['name'] ?? '', digest: Buffer.from(match['value'] ?? '', 'base64') };
}

function malformed(): UploadRefused {
  return new UploadRefused(
    'bad_digest',
    'Content-Digest must be "sha-256=:<base64 of the digest>:" (or sha-512), of the bytes that are sent. Nothing was stored.',
  );
}
