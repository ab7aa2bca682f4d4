import { getOwn, type JsonObject, type JsonValue } from '#kernel';
import type { Email, SnapshotRecord, SnapshotUser, StateReason } from '#model';
import { decodeRecord, type Fields } from '../../sdk/decode.js';

/** Times of changes and logins stay out: they would make an update of nothing. */
const RAW = ['id', 'status', 'created', 'type', 'realmId', 'profile'];

/** Attributes of the profile that have a column of their own. */
const MAPPED = new Set(['login', 'email', 'secondEmail', 'firstName', 'lastName', 'displayName', 'title']);

/** Names under which every source has them. */
const STANDARD: Readonly<Record<string, string>> = {
  department: 'department_name',
  division: 'division_name',
  costCenter: 'cost_center_name',
  employeeNumber: 'employee_number',
  userType: 'employee_type',
  manager: 'manager_name',
  managerId: 'manager_id',
};

/** A lock-out and a forgotten password are no suspension. Statuses: Okta API, User object. */
const STATES: Readonly<Record<string, { active: boolean; stateReason: StateReason | null }>> = {
  ACTIVE: { active: true, stateReason: null },
  LOCKED_OUT: { active: true, stateReason: null },
  PASSWORD_EXPIRED: { active: true, stateReason: null },
  RECOVERY: { active: true, stateReason: null },
  STAGED: { active: false, stateReason: 'pending' },
  PROVISIONED: { active: false, stateReason: 'pending' },
  SUSPENDED: { active: false, stateReason: 'suspended' },
  DEPROVISIONED: { active: false, stateReason: 'terminated' },
};

export function mapUser(value: JsonValue): SnapshotRecord {
  return decodeRecord(value, 'user', (user) => {
    const status = user.text('status');
    const state = getOwn(STATES, status);
    if (state === undefined)
      return {
        kind: 'invalid',
        of: 'user',
        id: user.id('id'),
        problem: `"status" has the unknown value "${status.slice(0, 60)}".`,
      };
    return { kind: 'user', user: { ...attributes(user), ...state } };
  });
}

function attributes(user: Fields): Omit<SnapshotUser, 'active' | 'stateReason'> {
  const profile = user.object('profile');
  const emails = emailsOf(profile);
  return {
    sourceId: user.text('id'),
    userName: profile.optionalText('login'),
    email: emails[0]?.value ?? null,
    emails,
    firstName: profile.optionalText('firstName'),
    lastName: profile.optionalText('lastName'),
    name: profile.optionalText('displayName'),
    jobTitle: profile.optionalText('title'),
    raw: user.pick(RAW),
    customAttributes: customOf(profile),
  };
}

function emailsOf(profile: Fields): Email[] {
  const primary = profile.optionalText('email');
  const second = profile.optionalText('secondEmail');
  return [
    ...(primary === null ? [] : [{ primary: true, type: 'work', value: primary }]),
    ...(second === null || second === primary ? [] : [{ primary: false, type: 'other', value: second }]),
  ];
}

function customOf(profile: Fields): JsonObject {
  const picked = profile.pick(profile.keys().filter((key) => !MAPPED.has(key)));
  return Object.fromEntries(
    Object.entries(picked).map(([key, value]) => [getOwn(STANDARD, key) ?? key, value]),
  );
}
