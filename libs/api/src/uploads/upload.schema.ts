import type { JsonObject } from '#kernel';
import { record, STRING, STRING_OR_NULL, TIME } from '../openapi/operation.js';

const UPLOAD: Record<string, JsonObject> = {
  object: { type: 'string', const: 'upload' },
  id: STRING,
  directory_id: STRING,
  name: STRING,
  bytes: { type: 'integer' },
  sha256: { type: 'string', description: 'Of the content, hexadecimal.' },
  checksum_verified: { type: 'boolean', description: 'The sender named a checksum, and it fits.' },
  announced_rows: { type: ['integer', 'null'] },
  via: { type: 'string', enum: ['https', 'sftp'] },
  state: {
    type: 'string',
    enum: ['stored', 'replaced', 'deleted', 'expired'],
    description: 'Only of a `stored` file the content is still there.',
  },
  received_at: TIME,
  sync_run_id: { ...STRING_OR_NULL, description: 'The run that its arrival has caused.' },
};

export const uploadSchemas: Record<string, JsonObject> = {
  Upload: record(UPLOAD),
  UploadReceipt: record({
    ...UPLOAD,
    unchanged: { type: 'boolean', description: 'The same file was there already; nothing was done.' },
    sync_run: {
      anyOf: [
        record({
          id: STRING_OR_NULL,
          state: {
            type: 'string',
            enum: ['queued', 'follows', 'paused'],
            description:
              '`queued`: this run reads the file. `follows`: this run is under way, another one begins by itself after it. `paused`: polling is paused.',
          },
        }),
        { type: 'null' },
      ],
    },
  }),
};
