import type { JsonObject } from '#kernel';
import { record, ref, STRING, TIME, TIME_OR_NULL } from '../openapi/operation.js';

const SECRET: JsonObject = { type: 'string', description: 'Shown this once.' };

const TOKEN: Record<string, JsonObject> = {
  object: { type: 'string', const: 'directory_token' },
  id: STRING,
  directory_id: STRING,
  name: STRING,
  token_suffix: { type: 'string', description: 'Last characters of the token, to recognize it.' },
  created_at: TIME,
  expires_at: TIME_OR_NULL,
  last_used_at: TIME_OR_NULL,
};

export const managedDirectorySchemas: Record<string, JsonObject> = {
  NewDirectory: record({
    directory: ref('Directory'),
    scim: {
      anyOf: [
        record({ endpoint: { type: 'string', format: 'uri' }, bearer_token: SECRET }),
        { type: 'null' },
      ],
    },
  }),
  DirectoryToken: record(TOKEN),
  NewDirectoryToken: record({ ...TOKEN, bearer_token: SECRET }),
};
