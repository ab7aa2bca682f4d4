import { LENIENT_TOLERANCE } from '../../protocol/tolerance.js';
import type { DialectDefinition } from '../contract.js';

export const onelogin: DialectDefinition = {
  id: 'onelogin',
  label: 'OneLogin',
  aliases: ['one-login'],
  role: 'idp',
  versions: ['1.1', '2.0'],
  acceptedContentTypes: [],
  detect: [
    {
      in: 'query',
      pattern: /^filter=[^+&]+\+eq\+[^&]*&$/,
      evidence:
        'goauthentik/authentik, issue 11249: proxy log of "SCIM v2 Enterprise", queries end in "&" and have "+" for blanks (2026-11)',
    },
    {
      in: 'body',
      pattern: /"urn:scim:schemas:core:2\.0"/,
      evidence: 'goauthentik/authentik, issue 11249: schema URNs of the PUT body (2026-11)',
    },
  ],
  switches: {
    tolerance: {
      value: LENIENT_TOLERANCE,
      evidence:
        'OneLogin developer docs, "SCIM provisioning": the body is a JSON template that the admin edits, so names, types and URNs vary by app (2026-11)',
    },
  },
};
