import type { JsonObject } from '#kernel';
import { record, ref, STRING, STRING_OR_NULL, TIME, TIME_OR_NULL } from '../openapi/operation.js';

export const SECRET: JsonObject = { type: 'string', description: 'Shown this once.' };

const CREDENTIAL: Record<string, JsonObject> = {
  id: STRING,
  directory_id: STRING,
  name: STRING,
  token_suffix: { type: 'string', description: 'Last characters of the secret, to recognize it.' },
  created_at: TIME,
  expires_at: TIME_OR_NULL,
  expires_in_days: {
    type: ['integer', 'null'],
    minimum: 0,
    description: 'Whole days left, rounded down; null when it never expires.',
  },
  expired: { type: 'boolean' },
  last_used_at: TIME_OR_NULL,
};

const TOKEN: Record<string, JsonObject> = {
  object: { type: 'string', const: 'directory_token' },
  ...CREDENTIAL,
  replaced_by: { ...STRING_OR_NULL, description: 'Token that a rotation made in place of this one.' },
};

const CLIENT: Record<string, JsonObject> = {
  object: { type: 'string', const: 'oauth_client' },
  ...CREDENTIAL,
  client_id: { type: 'string', description: 'The same as `id`, under the name that IdPs use.' },
};

export const credentialSchemas: Record<string, JsonObject> = {
  DirectoryToken: record(TOKEN),
  NewDirectoryToken: record({ ...TOKEN, bearer_token: SECRET }),
  RotatedDirectoryToken: record({ ...TOKEN, bearer_token: SECRET, replaced: ref('DirectoryToken') }),
  OAuthClient: record(CLIENT),
  NewOAuthClient: record({
    ...CLIENT,
    client_secret: SECRET,
    token_endpoint: { type: 'string', format: 'uri', description: 'Where the IdP fetches access tokens.' },
  }),
};
