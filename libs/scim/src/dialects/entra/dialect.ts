import { LENIENT_TOLERANCE } from '../../protocol/tolerance.js';
import type { DialectDefinition } from '../contract.js';

export const entra: DialectDefinition = {
  id: 'entra',
  label: 'Microsoft Entra ID',
  aliases: ['azure', 'azure-ad', 'entra-id', 'microsoft-entra-id'],
  role: 'idp',
  versions: ['2.0'],
  acceptedContentTypes: [],
  detect: [
    {
      in: 'header',
      pattern: /^adscimversion$/,
      evidence:
        'bitwarden/server, ScimContext: requests with the header Adscimversion are from Entra (2026-11)',
    },
    {
      in: 'query',
      pattern: /\baadOptscim062020\b/i,
      evidence:
        'Microsoft Learn, "Known issues and resolutions with SCIM 2.0 protocol compliance": the flag is part of the tenant URL (2026-11)',
    },
    {
      in: 'body',
      pattern: /schemas\.microsoft\.com\/2006\/11\/ResourceManagement\/ADSCIM/,
      evidence:
        'Microsoft Learn, "Develop and plan provisioning for a SCIM endpoint", Create Group: schema URN of groups (2026-11)',
    },
    {
      in: 'body',
      pattern: /"op"\s*:\s*"(?:Add|Replace|Remove)"/,
      evidence:
        'Microsoft Learn, "Known issues and resolutions with SCIM 2.0 protocol compliance": verbs are capitalised without the flag (2026-11)',
    },
  ],
  switches: {
    groupPatchAnswer: {
      value: 'no_content',
      evidence:
        'Microsoft Learn, "Develop and plan provisioning for a SCIM endpoint", Group operations: every PATCH of a group is shown with 204 No Content (2026-11)',
    },
    tolerance: {
      value: LENIENT_TOLERANCE,
      evidence:
        'Microsoft Learn, "Known issues and resolutions with SCIM 2.0 protocol compliance": one PATCH bundles mapped attributes of any URN, booleans arrive as text (2026-11)',
    },
  },
};
