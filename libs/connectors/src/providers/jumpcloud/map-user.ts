import { getOwn, isJsonObject, type JsonObject, type JsonValue } from '#kernel';
import type { Email, SnapshotRecord, SnapshotUser, StateReason } from '#model';
import { decodeRecord, type Fields } from '../../sdk/decode.js';

/** Keys, passwords and their dates, logins and private addresses stay out. */
const RAW = [
  '_id',
  'username',
  'email',
  'alternateEmail',
  'firstname',
  'middlename',
  'lastname',
  'displayname',
  'state',
  'activated',
  'suspended',
  'created',
  'jobTitle',
  'department',
  'costCenter',
  'company',
  'location',
  'description',
  'employeeIdentifier',
  'employeeType',
  'manager',
  'managedAppleId',
  'external_source_type',
  'external_dn',
  'organization',
  'attributes',
];

/** Names under which every source has them. */
const STANDARD: Readonly<Record<string, string>> = {
  department: 'department_name',
  costCenter: 'cost_center_name',
  employeeIdentifier: 'employee_number',
  employeeType: 'employee_type',
  manager: 'manager_id',
  company: 'company',
  location: 'location',
};

type State = Pick<SnapshotUser, 'active' | 'stateReason'>;

const ACTIVE: State = { active: true, stateReason: null };
const inactive = (stateReason: StateReason): State => ({ active: false, stateReason });

/** `state` of a system user (docs.jumpcloud.com/api/1.0). */
const STATES: Readonly<Record<string, State>> = {
  ACTIVATED: ACTIVE,
  STAGED: inactive('pending'),
  SUSPENDED: inactive('suspended'),
};

export function mapUser(value: JsonValue): SnapshotRecord {
  return decodeRecord(identified(value), 'user', (user) => {
    const state = stateOf(user);
    if (typeof state !== 'string') return { kind: 'user', user: { ...attributes(user), ...state } };
    return { kind: 'invalid', of: 'user', id: user.text('_id'), problem: state };
  });
}

/** `id` repeats `_id`, but not everywhere. */
function identified(value: JsonValue): JsonValue {
  return isJsonObject(value) ? { ...value, id: value['_id'] ?? value['id'] ?? null } : value;
}

/**
 * An account that is locked after wrong passwords is not inactive. `activated` says whether somebody has set a password,
 * which nobody does who signs in elsewhere; so it counts only in older records, which have no `state`.
 * @returns what is wrong, when that cannot be told
 */
function stateOf(user: Fields): State | string {
  if (user.boolean('suspended', false)) return inactive('suspended');
  const state = user.optionalText('state');
  if (state !== null)
    return getOwn(STATES, state) ?? `"state" has the unknown value "${state.slice(0, 60)}".`;
  if (Object.hasOwn(user.pick(['activated']), 'activated'))
    return user.boolean('activated', false) ? ACTIVE : inactive('pending');
  return '"state" and "activated" are missing.';
}

function attributes(user: Fields): Omit<SnapshotUser, 'active' | 'stateReason'> {
  const emails = emailsOf(user);
  return {
    sourceId: user.text('_id'),
    userName: user.optionalText('username'),
    email: emails.find(({ primary }) => primary)?.value ?? null,
    emails,
    firstName: user.optionalText('firstname'),
    lastName: user.optionalText('lastname'),
    name: user.optionalText('displayname'),
    jobTitle: user.optionalText('jobTitle'),
    raw: user.pick(RAW),
    customAttributes: { ...ownAttributes(user), ...standardAttributes(user) },
  };
}

/** The address for a forgotten password is private and stays out. */
function emailsOf(user: Fields): Email[] {
  const primary = user.optionalText('email');
  const second = user.optionalText('alternateEmail');
  return [
    ...(primary === null ? [] : [{ primary: true, type: 'work', value: primary }]),
    ...(second === null || second === primary ? [] : [{ primary: false, type: 'other', value: second }]),
  ];
}

/** Custom attributes come as a list of names and values. */
function ownAttributes(user: Fields): JsonObject {
  return Object.fromEntries(
    user.objects('attributes').flatMap((attribute): [string, JsonValue][] => {
      const { value } = attribute.pick(['value']);
      const name = attribute.optionalText('name');
      return name === null || name === '__proto__' || value === undefined ? [] : [[name, value]];
    }),
  );
}

function standardAttributes(user: Fields): JsonObject {
  return Object.fromEntries(
    Object.entries(STANDARD).flatMap(([key, name]): [string, JsonValue][] => {
      const value = user.optionalText(key);
      return value === null ? [] : [[name, value]];
    }),
  );
}
