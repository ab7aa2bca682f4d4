import type { AttributeDefinition } from './definitions.js';

type Optional = Partial<Omit<AttributeDefinition, 'name' | 'description'>>;

/** An attribute with the defaults of RFC 7643 2.2: a readWrite, optional, single, case-insensitive string. */
export function attribute(name: string, description: string, given: Optional = {}): AttributeDefinition {
  const type = given.type ?? 'string';
  return {
    name,
    type,
    multiValued: false,
    description,
    required: false,
    caseExact: isCaseExactType(type),
    mutability: 'readWrite',
    returned: 'default',
    uniqueness: 'none',
    ...given,
  };
}

/** Parts of a multi-valued attribute (RFC 7643 2.4): `value` as given, then `display`, `type` and `primary`. */
export function plural(
  value: AttributeDefinition,
  types: readonly string[] = [],
): readonly AttributeDefinition[] {
  return [
    value,
    attribute('display', 'Name of this entry for display.'),
    attribute(
      'type',
      'Label that says what the entry is used for.',
      types.length === 0 ? {} : { canonicalValues: types },
    ),
    attribute('primary', 'True for the preferred entry. At most one entry is primary.', { type: 'boolean' }),
  ];
}

/** Binary and reference values are always case-exact (RFC 7643 2.3.6 and 2.3.7). */
function isCaseExactType(type: AttributeDefinition['type']): boolean {
  return type === 'binary' || type === 'reference';
}
