import { API_SCOPES } from '#directory';
import type { JsonObject } from '#kernel';
import { record, STRING, TIME, TIME_OR_NULL } from '../openapi/operation.js';

const API_KEY: Record<string, JsonObject> = {
  object: { type: 'string', const: 'api_key' },
  id: STRING,
  name: STRING,
  scopes: { type: 'array', items: { type: 'string', enum: [...API_SCOPES] } },
  created_at: TIME,
  expires_at: TIME_OR_NULL,
  last_used_at: TIME_OR_NULL,
};

export const environmentSchemas: Record<string, JsonObject> = {
  Environment: record({
    object: { type: 'string', const: 'environment' },
    id: STRING,
    name: STRING,
    scim_rate_limit: {
      type: ['integer', 'null'],
      description: 'SCIM requests per second of all its directories together; null is no limit.',
    },
    created_at: TIME,
  }),
  ApiKey: record(API_KEY),
  NewApiKey: record({ ...API_KEY, key: { type: 'string', description: 'The key itself, shown this once.' } }),
};
