import type { DialectDefinition } from '../contract.js';
import { readRequest } from './read-request.js';

export const keycloak: DialectDefinition = {
  id: 'keycloak',
  label: 'Keycloak',
  aliases: [],
  role: 'idp',
  versions: ['2.0'],
  acceptedContentTypes: [],
  detect: [
    {
      in: 'body',
      pattern: /"\$ref"\s*:\s*"(?:Users|Groups)\//,
      evidence:
        'mitodl/keycloak-scim, GroupAdapter.toSCIM: references of members are relative, without a slash before (2026-11)',
    },
  ],
  switches: {
    defaultPageSize: {
      value: 1_000,
      evidence:
        'mitodl/keycloak-scim, import: asks once for the plain list and follows no pages, so it sees the first page only (2026-11)',
    },
  },
  readRequest,
};
