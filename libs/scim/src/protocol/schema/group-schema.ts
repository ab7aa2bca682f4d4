import type { SchemaDefinition } from './definitions.js';
import { attribute } from './define.js';
import { GROUP_URN } from './urns.js';

/** The core Group schema (RFC 7643 4.2). */
export const GROUP_SCHEMA: SchemaDefinition = {
  id: GROUP_URN,
  name: 'Group',
  description: 'A named set of people',
  attributes: [
    attribute('displayName', 'Name of the group.', { required: true, uniqueness: 'server' }),
    attribute('members', 'Who belongs to the group.', {
      type: 'complex',
      multiValued: true,
      subAttributes: [
        // The value is an `id`, and ids are case-exact (RFC 7643 3.1).
        attribute('value', 'Id of the member.', { caseExact: true, mutability: 'immutable' }),
        attribute('$ref', 'Address of the member.', {
          type: 'reference',
          referenceTypes: ['User', 'Group'],
          mutability: 'immutable',
        }),
        attribute('type', 'Resource type of the member.', {
          canonicalValues: ['User', 'Group'],
          mutability: 'immutable',
        }),
        // RFC 7643 8.7.1 does not have it, and clients compare the elements that they sent with those that they get.
        attribute('display', 'Name of the member.', { mutability: 'readOnly', returned: 'request' }),
      ],
    }),
  ],
};
