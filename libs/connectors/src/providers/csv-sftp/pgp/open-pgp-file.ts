import { readFile, stat, writeFile } from 'node:fs/promises';
import type { Message, PublicKey, Signature } from 'openpgp';
import { SourceError } from '../../../sdk/source-error.ts';
import type { PgpKeys } from './keys.ts';
import { judgeSignatures, reasonOf, type VerificationResult } from './signatures.ts';

/** A copy on this machine. */
export interface PgpFile {
  readonly path: string;
  readonly name: string;
  /** Its name says that it is a PGP message; otherwise it is the content itself. */
  readonly isMessage: boolean;
  /** A signature in a file of its own. */
  readonly signature: DetachedSignature | null;
}

export interface DetachedSignature {
  readonly path: string;
  readonly name: string;
  /** Of the file as it was sent, or of what is in it. */
  readonly of: 'file' | 'content';
}

export interface Opened {
  readonly path: string;
  /** When it was signed; null where nobody asks. */
  readonly signedAt: Date | null;
}

const MIB = 1_048_576;
/** The library works in memory: a file of this size, and what comes out of it, take about 300 MB for a moment. */
export const MAX_MESSAGE = 32 * MIB;
export const MAX_CONTENT = 64 * MIB;
/** Clocks of senders run ahead. */
const CLOCK_SKEW_MS = 600_000;
/** A message may hide for whom it is. */
const ANYBODY = /^0+$/;
const ARMOR = Buffer.from('-----BEGIN PGP');

type Bytes = Uint8Array<ArrayBuffer>;

/**
 * Decrypts and verifies a file into another one beside it. Nothing of it is written before all of it has proved to be
 * what the sender has encrypted and signed.
 * @throws SourceError that says what is wrong with it
 */
export async function openPgpFile(file: PgpFile, keys: PgpKeys, now: Date): Promise<Opened> {
  const { name, isMessage, path } = file;
  if (keys.decryption !== null && !isMessage)
    throw refused(name, 'is not encrypted with PGP, and this directory takes encrypted files only');
  const sent = await contentOf(path, name, isMessage ? MAX_MESSAGE : MAX_CONTENT);
  const opening = new Opening(file, keys, now);
  const { content, signatures } = isMessage ? await opening.read(sent) : { content: sent, signatures: [] };
  const signedAt = await opening.signedAt({ sent, content }, signatures);
  if (!isMessage) return { path, signedAt };
  await writeFile(`${path}.open`, content, { mode: 0o600 });
  return { path: `${path}.open`, signedAt };
}

interface Read {
  readonly content: Bytes;
  readonly signatures: readonly VerificationResult[];
}

class Opening {
  readonly #file: PgpFile;
  readonly #keys: PgpKeys;
  readonly #now: Date;

  constructor(file: PgpFile, keys: PgpKeys, now: Date) {
    this.#file = file;
    this.#keys = keys;
    this.#now = now;
  }

