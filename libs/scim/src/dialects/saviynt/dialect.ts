import { LENIENT_TOLERANCE } from '../../protocol/tolerance.js';
import type { DialectDefinition } from '../contract.js';

export const saviynt: DialectDefinition = {
  id: 'saviynt',
  label: 'Saviynt',
  aliases: [],
  role: 'idp',
  versions: ['2.0'],
  acceptedContentTypes: [],
  detect: [
    {
      in: 'user_agent',
      pattern: /saviynt/i,
      evidence: 'a client that names itself; Saviynt documents no header (2026-11)',
    },
  ],
  switches: {
    tolerance: {
      value: LENIENT_TOLERANCE,
      evidence:
        'Saviynt community forum, REST connector templates: every request is JSON that the admin writes, booleans are text, URNs are those of another product (2026-11)',
    },
  },
};
