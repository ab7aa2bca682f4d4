/** What an API key may be allowed to do. `instance:admin` alone manages environments and their keys. */
export const API_SCOPES = [
  'directories:read',
  'directories:write',
  'organizations:read',
  'organizations:write',
  'events:read',
  'webhooks:read',
  'webhooks:write',
  'instance:admin',
] as const;

export type ApiScope = (typeof API_SCOPES)[number];
