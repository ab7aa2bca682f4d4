import type { JsonObject } from '#kernel';
import { record, ref, STRING, STRING_OR_NULL, TIME } from '../openapi/operation.js';

export const organizationSchemas: Record<string, JsonObject> = {
  Organization: record(
    {
      object: { type: 'string', const: 'organization' },
      id: STRING,
      name: STRING,
      domains: { type: 'array', items: ref('OrganizationDomain') },
      metadata: { type: 'object', additionalProperties: STRING },
      external_id: STRING_OR_NULL,
      stripe_customer_id: STRING,
      allow_profiles_outside_organization: { type: 'boolean', deprecated: true },
      created_at: TIME,
      updated_at: TIME,
    },
    ['stripe_customer_id'],
  ),
  OrganizationDomain: record(
    {
      object: { type: 'string', const: 'organization_domain' },
      id: STRING,
      organization_id: STRING,
      domain: STRING,
      state: { type: 'string', enum: ['pending', 'verified', 'failed', 'legacy_verified', 'unverified'] },
      verification_strategy: { type: 'string', enum: ['dns', 'manual'] },
      verification_token: STRING,
      created_at: TIME,
      updated_at: TIME,
    },
    ['verification_token'],
  ),
};
