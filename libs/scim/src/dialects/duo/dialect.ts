import { LENIENT_TOLERANCE } from '../../protocol/tolerance.js';
import type { DialectDefinition } from '../contract.js';

export const duo: DialectDefinition = {
  id: 'duo',
  label: 'Duo',
  aliases: ['duo-security'],
  role: 'idp',
  versions: ['2.0'],
  acceptedContentTypes: [],
  detect: [
    {
      in: 'user_agent',
      pattern: /\bduo\b/i,
      evidence: 'a client that names itself; Duo documents no header (2026-11)',
    },
  ],
  switches: {
    tolerance: {
      value: LENIENT_TOLERANCE,
      evidence:
        'Duo docs, "Automated provisioning" of SSO applications: attributes are mapped by the admin, the wire format is not published (2026-11)',
    },
  },
};
