import { isJsonObject, type JsonValue } from '#kernel';
import { SourceError } from '../../../sdk/source-error.js';
import type { RipplingConfig } from '../config.js';
import type { OptionalField } from '../fields.js';

/** Names of the platform API: any of them tells it. */
const NEEDED: readonly (readonly string[])[] = [
  ['roleState'],
  ['startDate'],
  ['endDate'],
  ['workEmail'],
  ['firstName'],
  ['lastName'],
];
const OPTIONAL: Partial<Readonly<Record<OptionalField, readonly string[]>>> = {
  job_title: ['title'],
  employee_number: ['employeeNumber'],
  employment_type: ['employmentType'],
  manager: ['manager'],
  department: ['department', 'departmentId'],
  location: ['workLocation'],
};
/** In a smaller company a field may well be empty of everybody, and left out for that. */
const FEW = 5;

/**
 * A key sees the fields of its scopes; others are left out without a word (https://developer.rippling.com, "GET
 * Employees"). What nobody has is taken for hidden, or everybody would lose it.
 * @throws SourceError that names the fields
 */
export function expectShown(items: readonly JsonValue[], { shared }: RipplingConfig): void {
  const people = items.filter(isJsonObject);
  if (people.length < FEW) return;
  const wanted = [...NEEDED, ...[...shared].flatMap((name) => (OPTIONAL[name] ? [OPTIONAL[name]] : []))];
  const hidden = wanted.filter((names) =>
    people.every((person) => !names.some((name) => Object.hasOwn(person, name))),
  );
  if (hidden.length === 0) return;
  throw new SourceError(
    'insufficient_permissions',
    `Rippling shows these fields of nobody: ${hidden.map(([name]) => name).join(', ')}. Give the key the scopes that show ` +
      'them, or name what it shall not see under "Fields that are not shared".',
  );
}
