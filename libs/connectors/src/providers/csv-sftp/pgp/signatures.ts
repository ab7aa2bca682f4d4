import type { DecryptMessageResult, PublicKey } from 'openpgp';
import { SourceError } from '../../../sdk/source-error.ts';

/** What the library found out about one signature. */
export type VerificationResult = DecryptMessageResult['signatures'][number];

interface Judging {
  /** Of the file. */
  readonly name: string;
  readonly signers: readonly PublicKey[];
  /** Now, with some minutes for clocks that are ahead. */
  readonly date: Date;
}

/**
 * One good signature by one of the signers is enough.
 * @returns when it was made
 * @throws SourceError that says why there is none
 */
export async function judgeSignatures(
  signatures: readonly VerificationResult[],
  judging: Judging,
): Promise<Date> {
  const reasons: string[] = [];
  for (const signature of signatures) {
    const verdict = await judge(signature, judging);
    if (typeof verdict !== 'string') return verdict;
    reasons.push(verdict);
  }
  const why =
    reasons.length === 0 ? 'is not signed, and this directory takes signed files only' : reasons.join('; ');
  throw new SourceError('incomplete_listing', `${judging.name} ${why}. The last state stays.`);
}

async function judge(
  { keyID, verified, signature }: VerificationResult,
  { signers, date }: Judging,
): Promise<Date | string> {
  const id = keyID.toHex().toUpperCase();
  // Both are settled whatever comes of the signature; a rejection that nobody waits for would end the process.
  const [outcome, packets] = await Promise.allSettled([verified, signature]);
  const signer = signers.find((key) => key.getKeys(keyID).length > 0);
  if (signer === undefined)
    return `is signed with the key ${id}, which is none of those entered (${idsOf(signers)})`;
  if (outcome.status === 'rejected')
    return `has a signature with the key ${id} that does not hold: ${reasonOf(outcome.reason)}`;
  try {
    await signer.getSigningKey(keyID, date);
  } catch (error) {
    return `is signed with the key ${id}, which is not valid any more (${reasonOf(error)}): enter the renewed key`;
  }
  const created = packets.status === 'fulfilled' ? packets.value.packets[0]?.created : undefined;
  return created ?? date;
}

function idsOf(keys: readonly PublicKey[]): string {
  return keys.map((key) => key.getKeyID().toHex().toUpperCase()).join(', ');
}

/** The library's words are about formats and keys, never about content. */
export function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, 200).replace(/\.$/, '');
}
