import type { DialectDefinition } from '../contract.js';
import { readRequest } from './read-request.js';
import { writeResponse } from './write-response.js';

/** SCIM 1.1 on the wire, canonical 2.0 behind it. Works under the dialect of whatever IdP speaks 1.1. */
export const scim11: DialectDefinition = {
  id: 'scim-1-1',
  label: 'SCIM 1.1',
  aliases: [],
  role: 'version',
  versions: ['1.1'],
  acceptedContentTypes: [],
  detect: [],
  switches: {
    methodOverride: {
      value: true,
      evidence:
        'SCIM 1.1 protocol, section 3.9 "HTTP Method Overloading": service providers must support it (2011-07)',
    },
  },
  readRequest,
  writeResponse,
};
