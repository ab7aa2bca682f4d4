import type { JsonObject } from '#kernel';
import { ANY_OBJECT, record, STRING, TIME } from '../openapi/operation.js';

export const directoryGroupSchemas: Record<string, JsonObject> = {
  DirectoryGroup: record(
    {
      object: { type: 'string', const: 'directory_group' },
      id: STRING,
      idp_id: STRING,
      directory_id: STRING,
      organization_id: STRING,
      name: STRING,
      pending_removal: {
        type: 'boolean',
        const: true,
        description: 'The provider removed this group, and the removal waits for approval.',
      },
      raw_attributes: ANY_OBJECT,
      created_at: TIME,
      updated_at: TIME,
    },
    ['pending_removal'],
  ),
};
