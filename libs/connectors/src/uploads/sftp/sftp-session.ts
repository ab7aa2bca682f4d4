import { posix } from 'node:path';
import ssh2, { type Attributes, type FileEntry, type SFTPWrapper } from 'ssh2';
import type { Directory } from '#model';
import { UploadRefused } from '../upload-refused.js';
import type { Upload } from '../upload-row.js';
import { UNNAMED_REST_SECONDS, type Uploads } from '../uploads.js';
import type { Recheck } from './sign-in.js';
import { WrittenFile } from './written-file.js';

const { STATUS_CODE, OPEN_MODE } = ssh2.utils.sftp;

export interface SessionParts {
  readonly sftp: SFTPWrapper;
  /** Whom the connection belongs to at this moment: its token may have been revoked since it was opened. */
  readonly recheck: Recheck;
  readonly directory: Directory;
  readonly uploads: Uploads;
  /** Something was asked for: the client is alive. */
  readonly onRequest: () => void;
  readonly onError: (error: unknown) => void;
  /** The client does not wait for answers. */
  readonly onFlood: () => void;
}

type Handle =
  | { readonly kind: 'file'; readonly file: WrittenFile; readonly leave: () => void }
  | { readonly kind: 'folder'; entries: FileEntry[] };

const MOST_HANDLES = 8;
const MOST_PENDING = 33_554_432;
const NAMES_PER_ANSWER = 100;
/** A folder, and a file that nobody reads: what was uploaded does not come back. */
const FOLDER_MODE = 0o040_700;
const FILE_MODE = 0o100_200;
const FLAT = 'There is one folder, "/", and nothing else than the files of this directory.';

/** One SFTP session (draft-ietf-secsh-filexfer-02): a folder into which files are put. */
export class SftpSession {
  readonly #parts: SessionParts;
  readonly #handles = new Map<number, Handle>();
  #lastHandle = 0;
  #pending = 0;
  /** When the last part that came is acknowledged. */
  #lastAnswer: Promise<void> = Promise.resolve();
  #isAbandoned = false;

  constructor(parts: SessionParts) {
    this.#parts = parts;
  }