  /** Content and signatures of a message. */
  async read(sent: Bytes): Promise<Read> {
    const { library, decryption } = this.#keys;
    const message = await this.#message(sent);
    const isEncrypted = message.getEncryptionKeyIDs().length > 0 || this.#isSealed(message);
    const verifying = { ...this.#verifying(), message, format: 'binary' as const };
    if (decryption === null) {
      if (isEncrypted) throw this.#refused('is encrypted, and the settings have no key to decrypt it with');
      return resultOf(await library.verify(verifying).catch((error: unknown) => this.#broken(error)));
    }
    if (!isEncrypted) throw this.#refused('is not encrypted, and this directory takes encrypted files only');
    this.#expectForUs(message);
    const decrypting = { ...verifying, decryptionKeys: decryption };
    return resultOf(await library.decrypt(decrypting).catch((error: unknown) => this.#broken(error)));
  }

  /** Null where nobody has to have signed. */
  async signedAt(
    { sent, content }: { readonly sent: Bytes; readonly content: Bytes },
    inside: readonly VerificationResult[],
  ): Promise<Date | null> {
    const { signers } = this.#keys;
    if (signers === null) return null;
    const { name, signature } = this.#file;
    const beside =
      signature === null ? [] : await this.#detached(signature, signature.of === 'file' ? sent : content);
    const { date } = this.#verifying();
    return judgeSignatures([...inside, ...beside], { name, signers, date });
  }

  async #detached(file: DetachedSignature, binary: Bytes): Promise<readonly VerificationResult[]> {
    const { createMessage, verify } = this.#keys.library;
    const signature = await this.#signature(file);
    const message = await createMessage({ binary });
    return (await verify({ ...this.#verifying(), message, signature, format: 'binary' })).signatures;
  }

  async #signature({ path, name }: DetachedSignature): Promise<Signature> {
    const { readSignature } = this.#keys.library;
    const bytes = await contentOf(path, name, MIB);
    try {
      return await (isArmored(bytes)
        ? readSignature({ armoredSignature: textOf(bytes) })
        : readSignature({ binarySignature: bytes }));
    } catch (error) {
      throw refused(name, `is no detached PGP signature of ${this.#file.name} (${reasonOf(error)})`);
    }
  }

  async #message(bytes: Bytes): Promise<Message<Bytes>> {
    const { readMessage } = this.#keys.library;
    const { config } = this.#verifying();
    try {
      const message = await (isArmored(bytes)
        ? readMessage({ armoredMessage: textOf(bytes), config })
        : readMessage({ binaryMessage: bytes, config }));
      return message;
    } catch (error) {
      return this.#broken(error);
    }
  }

  #verifying(): {
    readonly verificationKeys: PublicKey[];
    readonly date: Date;
    readonly config: { maxDecompressedMessageSize: number };
  } {
    return {
      verificationKeys: [...(this.#keys.signers ?? [])],
      date: new Date(this.#now.getTime() + CLOCK_SKEW_MS),
      config: { maxDecompressedMessageSize: MAX_CONTENT },
    };
  }

  /** Encrypted with a password, or without saying for whom. */
  #isSealed({ packets }: Message<Bytes>): boolean {
    const { packet } = this.#keys.library.enums;
    return packets.some((part) =>
      [
        packet.symmetricallyEncryptedData,
        packet.symEncryptedIntegrityProtectedData,
        packet.aeadEncryptedData,
      ].includes((part.constructor as unknown as { readonly tag: number }).tag),
    );
  }

  /** @throws SourceError naming both keys */
  #expectForUs(message: Message<Bytes>): void {
    const wanted = message.getEncryptionKeyIDs();
    const ours = this.#keys.decryption?.getKeyIDs() ?? [];
    if (wanted.some((id) => ANYBODY.test(id.toHex()) || ours.some((own) => own.equals(id)))) return;
    const names = wanted.map((id) => id.toHex().toUpperCase()).join(', ');
    const own = ours.map((id) => id.toHex().toUpperCase()).join(', ');
    throw this.#refused(
      wanted.length === 0
        ? 'is encrypted with a password instead of the key of this directory'
        : `is encrypted for the key ${names}, and this directory has ${own}`,
    );
  }

  #broken(error: unknown): never {
    const reason = reasonOf(error);
    if (/decompressed message size/i.test(reason))
      throw this.#refused(
        `is larger than ${MAX_CONTENT / MIB} MiB unpacked; compress it with gzip before PGP (.csv.gz.pgp), or send delta files`,
      );
    throw this.#refused(
      `cannot be opened; it breaks off, was changed on its way, or is no PGP message (${reason})`,
    );
  }

  #refused(what: string): SourceError {
    return refused(this.#file.name, what);
  }
}

function resultOf(result: {
  readonly data: unknown;
  readonly signatures: readonly VerificationResult[];
}): Read {
  return { content: result.data as Bytes, signatures: result.signatures };
}

async function contentOf(path: string, name: string, most: number): Promise<Bytes> {
  const { size } = await stat(path);
  if (size > most)
    throw refused(
      name,
      `has ${Math.ceil(size / MIB)} MiB; with PGP a file may have ${most / MIB} MiB, because it is opened in memory. Compress it with gzip before PGP (.csv.gz), or send delta files`,
    );
  const buffer = await readFile(path);
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
}

function isArmored(bytes: Bytes): boolean {
  return Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 1_024)).includes(ARMOR);
}

function textOf(bytes: Bytes): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}

function refused(name: string, what: string): SourceError {
  return new SourceError('incomplete_listing', `${name} ${what}. The last state stays.`);
}
