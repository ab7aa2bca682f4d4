import type { AttributeDefinition } from './definitions.js';
import { attribute } from './define.js';

/** Attributes that every resource has (RFC 7643 3 and 3.1). They belong to no schema and are not under `/Schemas`. */
export const COMMON_ATTRIBUTES: readonly AttributeDefinition[] = [
  attribute('schemas', 'URNs of the schemas that this resource carries data of.', {
    type: 'reference',
    multiValued: true,
    required: true,
    returned: 'always',
    mutability: 'readOnly',
    referenceTypes: ['uri'],
  }),
  attribute('id', 'Identifier assigned by this server; it never changes.', {
    required: true,
    caseExact: true,
    mutability: 'readOnly',
    returned: 'always',
    uniqueness: 'server',
  }),
  attribute('externalId', 'Identifier assigned by the provisioning client.', { caseExact: true }),
  attribute('meta', 'What this server knows about the resource.', {
    type: 'complex',
    mutability: 'readOnly',
    subAttributes: [
      metaAttribute('resourceType', 'Name of the resource type.', { caseExact: true }),
      metaAttribute('created', 'When the resource was created.', { type: 'dateTime' }),
      metaAttribute('lastModified', 'When the resource was last changed.', { type: 'dateTime' }),
      metaAttribute('location', 'Address of the resource.', { type: 'reference', referenceTypes: ['uri'] }),
      metaAttribute('version', 'Entity tag of the current state.', { caseExact: true }),
    ],
  }),
];

function metaAttribute(
  name: string,
  description: string,
  given: Partial<AttributeDefinition>,
): AttributeDefinition {
  return attribute(name, description, { ...given, mutability: 'readOnly' });
}
