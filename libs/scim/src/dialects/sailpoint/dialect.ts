import { LENIENT_TOLERANCE } from '../../protocol/tolerance.js';
import type { DialectDefinition } from '../contract.js';

export const sailpoint: DialectDefinition = {
  id: 'sailpoint',
  label: 'SailPoint',
  aliases: ['identityiq', 'identity-security-cloud'],
  role: 'idp',
  versions: ['1.1', '2.0'],
  acceptedContentTypes: [],
  detect: [
    {
      in: 'user_agent',
      pattern: /sailpoint|identityiq/i,
      evidence: 'a client that names itself; SailPoint documents no header (2026-11)',
    },
  ],
  switches: {
    tolerance: {
      value: LENIENT_TOLERANCE,
      evidence:
        'SailPoint connector docs, "SCIM 2.0": the account schema is edited by the admin; with usePatch its attributes arrive as paths (2026-11)',
    },
  },
};
