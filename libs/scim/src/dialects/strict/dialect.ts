import { STRICT_TOLERANCE } from '../../protocol/tolerance.js';
import type { DialectDefinition } from '../contract.js';

/** The letter of the RFCs, for conformance suites and for clients under development; no IdP needs it. */
export const strict: DialectDefinition = {
  id: 'strict',
  label: 'Strict SCIM 2.0 (conformance runs)',
  aliases: [],
  role: 'idp',
  versions: ['1.1', '2.0'],
  acceptedContentTypes: [],
  detect: [],
  switches: {
    tolerance: {
      value: STRICT_TOLERANCE,
      evidence: 'RFC 7643 and RFC 7644: every deviation that they let a server refuse is refused',
    },
  },
};
