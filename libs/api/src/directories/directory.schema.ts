import type { JsonObject } from '#kernel';
import { DIRECTORY_TYPES } from '#model';
import { record, STRING, STRING_OR_NULL, TIME, TIME_OR_NULL } from '../openapi/operation.js';

const COUNT: JsonObject = { type: 'integer', minimum: 0 };

export const directorySchemas: Record<string, JsonObject> = {
  Directory: record(
    {
      object: { type: 'string', const: 'directory' },
      id: STRING,
      organization_id: STRING,
      external_key: { type: 'string', description: 'Last part of the SCIM address.' },
      type: { type: 'string', enum: [...DIRECTORY_TYPES] },
      state: {
        type: 'string',
        enum: ['linked', 'unlinked', 'validating', 'invalid_credentials', 'deleting'],
      },
      name: STRING,
      domain: { type: 'string', description: 'First domain of the organization.', deprecated: true },
      dialect: { ...STRING_OR_NULL, description: 'SCIM dialect, null for a polled source.' },
      provider: { ...STRING_OR_NULL, description: 'Provider of a polled source, null for SCIM.' },
      detected_dialect: {
        ...STRING_OR_NULL,
        description: 'SCIM dialect that its requests look like, null while nothing is recognized.',
      },
      suggested_dialect: {
        ...STRING_OR_NULL,
        description: '`detected_dialect` where it is another one than `dialect`: a change worth considering.',
      },
      paused_at: {
        ...TIME_OR_NULL,
        description: 'Since when nothing is taken in; null while it is not paused.',
      },
      metadata: record({ users: record({ active: COUNT, inactive: COUNT }), groups: COUNT }),
      created_at: TIME,
      updated_at: TIME,
    },
    ['domain', 'metadata'],
  ),
};