  serve(): void {
    const { sftp } = this.#parts;
    sftp.on('REALPATH', (id, path) => this.#answer(id, async () => this.#realPath(id, path)));
    sftp.on('STAT', (id, path) => this.#answer(id, () => this.#stat(id, path)));
    sftp.on('LSTAT', (id, path) => this.#answer(id, () => this.#stat(id, path)));
    sftp.on('FSTAT', (id, handle) => this.#answer(id, async () => this.#statOpen(id, handle)));
    sftp.on('OPENDIR', (id, path) => this.#answer(id, () => this.#openFolder(id, path)));
    sftp.on('READDIR', (id, handle) => this.#answer(id, async () => this.#readFolder(id, handle)));
    sftp.on('OPEN', (id, path, flags) => this.#answer(id, () => this.#open(id, path, flags)));
    sftp.on('WRITE', (...[id, handle, offset, data]) => this.#write(id, handle, { offset, data }));
    sftp.on('FSETSTAT', (id, handle, attrs) => this.#answer(id, () => this.#setOpen(id, handle, attrs)));
    sftp.on('SETSTAT', (id, path) => this.#answer(id, () => this.#set(id, path)));
    sftp.on('CLOSE', (id, handle) => this.#answer(id, () => this.#close(id, handle)));
    sftp.on('RENAME', (id, from, to) => this.#answer(id, () => this.#rename(id, from, to)));
    sftp.on('REMOVE', (id, path) => this.#answer(id, () => this.#remove(id, path)));
    for (const request of ['MKDIR', 'RMDIR', 'SYMLINK', 'READLINK'] as const)
      (sftp.on as (event: string, listener: (id: number) => void) => void).call(sftp, request, (id) =>
        this.#ok(id, STATUS_CODE.PERMISSION_DENIED, FLAT),
      );
  }

  /** Files that were not closed are no files; one that is just being opened will be none. */
  async abandon(): Promise<void> {
    this.#isAbandoned = true;
    const handles = [...this.#handles.values()];
    this.#handles.clear();
    for (const handle of handles) if (handle.kind === 'file') await discard(handle);
  }

  #answer(id: number, work: () => Promise<void>): void {
    this.#parts.onRequest();
    work().catch((error: unknown) => this.#fail(id, error));
  }

  #fail(id: number, error: unknown): void {
    if (error instanceof UploadRefused) {
      const isMissing = error.reason === 'not_found';
      return this.#ok(id, isMissing ? STATUS_CODE.NO_SUCH_FILE : STATUS_CODE.FAILURE, error.message);
    }
    this.#parts.onError(error);
    this.#ok(id, STATUS_CODE.FAILURE, 'The file could not be stored; try again later.');
  }

  #ok(id: number, code: number = STATUS_CODE.OK, message?: string): void {
    this.#parts.sftp.status(id, code, message);
  }

  #realPath(id: number, path: string): void {
    const filename = posix.resolve('/', path);
    this.#parts.sftp.name(id, [{ filename, longname: filename, attrs: folderAttributes() }]);
  }

  async #stat(id: number, path: string): Promise<void> {
    const name = nameIn(path);
    this.#parts.sftp.attrs(id, name === '' ? folderAttributes() : attributesOf(await this.#find(name)));
  }

  async #find(name: string): Promise<Upload> {
    await this.#current();
    const found = await this.#parts.uploads.box.find(this.#key, name);
    if (found === undefined) throw new UploadRefused('not_found', `There is no "${name}".`);
    return found;
  }

  get #key(): { readonly environmentId: string; readonly directoryId: string } {
    const { environmentId, id } = this.#parts.directory;
    return { environmentId, directoryId: id };
  }

  #statOpen(id: number, handle: Buffer): void {
    const { file } = this.#file(handle);
    const now = Math.floor(Date.now() / 1_000);
    this.#parts.sftp.attrs(id, {
      ...folderAttributes(),
      mode: FILE_MODE,
      size: file.bytes,
      mtime: now,
      atime: now,
    });
  }

  async #openFolder(id: number, path: string): Promise<void> {
    if (nameIn(path) !== '') throw new UploadRefused('not_found', FLAT);
    await this.#current();
    const files = await this.#parts.uploads.box.stored(this.#key);
    this.#parts.sftp.handle(id, this.#newHandle({ kind: 'folder', entries: files.map(entryOf) }));
  }

  #readFolder(id: number, handle: Buffer): void {
    const opened = this.#handle(handle);
    if (opened.kind !== 'folder') throw new UploadRefused('not_found', 'That is no folder.');
    if (opened.entries.length === 0) return this.#ok(id, STATUS_CODE.EOF);
    const page = opened.entries.slice(0, NAMES_PER_ANSWER);
    opened.entries = opened.entries.slice(NAMES_PER_ANSWER);
    this.#parts.sftp.name(id, page);
  }

  async #open(id: number, path: string, flags: number): Promise<void> {
    const { uploads } = this.#parts;
    // Write-only: whoever gets hold of the credential can send files and not read any.
    if ((flags & OPEN_MODE.WRITE) === 0)
      return this.#ok(id, STATUS_CODE.PERMISSION_DENIED, 'Files can be sent here, not fetched.');
    if ((flags & OPEN_MODE.APPEND) !== 0)
      return this.#ok(id, STATUS_CODE.OP_UNSUPPORTED, 'Files are sent whole; nothing is appended.');
    const name = nameIn(path);
    const directory = await this.#current();
    uploads.expectName(directory, name);
    uploads.expectOpen(directory);
    const isExclusive = (flags & OPEN_MODE.EXCL) !== 0;
    if (isExclusive && (await uploads.box.find(this.#key, name)) !== undefined)
      throw new UploadRefused('bad_name', `"${name}" is there already.`);
    const leave = uploads.enter(directory);
    try {
      const handle = { kind: 'file', file: await WrittenFile.open(name), leave } as const;
      this.#parts.sftp.handle(id, this.#newHandle(handle));
    } catch (error) {
      leave();
      throw error;
    }
  }

  /**
   * Parts are written as they come, and acknowledged in that order: `scp` cuts its file where the first acknowledgement
   * was out of turn, and calls that a success.
   */
  #write(id: number, handle: Buffer, { offset, data }: { offset: number; data: Buffer }): void {
    this.#pending += data.length;
    if (this.#pending > MOST_PENDING) return this.#parts.onFlood();
    this.#parts.onRequest();
    const writing = this.#writePart(handle, offset, data);
    this.#lastAnswer = this.#acknowledge(id, data.length, writing);
  }

  async #writePart(handle: Buffer, offset: number, data: Buffer): Promise<void> {
    await this.#file(handle).file.write(offset, data);
  }

  async #acknowledge(id: number, bytes: number, writing: Promise<void>): Promise<void> {
    const [written] = await Promise.allSettled([writing, this.#lastAnswer]);
    this.#pending -= bytes;
    if (written.status === 'fulfilled') this.#ok(id);
    else this.#fail(id, written.reason);
  }

  async #setOpen(id: number, handle: Buffer, attributes: Partial<Attributes>): Promise<void> {
    const { file } = this.#file(handle);
    if (attributes.size !== undefined) await file.truncate(attributes.size);
    this.#ok(id);
  }

  /** Times and modes are of no use here. */
  async #set(id: number, path: string): Promise<void> {
    const name = nameIn(path);
    if (name !== '') await this.#find(name);
    this.#ok(id);
  }

  async #close(id: number, handle: Buffer): Promise<void> {
    const opened = this.#handle(handle);
    this.#handles.delete(numberOf(handle));
    if (opened.kind === 'folder') return this.#ok(id);
    try {
      const spooled = await opened.file.finish();
      await this.#parts.uploads.keep(await this.#current(), {
        name: opened.file.name,
        spooled,
        isChecked: false,
        rows: null,
        via: 'sftp',
        restSeconds: UNNAMED_REST_SECONDS,
      });
    } finally {
      await discard(opened);
    }
    this.#ok(id);
  }

