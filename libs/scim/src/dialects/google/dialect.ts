import { LENIENT_TOLERANCE } from '../../protocol/tolerance.js';
import type { DialectDefinition } from '../contract.js';

export const google: DialectDefinition = {
  id: 'google',
  label: 'Google Workspace',
  aliases: ['google-workspace', 'gsuite'],
  role: 'idp',
  versions: ['2.0'],
  acceptedContentTypes: [],
  detect: [],
  switches: {
    tolerance: {
      value: LENIENT_TOLERANCE,
      evidence:
        'Google Workspace admin help, "About automated user provisioning": the wire format is not published and the mapping is made in Google, so no odd attribute may stop a user (2026-11)',
    },
  },
};
