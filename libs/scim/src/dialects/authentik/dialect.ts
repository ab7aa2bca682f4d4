import { LENIENT_TOLERANCE } from '../../protocol/tolerance.js';
import type { DialectDefinition } from '../contract.js';

export const authentik: DialectDefinition = {
  id: 'authentik',
  label: 'authentik',
  aliases: [],
  role: 'idp',
  versions: ['2.0'],
  acceptedContentTypes: [],
  detect: [
    {
      in: 'user_agent',
      pattern: /^authentik@/,
      evidence:
        'goauthentik/authentik, lib/utils/http.py: User-Agent is authentik@ and the version (2026-11)',
    },
  ],
  switches: {
    tolerance: {
      value: LENIENT_TOLERANCE,
      evidence:
        'goauthentik/authentik, providers/scim: property mappings are expressions that can add any attribute (2026-11)',
    },
  },
};
