/** A file as a folder lists it. */
export interface StoredFile {
  readonly name: string;
  readonly bytes: number;
  readonly modifiedAt: Date;
}

/** Where files lie: a folder of an SFTP server. Errors are SourceErrors. */
export interface FileStore {
  list(): Promise<readonly StoredFile[]>;
  /** Copies a file to a path of this machine. @throws SourceError also when it changed meanwhile or came short */
  fetch(file: StoredFile, to: string): Promise<void>;
  close(): void;
}
