import type { JsonObject } from '#kernel';
import { ANY_OBJECT, record, STRING, STRING_OR_NULL, TIME } from '../openapi/operation.js';

const ENTRY: Record<string, JsonObject> = {
  object: { type: 'string', const: 'scim_request' },
  id: STRING,
  directory_id: STRING,
  created_at: TIME,
  summary: { type: 'string', description: 'What the IdP did and what came of it, in plain words.' },
  reason: { type: ['string', 'null'], description: 'Why it was refused; null when it was not.' },
  fix: { type: ['string', 'null'], description: 'What to do about it.' },
  method: STRING,
  path: { type: 'string', description: 'Below the base URL of the directory.' },
  query: { type: ['string', 'null'], description: 'Decoded; secrets are masked.' },
  status: { type: 'integer' },
  scim_type: STRING_OR_NULL,
  scim_version: { type: 'string', enum: ['1.1', '2.0'] },
  duration_ms: { type: 'number' },
  request_id: STRING,
  user_agent: STRING_OR_NULL,
  peer: { type: ['string', 'null'], description: 'Address that the request came from.' },
  token_id: STRING_OR_NULL,
  resource_type: { type: ['string', 'null'], enum: ['User', 'Group', null] },
  resource_id: STRING_OR_NULL,
};

const BODY =
  'Secrets are masked; cut after 16 384 characters, with a mark. Null when there was none or none is kept.';

const { object: _, ...WHAT } = ENTRY;

export const requestLogSchemas: Record<string, JsonObject> = {
  RefusedLogin: record({
    object: { type: 'string', const: 'refused_login' },
    ...WHAT,
    address_key: {
      type: 'string',
      description: 'What stood in the address where the key of a directory belongs.',
    },
    directory_id: {
      type: ['string', 'null'],
      description: 'The directory with this key; null when there is none.',
    },
    environment_id: STRING_OR_NULL,
  }),
  ScimRequest: record(ENTRY),
  ScimRequestDetail: record({
    ...ENTRY,
    headers: { ...ANY_OBJECT, description: 'Those that are known to hold no secret.' },
    request_body: { type: ['string', 'null'], description: BODY },
    response_body: { type: ['string', 'null'], description: BODY },
  }),
};
