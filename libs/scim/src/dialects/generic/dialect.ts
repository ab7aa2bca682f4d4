import { LENIENT_TOLERANCE } from '../../protocol/tolerance.js';
import type { DialectDefinition } from '../contract.js';

/** SCIM 2.0 as the RFCs say it, with every switch at its default; the reference for all others. */
export const generic: DialectDefinition = {
  id: 'generic',
  label: 'Other SCIM client',
  aliases: [],
  role: 'idp',
  versions: ['1.1', '2.0'],
  acceptedContentTypes: [],
  detect: [],
  switches: {},
  versionSwitches: {
    '1.1': {
      tolerance: {
        value: LENIENT_TOLERANCE,
        evidence:
          'Cloud Foundry UAA API docs, "Update a group": a 1.1 PATCH is a partial resource, and carries attributes that the core schema does not have (2026-11)',
      },
    },
  },
};
