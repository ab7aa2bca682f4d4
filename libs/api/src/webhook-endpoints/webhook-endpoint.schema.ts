import type { JsonObject } from '#kernel';
import { record, STRING, TIME } from '../openapi/operation.js';

const STRINGS: JsonObject = { type: 'array', items: STRING };

export const webhookEndpointSchemas: Record<string, JsonObject> = {
  WebhookEndpoint: record(
    {
      object: { type: 'string', const: 'webhook_endpoint' },
      id: STRING,
      endpoint_url: { type: 'string', format: 'uri' },
      secret: { type: 'string', description: 'The signing secret at creation, masked afterwards.' },
      status: { type: 'string', enum: ['enabled', 'disabled'] },
      disabled_reason: { type: 'string', enum: ['manual', 'gone', 'failing'] },
      events: STRINGS,
      directory_ids: { type: ['array', 'null'], items: STRING, description: 'Null: all directories.' },
      ordering: { type: 'string', enum: ['none', 'directory'] },
      concurrency: { type: 'integer', minimum: 1, maximum: 256 },
      custom_header_names: { ...STRINGS, description: 'The values are write-only.' },
      created_at: TIME,
      updated_at: TIME,
    },
    ['disabled_reason'],
  ),
};
