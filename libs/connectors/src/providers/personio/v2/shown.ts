import { isJsonObject } from '#kernel';
import { SourceError } from '../../../sdk/source-error.js';
import type { PersonioConfig } from '../config.js';
import { idOf } from './answers.js';
import type { ReadPerson } from './map-person.js';

/** Everybody has these: attributes as the form calls them, and the keys that show them. */
const NEEDED = {
  first_name: ['first_name'],
  last_name: ['last_name'],
  email: ['email'],
  status: ['status'],
  hire_date: ['employment_start_date'],
} as const;

/** Most companies use these. Ends and preferred names may be empty of everybody. */
const USUAL = {
  position: ['position'],
  supervisor: ['supervisor'],
  employment_type: ['type'],
  department: ['org_units'],
  team: ['org_units'],
  office: ['office'],
  subcompany: ['legal_entity', 'sub_company'],
  cost_centers: ['cost_centers'],
} as const;

/** In a smaller company an attribute may well be empty of everybody, and left out for that. */
const FEW = 5;

/**
 * What the credential may not read is left out, as if it was empty; it is the same attributes of everybody. What nobody has
 * is taken for hidden, or everybody would lose it.
 * @throws SourceError that names the attributes
 */
export function expectShown(
  people: readonly ReadPerson[],
  { attributes, customAttributes }: PersonioConfig,
): void {
  const shown = people.flatMap(keysOf);
  if (shown.length === 0) return;
  const chosen = Object.fromEntries(customAttributes.map((name) => [name, [name]]));
  const expected = { ...NEEDED, ...(shown.length < FEW ? {} : { ...USUAL, ...chosen }) };
  const hidden = Object.entries(expected)
    .filter(([name]) => attributes.includes(name))
    .filter(([, keys]) => !shown.some((given) => keys.some((key) => given.has(key))));
  if (hidden.length === 0) return;
  throw new SourceError(
    'insufficient_permissions',
    `Personio showed these attributes of nobody: ${hidden.map(([name]) => name).join(', ')}. Make them readable for the API ` +
      'credential, or name those that it shall not read, or that nobody uses, under "Attributes that are not shared".',
  );
}

/** Keys with a value of any kind, an empty one too. Nobody's of a person without employments: they prove nothing. */
function keysOf({ person, employments }: ReadPerson): ReadonlySet<string>[] {
  const all = (employments ?? []).filter(isJsonObject);
  if (!isJsonObject(person) || all.length === 0) return [];
  const { custom_attributes: custom } = person;
  const customIds = (Array.isArray(custom) ? custom : []).map((one) => idOf(one) ?? '');
  return [new Set([...[person, ...all].flatMap((object) => Object.keys(object)), ...customIds])];
}
