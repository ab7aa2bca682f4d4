import { getOwn, type JsonObject, type JsonValue } from '#kernel';
import type { Email, SnapshotRecord, SnapshotUser } from '#model';
import { decodeRecord, type Fields } from '../../sdk/decode.js';
import type { EntraConfig } from './config.js';

const RAW = [
  'id',
  'userPrincipalName',
  'mail',
  'otherMails',
  'proxyAddresses',
  'givenName',
  'surname',
  'displayName',
  'jobTitle',
  'department',
  'companyName',
  'officeLocation',
  'employeeId',
  'employeeType',
  'accountEnabled',
  'userType',
  'externalUserState',
];

const CUSTOM: Readonly<Record<string, string>> = {
  department: 'department_name',
  companyName: 'company_name',
  officeLocation: 'office_location',
  employeeId: 'employee_number',
  employeeType: 'employee_type',
};

/**
 * A user of a list or a delta; both have the same attributes, absent where never set. A guest who is not wanted is out of
 * scope: they may have been a member before, or wanted.
 */
export function mapUser(value: JsonValue, config: EntraConfig): SnapshotRecord {
  return decodeRecord(value, 'user', (user) => {
    if (!config.includeGuests && user.optionalText('userType') === 'Guest')
      return { kind: 'removed', of: 'user', id: user.text('id'), reason: 'out_of_scope' };
    return { kind: 'user', user: attributes(user, config) };
  });
}

function attributes(user: Fields, config: EntraConfig): SnapshotUser {
  const emails = emailsOf(user);
  return {
    sourceId: user.text('id'),
    userName: user.optionalText('userPrincipalName'),
    email: emails.find(({ primary }) => primary)?.value ?? null,
    emails,
    firstName: user.optionalText('givenName'),
    lastName: user.optionalText('surname'),
    name: user.optionalText('displayName'),
    jobTitle: user.optionalText('jobTitle'),
    ...stateOf(user),
    raw: user.pick([...RAW, ...config.extensionAttributes]),
    customAttributes: customOf(user, config),
  };
}

/** Graph shows `accountEnabled` of everybody, to whom may read it. */
function stateOf(user: Fields): Pick<SnapshotUser, 'active' | 'stateReason' | 'isStateUntold'> {
  const isInvited = user.optionalText('externalUserState') === 'PendingAcceptance';
  const state = isInvited
    ? ({ active: false, stateReason: 'pending' } as const)
    : { active: true, stateReason: null };
  if (!user.has('accountEnabled')) return { ...state, isStateUntold: true };
  return user.flag('accountEnabled') ? state : { active: false, stateReason: 'suspended' };
}

/** `SMTP:` in capitals marks the primary proxy address. `mail` is null for many members. */
function emailsOf(user: Fields): Email[] {
  const proxies = user.texts('proxyAddresses').filter((address) => /^smtp:/i.test(address));
  const main = proxies.find((address) => address.startsWith('SMTP:'))?.slice(5);
  const upn = user.optionalText('userPrincipalName');
  const login = upn !== null && upn.includes('@') && !upn.includes('#EXT#') ? upn : null;
  const primary = user.optionalText('mail') ?? main ?? login;
  const all = [primary, ...proxies.map((address) => address.slice(5)), ...user.texts('otherMails')];
  const seen = new Set<string>();
  return all.flatMap((value) => {
    if (value === null || value === '' || seen.has(value.toLowerCase())) return [];
    seen.add(value.toLowerCase());
    return [{ primary: value === primary, value }];
  });
}

function customOf(user: Fields, config: EntraConfig): JsonObject {
  const picked = user.pick([...Object.keys(CUSTOM), ...config.extensionAttributes]);
  return Object.fromEntries(
    // The application's id inside the name says nothing to a reader.
    Object.entries(picked).map(([key, value]) => [
      getOwn(CUSTOM, key) ?? key.replace(/^extension_[0-9a-f]{32}_/i, ''),
      value,
    ]),
  );
}
