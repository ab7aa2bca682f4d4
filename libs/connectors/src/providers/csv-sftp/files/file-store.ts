/** A file as a folder lists it. */
export interface StoredFile {
  readonly name: string;
  readonly bytes: number;
  readonly modifiedAt: Date;
  /** Changed a moment ago: it may be growing still, or others that belong to it may be on their way. */
  readonly isFresh: boolean;
  /** What its sender said about it; it is so. */
  readonly mark?: { readonly sha256: string; readonly rows: number | null };
}

/** Where files lie. Errors are SourceErrors. */
export interface FileStore {
  /** For messages. */
  readonly place: string;
  /** A file with another content always has another size or time. */
  readonly showsChanges: boolean;
  list(): Promise<readonly StoredFile[]>;
  /** Copies a file to a path of this machine. @throws SourceError also when it changed meanwhile or came short */
  fetch(file: StoredFile, to: string): Promise<void>;
  close(): void;
}
