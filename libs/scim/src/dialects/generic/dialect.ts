import type { DialectDefinition } from '../contract.js';

/** SCIM as the RFCs say it, with every switch at its default; the reference for all others. */
export const generic: DialectDefinition = {
  id: 'generic',
  label: 'Other SCIM client',
  role: 'idp',
  versions: ['1.1', '2.0'],
  acceptedContentTypes: [],
  detect: { userAgents: [] },
  switches: {},
};
