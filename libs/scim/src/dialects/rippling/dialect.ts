import { LENIENT_TOLERANCE } from '../../protocol/tolerance.js';
import type { DialectDefinition } from '../contract.js';
import { readRequest } from './read-request.js';

export const rippling: DialectDefinition = {
  id: 'rippling',
  label: 'Rippling',
  aliases: [],
  role: 'idp',
  versions: ['2.0'],
  acceptedContentTypes: [],
  detect: [
    {
      in: 'user_agent',
      pattern: /rippling/i,
      evidence: 'a client that names itself; Rippling documents no header (2026-11)',
    },
  ],
  switches: {
    tolerance: {
      value: LENIENT_TOLERANCE,
      evidence:
        'Rippling help, "Custom SCIM app": attributes are chosen in Rippling from the fields of the HR file (2026-11)',
    },
  },
  readRequest,
};
