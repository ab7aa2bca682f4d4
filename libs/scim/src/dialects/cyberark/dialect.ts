import { LENIENT_TOLERANCE } from '../../protocol/tolerance.js';
import type { DialectDefinition } from '../contract.js';

export const cyberark: DialectDefinition = {
  id: 'cyberark',
  label: 'CyberArk Identity',
  aliases: ['idaptive', 'centrify'],
  role: 'idp',
  versions: ['1.1', '2.0'],
  acceptedContentTypes: [],
  detect: [
    {
      in: 'user_agent',
      pattern: /cyberark|idaptive|centrify/i,
      evidence: 'a client that names itself; CyberArk documents no header (2026-11)',
    },
  ],
  switches: {},
  versionSwitches: {
    '1.1': {
      tolerance: {
        value: LENIENT_TOLERANCE,
        evidence:
          'SCIM 1.1 protocol, section 3.3.2: meta.attributes names what a PATCH clears, custom attributes included (2011-07)',
      },
    },
  },
};
