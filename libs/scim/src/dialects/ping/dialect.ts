import { LENIENT_TOLERANCE } from '../../protocol/tolerance.js';
import type { DialectDefinition } from '../contract.js';

export const ping: DialectDefinition = {
  id: 'ping',
  label: 'Ping Identity',
  aliases: ['pingfederate', 'pingone', 'pingdirectory', 'ping-identity'],
  role: 'idp',
  versions: ['1.1', '2.0'],
  acceptedContentTypes: [],
  detect: [
    {
      in: 'query',
      pattern: /(?:^|&)filter=(?:username(?:%20|\+)Eq|email(?:%20|\+)Co)(?:%20|\+)/,
      evidence:
        'PingOne docs, "SCIM filter expressions": default templates username Eq "%s" and email Co "%s" (2026-11)',
    },
  ],
  switches: {
    methodOverride: {
      value: true,
      evidence:
        'pingidentity/scim (UnboundID SCIM SDK), SCIMEndpoint: PUT, PATCH and DELETE can be tunnelled by POST with X-HTTP-Method-Override (2026-11)',
    },
    cursors: {
      value: false,
      evidence:
        'UnboundID SCIM 2 SDK 4.0.0, ServiceProviderConfigResource: an attribute that it does not know, like pagination of RFC 9865, is an error (2026-11)',
    },
    tolerance: {
      value: LENIENT_TOLERANCE,
      evidence:
        'Ping docs, "SCIM Provisioner", changelog of 1.5 and 1.9: custom attributes, under URNs that the admin names (2026-11)',
    },
  },
};
