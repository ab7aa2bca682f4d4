import { LENIENT_TOLERANCE } from '../../protocol/tolerance.js';
import type { DialectDefinition } from '../contract.js';

export const aquera: DialectDefinition = {
  id: 'aquera',
  label: 'Aquera and other SCIM gateways',
  aliases: ['scim-gateway'],
  role: 'idp',
  versions: ['1.1', '2.0'],
  acceptedContentTypes: [],
  detect: [
    {
      in: 'user_agent',
      pattern: /aquera/i,
      evidence: 'a client that names itself; Aquera documents no header (2026-11)',
    },
  ],
  switches: {
    tolerance: {
      value: LENIENT_TOLERANCE,
      evidence:
        'jelhub/scimgateway, plugin-scim: passes on whatever attributes the source has, under their own names (2026-11)',
    },
  },
};
