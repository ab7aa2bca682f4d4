import type { JsonObject } from '#kernel';
import { ANY_OBJECT, record, STRING, TIME } from '../openapi/operation.js';

export const eventSchemas: Record<string, JsonObject> = {
  Event: record(
    {
      object: { type: 'string', const: 'event' },
      id: STRING,
      event: STRING,
      data: ANY_OBJECT,
      created_at: TIME,
      context: ANY_OBJECT,
      directory_id: { type: 'string', description: 'Absent on events of the environment.' },
      sequence: {
        type: 'integer',
        minimum: 1,
        description: 'Position in the log of the directory (or of the environment), without gaps.',
      },
    },
    ['directory_id'],
  ),
};
