import type { JsonObject, JsonValue } from '#kernel';
import type { Email, SnapshotRecord, SnapshotUser } from '#model';
import { decodeRecord, type Fields } from '../../sdk/decode.js';

const RAW = [
  'id',
  'primaryEmail',
  'name',
  'emails',
  'aliases',
  'nonEditableAliases',
  'organizations',
  'relations',
  'externalIds',
  'orgUnitPath',
  'suspended',
  'suspensionReason',
  'archived',
  'creationTime',
  'customSchemas',
];

/** Every user has an address there that nobody uses. */
const AUTOMATIC = /\.test-google-a\.com$/i;

/** `orgUnits` without a slash at the end; empty: everybody. */
export function mapUser(value: JsonValue, orgUnits: readonly string[]): SnapshotRecord {
  return decodeRecord(value, 'user', (user) => {
    if (!isInScope(user, orgUnits))
      return { kind: 'removed', of: 'user', id: user.text('id'), reason: 'out_of_scope' };
    return { kind: 'user', user: attributes(user) };
  });
}

/** @throws AttributeError when no unit is named: everybody is in one, so that says nothing */
function isInScope(user: Fields, orgUnits: readonly string[]): boolean {
  if (orgUnits.length === 0) return true;
  const path = user.text('orgUnitPath');
  return orgUnits.some((unit) => path === unit || path.startsWith(`${unit}/`));
}

function attributes(user: Fields): SnapshotUser {
  const primary = user.text('primaryEmail');
  const name = user.object('name');
  const organization = primaryOf(user.objects('organizations'));
  return {
    sourceId: user.id('id'),
    userName: primary,
    email: primary,
    emails: emailsOf(user, primary),
    firstName: name.optionalText('givenName'),
    lastName: name.optionalText('familyName'),
    name: name.optionalText('fullName'),
    jobTitle: organization?.optionalText('title') ?? null,
    ...stateOf(user),
    raw: user.pick(RAW),
    customAttributes: customOf(user, organization),
  };
}

/** Google shows `suspended` of everybody. */
function stateOf(user: Fields): Pick<SnapshotUser, 'active' | 'stateReason' | 'isStateUntold'> {
  if (user.boolean('archived', false)) return { active: false, stateReason: 'archived' };
  if (user.boolean('suspended', false)) return { active: false, stateReason: 'suspended' };
  return { active: true, stateReason: null, ...(!user.has('suspended') && { isStateUntold: true }) };
}

function primaryOf(list: readonly Fields[]): Fields | undefined {
  return list.find((item) => item.boolean('primary', false)) ?? list[0];
}

function emailsOf(user: Fields, primary: string): Email[] {
  const listed = user.objects('emails').map((email) => email.optionalText('address'));
  const seen = new Set<string>();
  return [primary, ...listed, ...user.texts('aliases'), ...user.texts('nonEditableAliases')].flatMap(
    (value) => {
      if (value === null || AUTOMATIC.test(value) || seen.has(value.toLowerCase())) return [];
      seen.add(value.toLowerCase());
      return [{ primary: value === primary, value }];
    },
  );
}

function customOf(user: Fields, organization: Fields | undefined): JsonObject {
  const ofType = (key: string, type: string): string | null =>
    user
      .objects(key)
      .find((item) => item.optionalText('type') === type)
      ?.optionalText('value') ?? null;
  const standard = {
    department_name: organization?.optionalText('department') ?? null,
    cost_center_name: organization?.optionalText('costCenter') ?? null,
    manager_email: ofType('relations', 'manager'),
    employee_number: ofType('externalIds', 'organization'),
    org_unit_path: user.optionalText('orgUnitPath'),
  };
  const known = Object.entries(standard).filter(([, value]) => value !== null);
  return { ...Object.fromEntries(known), ...schemasOf(user.object('customSchemas')) };
}

/** `{Badge: {color: 'red'}}` → `{'Badge.color': 'red'}` */
function schemasOf(schemas: Fields): JsonObject {
  const flat: JsonObject = {};
  for (const schema of schemas.keys()) {
    const fields = schemas.object(schema);
    for (const [key, value] of Object.entries(fields.pick(fields.keys()))) flat[`${schema}.${key}`] = value;
  }
  return flat;
}
