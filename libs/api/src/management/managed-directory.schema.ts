import type { JsonObject } from '#kernel';
import { ANY_OBJECT, record, ref, STRING, STRING_OR_NULL, TIME, TIME_OR_NULL } from '../openapi/operation.js';
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

const REDIRECT_URI: JsonObject = {
  ...URI,
  description: 'To be registered with the application at the vendor, exactly like this.',
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
  authorization: {
    ...orNull(
      record({
        status: { type: 'string', enum: ['waiting_for_consent', 'authorized', 'consent_ended'] },
        message: { type: 'string', description: 'The same in plain words, with what to do.' },
        link_expires_at: { ...TIME_OR_NULL, description: 'Of the link that can be opened now.' },
        problem: { ...STRING_OR_NULL, description: 'Why the last consent came to nothing.' },
        redirect_uri: REDIRECT_URI,
      }),
    ),
    description: 'Of a polled directory that signs in with the consent of an admin.',
  },
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
    authorization: {
      ...orNull(ref('DirectoryAuthorization')),
      description: 'Where an admin consents, for a source that waits for that.',
    },
  }),
  DirectoryAuthorization: record({
    object: { type: 'string', const: 'directory_authorization' },
    directory_id: STRING,
    authorization_url: {
      ...URI,
      description:
        'The vendor’s consent page. Whoever opens it and consents connects their tenant: send it to the right admin only.',
    },
    redirect_uri: REDIRECT_URI,
    scopes: {
      type: 'array',
      items: STRING,
      description: 'What is asked for; empty where the scopes belong to the application.',
    },
    expires_at: TIME,
  }),
  ManagedDirectory: { allOf: [ref('Directory'), managed] },
};
