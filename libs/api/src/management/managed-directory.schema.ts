import type { JsonObject } from '#kernel';
import { ANY_OBJECT, record, ref, STRING, STRING_OR_NULL, TIME } from '../openapi/operation.js';
import { SECRET } from './credential.schema.js';

const URI: JsonObject = { type: 'string', format: 'uri' };
const LIMIT_OR_NULL: JsonObject = { type: ['number', 'null'] };

function orNull(schema: JsonObject): JsonObject {
  return { anyOf: [schema, { type: 'null' }] };
}

const SFTP: Record<string, JsonObject> = {
  host: STRING,
  port: { type: 'integer' },
  username: STRING,
  host_keys: { type: 'array', items: STRING, description: 'Fingerprints, as `ssh-keygen -lf` shows them.' },
};

const managed = record({
  pause: orNull(record({ paused_at: TIME, paused_by: STRING, reason: STRING_OR_NULL })),
  config: { ...ANY_OBJECT, description: 'Settings as they were set; no secret is among them.' },
  scim_rate_limit: {
    ...LIMIT_OR_NULL,
    description: 'Requests per second; null: the default of the service.',
  },
  scim_rate_burst: { ...LIMIT_OR_NULL, description: 'Requests at once; null: five seconds’ worth.' },
  scim: orNull(record({ endpoint: URI, endpoint_1_1: URI, token_endpoint: URI })),
  uploads: orNull(record({ endpoint: URI, sftp: orNull(record(SFTP)) })),
  tokens: { type: 'array', items: ref('DirectoryToken') },
  oauth_clients: { type: 'array', items: ref('OAuthClient') },
});

export const managedDirectorySchemas: Record<string, JsonObject> = {
  NewDirectory: record({
    directory: ref('Directory'),
    scim: orNull(record({ endpoint: URI, bearer_token: SECRET })),
    uploads: {
      ...orNull(
        record({ endpoint: URI, bearer_token: SECRET, sftp: orNull(record({ ...SFTP, password: SECRET })) }),
      ),
      description:
        'Where files are sent, for a source whose files are uploaded. Names of files go behind `endpoint`.',
    },
  }),
  ManagedDirectory: { allOf: [ref('Directory'), managed] },
};
