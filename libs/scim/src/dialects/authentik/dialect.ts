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
  switches: {},
};
