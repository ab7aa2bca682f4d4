import type { JsonObject } from '#kernel';
import { record, STRING, STRING_OR_NULL, TIME } from '../openapi/operation.js';

const INTEGER: JsonObject = { type: 'integer' };

export const webhookAttemptSchemas: Record<string, JsonObject> = {
  WebhookAttempt: record({
    object: { type: 'string', const: 'webhook_attempt' },
    id: STRING,
    webhook_endpoint_id: STRING,
    event_id: STRING,
    sequence: INTEGER,
    attempt: { type: 'integer', minimum: 1 },
    outcome: { type: 'string', enum: ['succeeded', 'failed', 'discarded'] },
    http_status: { type: ['integer', 'null'] },
    error: STRING_OR_NULL,
    response_excerpt: STRING_OR_NULL,
    duration_ms: INTEGER,
    created_at: TIME,
  }),
  RotatedSecret: record({
    secret: { type: 'string', description: 'Shown this once.' },
    previous_expires_at: TIME,
  }),
};
