import { LENIENT_TOLERANCE } from '../../protocol/tolerance.js';
import type { DialectDefinition } from '../contract.js';

export const okta: DialectDefinition = {
  id: 'okta',
  label: 'Okta',
  role: 'idp',
  versions: ['1.1', '2.0'],
  acceptedContentTypes: [],
  detect: { userAgents: ['Okta SCIM Client', 'OKTA SCIM Integration'] },
  switches: {
    groupPatchAnswer: {
      value: 'no_content',
      evidence:
        'Okta developer docs, "SCIM 2.0 protocol reference", Groups: PATCH may be answered 200 with body or 204 (2026-11)',
    },
    tolerance: {
      value: LENIENT_TOLERANCE,
      evidence:
        'Okta developer docs, "Build a SCIM provisioning integration": custom attributes under any URN that the admin typed travel in the same request as the core ones (2026-11)',
    },
  },
  versionSwitches: {
    '1.1': {
      groupPatchAnswer: {
        value: 'body',
        evidence: 'Okta SCIM 1.1 SPEC test file: answers to PATCH are read back as a resource (2026-11)',
      },
    },
  },
};
