import { LENIENT_TOLERANCE } from '../../protocol/tolerance.js';
import type { DialectDefinition } from '../contract.js';

export const oracle: DialectDefinition = {
  id: 'oracle',
  label: 'Oracle Identity Domains',
  aliases: ['oci', 'idcs', 'oci-iam'],
  role: 'idp',
  versions: ['2.0'],
  acceptedContentTypes: [],
  detect: [
    {
      in: 'query',
      pattern: /(?:^|&)attributeSets=/,
      evidence:
        'Oracle, "REST API for Oracle Identity Cloud Service": parameter of its own SCIM dialect (2026-11)',
    },
    {
      in: 'body',
      pattern: /urn:ietf:params:scim:schemas:oracle:/,
      evidence: 'Oracle, "REST API for Oracle Identity Cloud Service": schema URNs of its own (2026-11)',
    },
  ],
  switches: {
    tolerance: {
      value: LENIENT_TOLERANCE,
      evidence:
        'Oracle app catalogue, GenericScim templates: requests are not published; a mapping may hold attributes of the schemas that only Oracle has (2026-11)',
    },
  },
};
