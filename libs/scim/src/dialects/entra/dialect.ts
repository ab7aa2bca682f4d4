import { LENIENT_TOLERANCE } from '../../protocol/tolerance.js';
import type { DialectDefinition } from '../contract.js';

export const entra: DialectDefinition = {
  id: 'entra',
  label: 'Microsoft Entra ID',
  role: 'idp',
  versions: ['2.0'],
  acceptedContentTypes: [],
  detect: { userAgents: [] },
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
