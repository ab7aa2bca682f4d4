import type { JsonObject } from '#kernel';
import { record, ref, STRING, STRING_OR_NULL, TIME } from '../openapi/operation.js';

const BOOLEAN: JsonObject = { type: 'boolean' };
const COUNT_OR_NULL: JsonObject = { type: ['integer', 'null'] };
const STRINGS: JsonObject = { type: 'array', items: STRING };

const URI: JsonObject = { type: 'string', format: 'uri' };
const CONDITION = record({ key: STRING, is: { type: ['string', 'boolean'] } });

const FIELD = record(
  {
    key: STRING,
    label: STRING,
    type: { type: 'string', enum: ['string', 'text', 'number', 'boolean', 'choice', 'list'] },
    required: BOOLEAN,
    secret: { type: 'boolean', description: 'Write-only: stored encrypted, never shown again.' },
    rotates: {
      type: 'boolean',
      description:
        'The source replaces it while it is used, and Rollcall keeps the newest. Enter each one in one directory only.',
    },
    help: STRING,
    pattern: STRING,
    choices: { type: 'array', items: record({ value: STRING, label: STRING }) },
    default: { type: ['string', 'number', 'boolean'] },
    placeholder: STRING,
    when: CONDITION,
  },
  ['rotates', 'pattern', 'choices', 'default', 'placeholder', 'when'],
);

export const connectorSchemas: Record<string, JsonObject> = {
  Connector: record({
    object: { type: 'string', const: 'connector' },
    id: { type: 'string', description: 'The `provider` of directories that it reads.' },
    label: STRING,
    type: { type: 'string', description: 'The `type` that REST shows for its directories.' },
    kind: { type: 'string', enum: ['idp', 'hris', 'file'] },
    docs_url: URI,
    form: { type: 'array', items: FIELD },
    scopes: { type: 'array', items: record({ scope: STRING, for: STRING, required: BOOLEAN }) },
    authorization: {
      anyOf: [
        record({
          refresh_token_field: STRING,
          when: { anyOf: [CONDITION, { type: 'null' }] },
          redirect_uri: URI,
        }),
        { type: 'null' },
      ],
      description:
        'Where an admin’s consent gives the refresh token: that field may be left out when `when` holds, and `redirect_uri` is to be registered with the application at the vendor.',
    },
    capabilities: record({
      groups: BOOLEAN,
      nested_groups: BOOLEAN,
      incremental: BOOLEAN,
      look_up: BOOLEAN,
      lists_inactive: BOOLEAN,
      lists_future: BOOLEAN,
    }),
    intervals: record({ incremental: COUNT_OR_NULL, full: { type: 'integer' } }),
  }),
  ConnectionCheck: record({
    object: { type: 'string', const: 'connection_check' },
    ok: BOOLEAN,
    error: { anyOf: [ref('SyncError'), { type: 'null' }] },
    users: COUNT_OR_NULL,
    groups: COUNT_OR_NULL,
    samples: {
      type: 'array',
      description: 'A few people, as the mapping makes them.',
      items: record({
        idp_id: STRING,
        username: STRING_OR_NULL,
        email: STRING_OR_NULL,
        first_name: STRING_OR_NULL,
        last_name: STRING_OR_NULL,
        name: STRING_OR_NULL,
        job_title: STRING_OR_NULL,
        state: { type: 'string', enum: ['active', 'inactive'] },
        already_known_as: {
          type: 'array',
          description: 'Directory users of the organization with the same id or address.',
          items: record({ directory_id: STRING, id: STRING }),
        },
      }),
    },
    warnings: STRINGS,
  }),
  SyncError: record({
    code: STRING,
    message: STRING,
    remedy: { type: 'string', description: 'What to do about it.' },
  }),
  StoredCredential: record({
    object: { type: 'string', const: 'directory_credential' },
    field: STRING,
    updated_at: TIME,
  }),
};
