import { fakeTime, readSource, type FakeTime, type ReadResult } from '#testing';
import type { JsonValue } from '#kernel';
import connector from '../src/providers/csv-sftp/index.js';
import type { Connector } from '../src/sdk/contract.js';
import type { UploadedFile, UploadedFiles } from '../src/sdk/uploads.js';

/** Uploaded files and the runs that read them, each knowing what the one before has saved. No server is needed. */
export class CsvFolder {
  readonly time: FakeTime;
  readonly #files = new Map<string, { content: Buffer; receivedAt: Date }>();
  readonly #settings: Record<string, JsonValue>;
  #cursors: ReadResult['cursors'] = new Map();

  constructor(settings: Record<string, JsonValue> = {}, time = fakeTime()) {
    this.#settings = settings;
    this.time = time;
  }

  /** A minute later than whatever came before, unless told when. */
  put(name: string, content: string | Buffer, receivedAt?: Date): this {
    this.time.advance(60_000);
    this.#files.set(name, {
      content: Buffer.from(content),
      receivedAt: receivedAt ?? this.time.clock.now(),
    });
    return this;
  }

  drop(...names: readonly string[]): this {
    for (const name of names) this.#files.delete(name);
    return this;
  }

  async run(settings: Record<string, JsonValue> = {}): Promise<ReadResult> {
    const result = await readSource(connector as Connector, {
      time: this.time,
      answers: { delivery: 'upload', ...this.#settings, ...settings },
      previous: this.#cursors,
      uploads: this.#uploads(),
    });
    if (result.cursors.size > 0) this.#cursors = result.cursors;
    return result;
  }

  #uploads(): UploadedFiles {
    const files = this.#files;
    return {
      list: async () =>
        [...files].map(([name, { content, receivedAt }]): UploadedFile => ({
          id: name,
          name,
          bytes: content.length,
          receivedAt,
          isResting: false,
          mark: null,
        })),
      read: async function* (id) {
        yield files.get(id)?.content ?? Buffer.alloc(0);
      },
    };
  }
}
