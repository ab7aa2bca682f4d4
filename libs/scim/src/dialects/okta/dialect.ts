import { LENIENT_TOLERANCE } from '../../protocol/tolerance.js';
import type { DialectDefinition } from '../contract.js';

export const okta: DialectDefinition = {
  id: 'okta',
  label: 'Okta',
  aliases: [],
  role: 'idp',
  versions: ['1.1', '2.0'],
  acceptedContentTypes: [],
  detect: [
    {
      in: 'user_agent',
      pattern: /^okta\b/i,
      evidence:
        'oktadeveloper/okta-blog-archive, pull request 1956: "Okta SCIM Client 1.0.0"; bitwarden/server, ScimContext: begins with "Okta" (2026-11)',
    },
    {
      in: 'body',
      pattern: /"urn:okta:/,
      evidence:
        'Okta developer docs, "SCIM 1.1 protocol reference": urn:okta:custom:group:1.0 in bodies of groups (2026-11)',
    },
  ],
  switches: {
    groupPatchAnswer: {
      value: 'no_content',
      evidence:
        'Okta developer docs, "SCIM 2.0 protocol reference", Groups: PATCH may be answered 200 with body or 204 (2026-11)',
    },
    bareToken: {
      value: true,
      evidence:
        'Sourcegraph help, "Troubleshooting SCIM Authentication Errors with Okta": depending on how the integration was made, Okta sends the raw token without "Bearer" (2026-11)',
    },
    tolerance: {
      value: LENIENT_TOLERANCE,
      evidence:
        'Okta developer docs, "Build a SCIM provisioning integration": custom attributes under any URN that the admin typed travel in the same request as the core ones (2026-11)',
    },
  },
  versionSwitches: {
    '1.1': {
      deleteAnswer: {
        value: 'no_content',
        evidence:
          'Okta developer docs, "SCIM 1.1 protocol reference", Groups: a deletion is answered with 204 (2026-11)',
      },
      groupPatchAnswer: {
        value: 'body',
        evidence: 'Okta SCIM 1.1 SPEC test file: answers to PATCH are read back as a resource (2026-11)',
      },
    },
  },
};
