import type { JsonObject } from '#kernel';
import { directorySchemas } from '../directories/directory.schema.js';
import { directoryGroupSchemas } from '../directory-groups/directory-group.schema.js';
import { directoryUserSchemas } from '../directory-users/directory-user.schema.js';
import { eventSchemas } from '../events/event.schema.js';
import { credentialSchemas } from '../management/credential.schema.js';
import { environmentSchemas } from '../management/environment.schema.js';
import { managedDirectorySchemas } from '../management/managed-directory.schema.js';
import { connectorSchemas } from '../management/connector.schema.js';
import { syncRunSchemas } from '../management/sync-run.schema.js';
import { requestLogSchemas } from '../management/request-log.schema.js';
import { removalHoldSchemas } from '../management/removal-hold.schema.js';
import { webhookAttemptSchemas } from '../management/webhook-attempt.schema.js';
import { organizationSchemas } from '../organizations/organization.schema.js';
import { uploadSchemas } from '../uploads/upload.schema.js';
import { webhookEndpointSchemas } from '../webhook-endpoints/webhook-endpoint.schema.js';
import { record, STRING, STRING_OR_NULL } from './operation.js';

const sharedSchemas: Record<string, JsonObject> = {
  ListMetadata: {
    ...record({ before: STRING_OR_NULL, after: STRING_OR_NULL }),
    description: 'Cursors of the neighbouring pages, null where nothing more is.',
  },
  Error: record(
    {
      message: STRING,
      code: STRING,
      entity_id: STRING,
      errors: {
        type: 'array',
        items: record({ field: STRING, code: STRING, message: STRING }, ['field', 'message']),
      },
    },
    ['code', 'entity_id', 'errors'],
  ),
};

/** Every schema that routes refer to by name. */
export const COMPONENT_SCHEMAS: Readonly<Record<string, JsonObject>> = {
  ...directorySchemas,
  ...directoryUserSchemas,
  ...directoryGroupSchemas,
  ...organizationSchemas,
  ...eventSchemas,
  ...webhookEndpointSchemas,
  ...webhookAttemptSchemas,
  ...environmentSchemas,
  ...managedDirectorySchemas,
  ...credentialSchemas,
  ...connectorSchemas,
  ...syncRunSchemas,
  ...requestLogSchemas,
  ...removalHoldSchemas,
  ...uploadSchemas,
  ...sharedSchemas,
};
