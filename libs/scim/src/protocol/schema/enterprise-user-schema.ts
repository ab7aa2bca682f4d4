import type { SchemaDefinition } from './definitions.js';
import { attribute } from './define.js';
import { ENTERPRISE_USER_URN } from './urns.js';

/** The enterprise extension of User (RFC 7643 4.3). */
export const ENTERPRISE_USER_SCHEMA: SchemaDefinition = {
  id: ENTERPRISE_USER_URN,
  name: 'EnterpriseUser',
  description: 'What an employer knows about a person',
  attributes: [
    attribute('employeeNumber', 'Number or code the organization gave the person.'),
    attribute('costCenter', 'Cost center.'),
    attribute('organization', 'Name of the organization.'),
    attribute('division', 'Name of the division.'),
    attribute('department', 'Name of the department.'),
    attribute('manager', "The person's manager.", {
      type: 'complex',
      subAttributes: [
        attribute('value', 'Id of the manager.'),
        attribute('$ref', 'Address of the manager, when the value is an id of this server.', {
          type: 'reference',
          referenceTypes: ['User'],
          mutability: 'readOnly',
        }),
        attribute('displayName', 'Name of the manager.', { mutability: 'readOnly' }),
      ],
    }),
  ],
};
