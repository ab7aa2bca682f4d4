import type { JsonObject } from '#kernel';
import { ANY_OBJECT, record, ref, STRING, STRING_OR_NULL, TIME } from '../openapi/operation.js';

const REASONS = ['suspended', 'pending', 'archived', 'terminated', 'on_leave', 'out_of_scope'];

export const directoryUserSchemas: Record<string, JsonObject> = {
  DirectoryUser: record(
    {
      object: { type: 'string', const: 'directory_user' },
      id: STRING,
      directory_id: STRING,
      organization_id: STRING,
      idp_id: { type: 'string', description: "The provider's id, or ours when it has none." },
      email: STRING_OR_NULL,
      first_name: STRING_OR_NULL,
      last_name: STRING_OR_NULL,
      name: STRING_OR_NULL,
      emails: {
        type: 'array',
        items: record({ primary: { type: 'boolean' }, type: STRING, value: STRING_OR_NULL }, [
          'primary',
          'type',
        ]),
      },
      job_title: STRING_OR_NULL,
      username: STRING_OR_NULL,
      state: { type: 'string', enum: ['active', 'inactive'] },
      state_reason: { type: 'string', enum: REASONS, description: 'Why the user is not simply active.' },
      pending_removal: {
        type: 'boolean',
        const: true,
        description: 'The provider removed this user, and the removal waits for approval.',
      },
      raw_attributes: ANY_OBJECT,
      custom_attributes: ANY_OBJECT,
      groups: { type: 'array', items: ref('DirectoryGroup') },
      created_at: TIME,
      updated_at: TIME,
    },
    ['state_reason', 'pending_removal'],
  ),
};