  async #rename(id: number, from: string, to: string): Promise<void> {
    await this.#parts.uploads.rename(await this.#current(), nameIn(from), nameIn(to));
    this.#ok(id);
  }

  async #remove(id: number, path: string): Promise<void> {
    await this.#current();
    await this.#parts.uploads.box.remove(this.#key, { name: nameIn(path) });
    this.#ok(id);
  }

  async #current(): Promise<Directory> {
    const directory = await this.#parts.recheck();
    if (directory?.id === this.#parts.directory.id) return directory;
    throw new UploadRefused('unauthorized', 'The token or key of this connection is no longer valid.');
  }

  #newHandle(handle: Handle): Buffer {
    if (this.#isAbandoned || this.#handles.size >= MOST_HANDLES) {
      if (handle.kind === 'file') void discard(handle);
      throw new UploadRefused('too_many', 'Too many files are open at once.');
    }
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(++this.#lastHandle);
    this.#handles.set(this.#lastHandle, handle);
    return bytes;
  }

  #handle(handle: Buffer): Handle {
    const opened = this.#handles.get(numberOf(handle));
    if (opened === undefined) throw new UploadRefused('not_found', 'The file is not open.');
    return opened;
  }

  #file(handle: Buffer): Extract<Handle, { kind: 'file' }> {
    const opened = this.#handle(handle);
    if (opened.kind !== 'file') throw new UploadRefused('bad_name', 'That is a folder.');
    return opened;
  }
}

async function discard({ file, leave }: Extract<Handle, { kind: 'file' }>): Promise<void> {
  leave();
  await file.discard();
}

function numberOf(handle: Buffer): number {
  return handle.length === 4 ? handle.readUInt32BE() : 0;
}

/** The name of a file in the only folder; empty for the folder itself. @throws UploadRefused for any other place */
function nameIn(path: string): string {
  const whole = posix.resolve('/', path);
  const name = whole.slice(1);
  if (name.includes('/')) throw new UploadRefused('not_found', FLAT);
  return name;
}

function folderAttributes(): Attributes {
  return { mode: FOLDER_MODE, uid: 0, gid: 0, size: 0, atime: 0, mtime: 0 };
}

function attributesOf({ bytes, receivedAt }: Upload): Attributes {
  const at = Math.floor(Date.parse(receivedAt) / 1_000);
  return { mode: FILE_MODE, uid: 0, gid: 0, size: bytes, atime: at, mtime: at };
}

function entryOf(upload: Upload): FileEntry {
  const size = String(upload.bytes).padStart(10);
  const longname = `--w------- 1 rollcall rollcall ${size} ${upload.receivedAt.slice(0, 16).replace('T', ' ')} ${upload.name}`;
  return { filename: upload.name, longname, attrs: attributesOf(upload) };
}
