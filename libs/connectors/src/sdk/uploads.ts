import type { JsonObject } from '#kernel';

/** How a connector takes files that are sent to us instead of fetched by us. `answers` are those of its form. */
export interface Uploads {
  /** Whether the settings ask for it. */
  readonly isOn: (answers: JsonObject) => boolean;
  /** What a file of this name is to the connector; null: nothing. */
  readonly roleOf: (answers: JsonObject, name: string) => UploadRole | null;
  /** Public keys that may sign in, as lines of `authorized_keys`. */
  readonly publicKeys: (answers: JsonObject) => readonly string[];
}

/** `marker`: says that other files are whole. `unfinished`: will get its name when it is whole. */
export type UploadRole = 'data' | 'marker' | 'unfinished';

/** A file that has arrived whole. */
export interface UploadedFile {
  readonly id: string;
  readonly name: string;
  readonly bytes: number;
  readonly receivedAt: Date;
  /** It came a moment ago; others that belong to it may be on their way. */
  readonly isResting: boolean;
  /** What the sender said about it, and it is so. */
  readonly mark: { readonly sha256: string; readonly rows: number | null } | null;
}

/** The files of one directory, whichever process has received them. */
export interface UploadedFiles {
  list(): Promise<readonly UploadedFile[]>;
  /** The content in pieces; ends early when somebody has replaced the file meanwhile. */
  read(id: string): AsyncIterable<Uint8Array>;
}
