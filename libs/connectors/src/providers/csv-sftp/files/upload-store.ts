import { createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { SourcePorts } from '../../../sdk/ports.js';
import { SourceError } from '../../../sdk/source-error.js';
import type { FileStore, StoredFile } from './file-store.js';

/** What was uploaded for the directory, as a folder. */
export function openUploadStore({ uploads }: SourcePorts): FileStore {
  const ids = new Map<string, string>();
  return {
    place: 'the uploads',
    showsChanges: true,
    list: async () => {
      const files = await uploads.list();
      for (const { name, id } of files) ids.set(name, id);
      return files.map(({ name, bytes, receivedAt, isResting, mark }): StoredFile => ({
        name,
        bytes,
        modifiedAt: receivedAt,
        isFresh: isResting,
        ...(mark !== null && { mark }),
      }));
    },
    fetch: async ({ name, bytes }, to) => {
      const content = Readable.from(uploads.read(ids.get(name) ?? ''));
      await pipeline(content, createWriteStream(to, { mode: 0o600 }));
      if ((await stat(to)).size === bytes) return;
      throw new SourceError(
        'source_unavailable',
        `${name} was replaced while it was read. The new one is read next.`,
      );
    },
    close: () => undefined,
  };
}
