import type { Readable } from 'node:stream';
import type { JsonObject } from '#kernel';
import type { Directory } from '#model';
import type { DirectoryKey } from '../engine/connection-settings.js';
import { queueRun, type QueuedRun } from '../engine/run-queue.js';
import type { ConnectorRegistry } from '../providers/registry.js';
import type { UploadRole } from '../sdk/uploads.js';
import { Places } from './places.js';
import { withSpooled, type Digests, type Spooled } from './spool.js';
import type { OnArrival, UploadBox } from './upload-box.js';
import { UploadRefused } from './upload-refused.js';
import type { Upload } from './upload-row.js';

export interface UploadsParts {
  readonly box: UploadBox;
  readonly registry: ConnectorRegistry;
  /** Called after a commit that gives a worker something to do. */
  readonly onDue?: () => void;
}

/** A file as it is sent in one go. */
export interface SentFile {
  readonly name: string;
  readonly content: Readable;
  /** Content-Encoding. */
  readonly isGzip: boolean;
  /** Content-Digest. */
  readonly digests: Digests;
  /** What the sender says about the content itself. */
  readonly sha256: string | null;
  readonly rows: number | null;
}

export interface Receipt {
  readonly upload: Upload;
  /** False: the same file under the same name was there already. */
  readonly isNew: boolean;
  /** Null when no run has to read it: it was there, or is not finished. */
  readonly run: QueuedRun | null;
}

/** Files of a set are sent one after the other: this long after the last of them they are read. */
export const REST_SECONDS = 10;
/** Closed is not finished: clients that are interrupted close files as well. */
export const UNNAMED_REST_SECONDS = 60;
const NAME = /^[A-Za-z0-9~.][A-Za-z0-9._ ~-]{0,199}$/;

/** Takes files in for directories whose connector wants them uploaded. */
export class Uploads {
  readonly #parts: UploadsParts;
  readonly #places = new Places();

  constructor(parts: UploadsParts) {
    this.#parts = parts;
  }

  get box(): UploadBox {
    return this.#parts.box;
  }

  /** Whether files are uploaded for this directory. */
  takes({ provider, config }: Pick<Directory, 'provider' | 'config'>): boolean {
    return this.#parts.registry.find(provider)?.uploads?.isOn(config) === true;
  }

  /** Public keys that may sign in by SFTP. */
  publicKeys({ provider, config }: Pick<Directory, 'provider' | 'config'>): readonly string[] {
    return this.#parts.registry.find(provider)?.uploads?.publicKeys(config) ?? [];
  }

  /** Receives a whole file. @throws UploadRefused; then nothing of it is kept */
  async receive(directory: Directory, sent: SentFile): Promise<Receipt> {
    const role = this.expectName(directory, sent.name);
    if (role === 'unfinished')
      throw new UploadRefused(
        'bad_name',
        `"${sent.name}" is the name of a file that is being written. Send it under its final name; it counts when all of it has come.`,
      );
    this.expectOpen(directory);
    const leave = this.enter(directory);
    try {
      return await withSpooled(sent.content, sent, (spooled) => {
        expectSum(sent, spooled);
        const isChecked = sent.sha256 !== null || sent.digests.size > 0;
        return this.keep(directory, { ...sent, spooled, isChecked, via: 'https', restSeconds: REST_SECONDS });
      });
    } finally {
      leave();
    }
  }

