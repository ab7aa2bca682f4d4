import { createHash, randomUUID, type Hash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Transform, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { UploadRefused } from './upload-refused.js';

/** A file that has come whole and lies on this machine until it is stored. */
export interface Spooled {
  readonly path: string;
  readonly bytes: number;
  /** Hexadecimal, of the content. */
  readonly sha256: string;
}

/** Most bytes of one upload, as they are sent. */
export const MAX_UPLOAD = 268_435_456;
/** The same after `Content-Encoding: gzip` was undone. */
const MAX_CONTENT = 536_870_912;
/** No byte for so long: the sender is gone, whatever its connection says. */
const IDLE_MS = 60_000;

/** What the sender says about the bytes on their way (RFC 9530), algorithm → digest. */
export type Digests = ReadonlyMap<'sha256' | 'sha512', Buffer>;

/**
 * Copies a stream to a file of this machine and hashes it on the way, in bounded memory.
 * @throws UploadRefused when it is too large, was cut, or is not what its digest says; then nothing is left
 */
export async function withSpooled<T>(
  source: Readable,
  options: { readonly isGzip: boolean; readonly digests: Digests },
  use: (spooled: Spooled) => Promise<T>,
): Promise<T> {
  const folder = await newFolder();
  try {
    const path = join(folder, 'file');
    const sent = new Meter(MAX_UPLOAD, [...options.digests.keys()]);
    const content = new Meter(MAX_CONTENT, ['sha256']);
    const steps = options.isGzip ? [sent, createGunzip(), content] : [sent, content];
    await pipeline([source, idleWatch(source), ...steps, createWriteStream(path, { mode: 0o600 })]).catch(
      (error: unknown) => {
        throw asRefusal(error);
      },
    );
    sent.expect(options.digests);
    return await use({ path, bytes: content.bytes, sha256: content.hex('sha256') });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export function newFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'rollcall-upload-'));
}

/** Hashes a file that was written in any order. */
export async function measure(path: string): Promise<Spooled> {
  const content = new Meter(MAX_UPLOAD, ['sha256']);
  await pipeline(createReadStream(path), content, async (chunks) => {
    for await (const _ of chunks as AsyncIterable<Buffer>);
  });
  return { path, bytes: content.bytes, sha256: content.hex('sha256') };
}

/** Counts and hashes what passes. */
class Meter extends Transform {
  bytes = 0;
  readonly #limit: number;
  readonly #hashes: ReadonlyMap<string, Hash>;

  constructor(limit: number, algorithms: readonly string[]) {
    super();
    this.#limit = limit;
    this.#hashes = new Map(algorithms.map((name) => [name, createHash(name)]));
  }

  override _transform(
    chunk: Buffer,
    _encoding: string,
    done: (error: Error | null, out?: Buffer) => void,
  ): void {
    this.bytes += chunk.length;
    for (const hash of this.#hashes.values()) hash.update(chunk);
    if (this.bytes > this.#limit) done(tooLarge(this.#limit));
    else done(null, chunk);
  }

  hex(algorithm: string): string {
    return (this.#hashes.get(algorithm) as Hash).copy().digest('hex');
  }

  expect(digests: Digests): void {
    for (const [algorithm, wanted] of digests)
      if (this.hex(algorithm) !== wanted.toString('hex'))
        throw new UploadRefused(
          'digest_mismatch',
          `The content is not what its digest says (${this.bytes} bytes came). It was damaged on its way, or the digest is of another file. Nothing was stored; send it again.`,
        );
  }
}

function tooLarge(limit: number): UploadRefused {
  return new UploadRefused(
    'too_large',
    `A file may have ${limit / 1_048_576} MiB. Compress it (users.csv.gz), or send changes only. Nothing was stored.`,
  );
}

/** Ends a sender that has fallen silent. */
function idleWatch(source: Readable): Transform {
  const timer = setTimeout(
    () => source.destroy(new UploadRefused('incomplete', 'Nothing came for a minute.')),
    IDLE_MS,
  );
  return new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      timer.refresh();
      done(null, chunk);
    },
    destroy: (error, done) => {
      clearTimeout(timer);
      done(error);
    },
  });
}

function asRefusal(error: unknown): unknown {
  if (error instanceof UploadRefused) return error;
  const { code = '' } = error as { readonly code?: string };
  if (/^Z_|^ERR_ZLIB|^ERR_PADDING/.test(code))
    return new UploadRefused(
      'bad_encoding',
      'Content-Encoding says gzip, and the content cannot be unpacked: it is cut off or no gzip. Nothing was stored.',
    );
  if (/^(ERR_STREAM_PREMATURE_CLOSE|ECONNRESET|ECONNABORTED|EPIPE|ABORT_ERR|HPE_.*)$/.test(code))
    return new UploadRefused('incomplete', 'The connection broke off before the end. Nothing was stored.');
  return error;
}

/** A path of its own inside of a folder. */
export function spoolPath(folder: string): string {
  return join(folder, randomUUID());
}
