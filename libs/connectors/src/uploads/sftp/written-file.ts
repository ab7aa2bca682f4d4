import { open, rm, type FileHandle } from 'node:fs/promises';
import { measure, MAX_UPLOAD, newFolder, spoolPath, type Spooled } from '../spool.js';
import { UploadRefused } from '../upload-refused.js';

/** A file that is being written, in any order, on this machine. */
export class WrittenFile {
  readonly name: string;
  readonly #folder: string;
  readonly #path: string;
  readonly #file: FileHandle;
  /** Where the first byte is missing. */
  #end = 0;
  /** What came ahead of its turn: start → end. */
  readonly #ahead = new Map<number, number>();
  readonly #writing = new Set<Promise<void>>();
  #failure: Error | undefined;

  private constructor(name: string, at: { folder: string; path: string; file: FileHandle }) {
    this.name = name;
    this.#folder = at.folder;
    this.#path = at.path;
    this.#file = at.file;
  }

  static async open(name: string): Promise<WrittenFile> {
    const folder = await newFolder();
    const path = spoolPath(folder);
    return new WrittenFile(name, { folder, path, file: await open(path, 'wx', 0o600) });
  }

  get bytes(): number {
    return Math.max(this.#end, ...this.#ahead.values());
  }

  /** @throws UploadRefused when it gets too large */
  async write(offset: number, data: Buffer): Promise<void> {
    const writing = this.#write(offset, data);
    this.#writing.add(writing);
    try {
      await writing;
    } catch (error) {
      // Clients may close a file although a part of it was refused.
      this.#failure ??= error as Error;
      throw error;
    } finally {
      this.#writing.delete(writing);
    }
  }

  async #write(offset: number, data: Buffer): Promise<void> {
    const end = offset + data.length;
    if (end > MAX_UPLOAD || this.#ahead.size > MAX_GAPS)
      throw new UploadRefused('too_large', `A file may have ${MAX_UPLOAD / 1_048_576} MiB.`);
    for (let at = 0; at < data.length;) {
      const { bytesWritten } = await this.#file.write(data, at, data.length - at, offset + at);
      at += bytesWritten;
    }
    this.#cover(offset, end);
  }

  async truncate(bytes: number): Promise<void> {
    if (bytes > this.bytes) return;
    await this.#file.truncate(bytes);
    this.#end = Math.min(this.#end, bytes);
    for (const [start, end] of this.#ahead) {
      this.#ahead.delete(start);
      if (start < bytes) this.#ahead.set(start, Math.min(end, bytes));
    }
  }

  /** The whole file. @throws UploadRefused when parts of it never came: a transfer that was continued in the middle */
  async finish(): Promise<Spooled> {
    // Some clients close a file without waiting for the answers to what they wrote.
    await Promise.allSettled(this.#writing);
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#ahead.size > 0)
      throw new UploadRefused(
        'incomplete',
        `"${this.name}" was not written from its beginning. An upload that broke off cannot be continued; send it whole.`,
      );
    return measure(this.#path);
  }

  async discard(): Promise<void> {
    await this.#file.close().catch(() => undefined);
    await rm(this.#folder, { recursive: true, force: true });
  }

  #cover(start: number, end: number): void {
    if (start > this.#end) {
      this.#ahead.set(start, Math.max(end, this.#ahead.get(start) ?? 0));
      return;
    }
    this.#end = Math.max(this.#end, end);
    for (let isMoving = true; isMoving;) {
      isMoving = false;
      for (const [from, to] of this.#ahead) {
        if (from > this.#end) continue;
        this.#ahead.delete(from);
        this.#end = Math.max(this.#end, to);
        isMoving = true;
      }
    }
  }
}

/** Clients write some blocks ahead, not thousands. */
const MAX_GAPS = 1_024;