  /** Keeps a file that lies on this machine. */
  async keep(
    directory: Directory,
    input: Omit<Parameters<UploadBox['keep']>[1], 'content'>,
  ): Promise<Receipt> {
    const role = this.expectName(directory, input.name);
    if (input.spooled.bytes === 0 && role === 'data')
      throw new UploadRefused(
        'empty',
        `"${input.name}" is empty. Nothing was stored, and nobody is removed because of it.`,
      );
    const key = keyOf(directory);
    const arrival = this.#arrival(key, role, input.restSeconds);
    const restSeconds = role === 'marker' ? 0 : input.restSeconds;
    const { name, spooled, isChecked, rows, via } = input;
    const kept = await this.#parts.box.keep(
      key,
      { name, spooled, isChecked, rows, via, restSeconds, isMarker: role === 'marker' },
      arrival.note,
    );
    return this.#receipt(kept, arrival.run());
  }

  /** Gives an uploaded file its final name. @throws UploadRefused */
  async rename(directory: Directory, from: string, to: string): Promise<Receipt> {
    const role = this.expectName(directory, to);
    this.expectOpen(directory);
    const key = keyOf(directory);
    const arrival = this.#arrival(key, role, REST_SECONDS);
    const restSeconds = role === 'marker' ? 0 : REST_SECONDS;
    const upload = await this.#parts.box.rename(key, { from, to, restSeconds }, arrival.note);
    return this.#receipt({ upload, isNew: true }, arrival.run());
  }

  /** @throws UploadRefused for a name that the connector would not look at: better now than silence later */
  expectName({ provider, config }: Pick<Directory, 'provider' | 'config'>, name: string): UploadRole {
    const uploads = this.#parts.registry.find(provider)?.uploads;
    if (uploads?.isOn(config) !== true)
      throw new UploadRefused(
        'not_uploaded',
        'The files of this directory are not uploaded; Rollcall fetches them.',
      );
    const role = NAME.test(name) ? uploads.roleOf(config, name) : null;
    if (role !== null) return role;
    throw new UploadRefused(
      'bad_name',
      `"${name.slice(0, 200)}" is no file of this directory. ${namesOf(config)}`,
    );
  }

  /** @throws UploadRefused while somebody has paused the directory */
  expectOpen({ pause }: Pick<Directory, 'pause'>): void {
    if (pause)
      throw new UploadRefused(
        'paused',
        `The directory was paused by "${pause.by}" at ${pause.at}. Nothing was stored; send it again after it was resumed.`,
      );
  }

  /** Takes a place among the uploads that are under way. @throws UploadRefused when there is none */
  enter({ id }: Pick<Directory, 'id'>): () => void {
    return this.#places.take(id);
  }

  #arrival(
    key: DirectoryKey,
    role: UploadRole,
    restSeconds: number,
  ): { note: OnArrival; run(): QueuedRun | null } {
    let queued: QueuedRun | null = null;
    return {
      note: async (tx) => {
        if (role !== 'unfinished') queued = await queueRun(tx, key, role === 'marker' ? null : restSeconds);
        return { id: queued?.id ?? null };
      },
      run: () => queued,
    };
  }

  #receipt(kept: { readonly upload: Upload; readonly isNew: boolean }, run: QueuedRun | null): Receipt {
    if (run !== null) this.#parts.onDue?.();
    return { ...kept, run };
  }
}

function keyOf({ environmentId, id }: Pick<Directory, 'environmentId' | 'id'>): DirectoryKey {
  return { environmentId, directoryId: id };
}

function expectSum({ name, sha256 }: SentFile, spooled: Spooled): void {
  if (sha256 === null || sha256 === spooled.sha256) return;
  throw new UploadRefused(
    'digest_mismatch',
    `"${name}" does not have the SHA-256 that was announced (${spooled.bytes} bytes came). Nothing was stored; send it again.`,
  );
}

function namesOf(config: JsonObject): string {
  const users = typeof config['users_file'] === 'string' ? config['users_file'] : 'users';
  const stamp = config['numbered'] === true ? '0007' : '20260102T030000Z';
  const ending = config['pgp_encrypted'] === true ? 'csv.pgp' : 'csv';
  const plain = config['numbered'] === true ? '' : `${users}.${ending}, `;
  const zipped = ending.replace('csv', 'csv.gz');
  const signature = config['pgp_signed'] === true ? ', <name>.sig' : '';
  return `Names are ${plain}${users}.${stamp}.${ending}, ${users}.delta.${stamp}.${ending}, the same with groups and memberships, .${zipped}, manifest.json, and <name>.sha256${signature} or <name>.done.`;
}
