import { getOwn, type JsonObject, type JsonValue } from '#kernel';
import type { SnapshotRecord, SnapshotUser, StateReason } from '#model';
import { decodeRecord, type Fields } from '../../sdk/decode.js';
import { USER_FIELDS } from './fields.js';
import { groupId } from './ids.js';

type State = Pick<SnapshotUser, 'active' | 'stateReason'>;

const ACTIVE: State = { active: true, stateReason: null };
const inactive = (stateReason: StateReason): State => ({ active: false, stateReason });

/** Whether and how somebody can sign in. A lock and a password that has expired are no suspension. */
const STATUSES: Readonly<Record<string, State>> = {
  // Unactivated
  0: inactive('pending'),
  1: ACTIVE,
  2: inactive('suspended'),
  // Locked, password expired, awaiting a reset of it
  3: ACTIVE,
  4: ACTIVE,
  5: ACTIVE,
  // Password pending
  7: inactive('pending'),
  // Security questions required
  8: ACTIVE,
};

/** Whether the account has accepted somebody; null leaves it to the status. */
const STATES: Readonly<Record<string, State | null>> = {
  // Unapproved
  0: inactive('pending'),
  1: null,
  // Rejected
  2: inactive('suspended'),
  // Unlicensed: what the account has bought, and no word about the person
  3: null,
};

export function mapUser(value: JsonValue): SnapshotRecord {
  return decodeRecord(value, 'user', (user) => {
    const [status, state] = [user.id('status'), user.id('state')];
    const byStatus = getOwn(STATUSES, status);
    const byState = getOwn(STATES, state);
    const id = user.id('id');
    if (byStatus === undefined) return unknownValue(id, 'status', status);
    if (byState === undefined) return unknownValue(id, 'state', state);
    // Who is suspended is so in every state.
    const found = byStatus.stateReason === 'suspended' ? byStatus : (byState ?? byStatus);
    return { kind: 'user', user: { ...attributes(user, id), ...found } };
  });
}

/**
 * That somebody is in a group, for `group_id` is a user's own attribute. Of a record that does not say it, no membership
 * counts as missing in this run.
 */
export function mapGroupOf(value: JsonValue): readonly SnapshotRecord[] {
  let isNone = false;
  const record = decodeRecord(value, 'membership', (user) => {
    isNone = user.keys().includes('group_id') && !Object.hasOwn(user.pick(['group_id']), 'group_id');
    const members = [{ kind: 'user' as const, id: user.id('id') }];
    return { kind: 'members', groupId: groupId(isNone ? 'none' : user.id('group_id')), members };
  });
  if (isNone) return [];
  return [record.kind === 'invalid' ? { ...record, id: null } : record];
}

function attributes(user: Fields, sourceId: string): Omit<SnapshotUser, 'active' | 'stateReason'> {
  const email = user.optionalText('email');
  return {
    sourceId,
    userName: user.optionalText('username'),
    email,
    emails: email === null ? [] : [{ primary: true, type: 'work', value: email }],
    firstName: user.optionalText('firstname'),
    lastName: user.optionalText('lastname'),
    name: null,
    jobTitle: user.optionalText('title'),
    raw: user.pick(USER_FIELDS),
    customAttributes: customOf(user),
  };
}

/** Custom fields, and what every source has under the names that all share. */
function customOf(user: Fields): JsonObject {
  const custom = user.object('custom_attributes');
  const manager = Object.hasOwn(user.pick(['manager_user_id']), 'manager_user_id')
    ? user.id('manager_user_id')
    : null;
  const standard = {
    ...user.pick(['company', 'external_id', 'samaccountname', 'userprincipalname']),
    department_name: user.optionalText('department'),
    manager_id: manager,
  };
  return Object.fromEntries(
    Object.entries({ ...custom.pick(custom.keys()), ...standard }).filter(
      ([, value]) => value !== null && value !== '',
    ),
  );
}

function unknownValue(id: string, attribute: string, value: string): SnapshotRecord {
  return {
    kind: 'invalid',
    of: 'user',
    id,
    problem: `"${attribute}" has the unknown value "${value.slice(0, 60)}".`,
  };
}
