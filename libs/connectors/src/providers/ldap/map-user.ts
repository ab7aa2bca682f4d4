import type { JsonObject } from '#kernel';
import type { Email, SnapshotRecord, SnapshotUser } from '#model';
import { AttributeError, decodeRecord, type Fields } from '../../sdk/decode.js';
import type { Dialect, OverrideField } from './dialect.js';
import { toObject } from './entry.js';
import { ticksToDate } from './values.js';
import type { LdapEntry } from './wire/answer.js';

const DISABLED = 0x2;
/** Locked by an administrator, for ever; any other time is a lock-out that passes (draft-behera-ldap-password-policy). */
const LOCKED_FOR_EVER = '000001010000Z';
/** They say when, not who: a change of them would be an update of nothing, or is the state itself. */
const NOT_RAW = ['pwdaccountlockedtime', 'accountexpires'];

export function mapUser(entry: LdapEntry, dialect: Dialect, now: Date): SnapshotRecord {
  const names = dialect.userAttributes;
  return decodeRecord(toObject(entry, dialect, names), 'user', (user) => {
    const value = (field: OverrideField): string | null => first(user, dialect.names[field]);
    const emails = emailsOf(user, value('email'));
    return {
      kind: 'user',
      user: {
        sourceId: user.text('id'),
        userName: value('login') ?? first(user, ['userprincipalname']),
        email: emails[0]?.value ?? null,
        emails,
        firstName: value('first_name'),
        lastName: value('last_name'),
        name: value('name'),
        jobTitle: value('title'),
        raw: rawOf(user, names),
        customAttributes: customOf(user, dialect.custom),
        ...stateOf(user, dialect, now),
      },
    };
  });
}

/** The first value of the first attribute that has one. */
function first(fields: Fields, names: readonly string[]): string | null {
  for (const name of names) {
    const value = fields.texts(name)[0]?.trim() ?? '';
    if (value !== '') return value;
  }
  return null;
}

function emailsOf(user: Fields, main: string | null): Email[] {
  // Active Directory marks the main one with SMTP: and others with smtp:; other protocols have other words.
  const proxies = user.texts('proxyaddresses').filter((address) => /^smtp:/i.test(address));
  const proxy = proxies.find((address) => address.startsWith('SMTP:'))?.slice(5);
  const addresses = [main, proxy, ...user.texts('mail'), ...proxies.map((address) => address.slice(5))];
  const others = [...user.texts('mailalternateaddress'), ...user.texts('maillocaladdress')];
  const found = [...addresses, ...others].flatMap((address) => (address ? [address.trim()] : []));
  const distinct = found.filter(
    (address, index) => found.findIndex((other) => other.toLowerCase() === address.toLowerCase()) === index,
  );
  return distinct.map((value, index) => ({
    primary: index === 0,
    type: index === 0 ? 'work' : 'other',
    value,
  }));
}

/** @throws AttributeError: of whom it is not known whether the account may be used stays as before */
function stateOf(
  user: Fields,
  { kind }: Dialect,
  now: Date,
): Pick<SnapshotUser, 'active' | 'stateReason' | 'upcoming'> {
  const suspended = { active: false, stateReason: 'suspended' } as const;
  if (kind === 'active_directory') expectControl(user);
  if (isDisabled(user)) return suspended;
  const expires = ticksToDate(user.texts('accountexpires')[0] ?? '0');
  if (expires === undefined) throw new AttributeError('accountExpires', 'is no time');
  if (expires !== null && expires <= now) return suspended;
  const upcoming = expires === null ? null : { at: expires.toISOString(), ...suspended };
  return { active: true, stateReason: null, upcoming };
}

/**
 * Every account of a domain has userAccountControl, so where it is missing it is hidden: it belongs to the property set
 * "Account Restrictions" (MS-ADTS 3.1.1.2.3.3), which hardened domains keep from ordinary accounts. AD LDS has another one.
 */
function expectControl(user: Fields): void {
  const [control] = user.texts('useraccountcontrol');
  if (control !== undefined && !/^-?\d+$/.test(control))
    throw new AttributeError('userAccountControl', 'is no number');
  if (control === undefined && user.texts('samaccountname').some((name) => name !== ''))
    throw new AttributeError(
      'userAccountControl',
      'is not shown, so nobody knows whether the account is disabled; let the account that reads read "Account Restrictions"',
    );
}

function isDisabled(user: Fields): boolean {
  const isTrue = (name: string): boolean => user.texts(name)[0]?.toLowerCase() === 'true';
  const control = Number(user.texts('useraccountcontrol')[0] ?? 0);
  return (
    (control & DISABLED) !== 0 ||
    isTrue('nsaccountlock') ||
    isTrue('logindisabled') ||
    isTrue('msds-useraccountdisabled') ||
    user.texts('pwdaccountlockedtime')[0] === LOCKED_FOR_EVER
  );
}

function customOf(user: Fields, custom: Dialect['custom']): JsonObject {
  const entries = Object.entries(custom).map(([name, attribute]) => [name, user.texts(attribute)] as const);
  return Object.fromEntries(
    entries
      .filter(([, values]) => values.length > 0)
      .map(([name, values]) => [name, values.length === 1 ? (values[0] as string) : values]),
  );
}

function rawOf(user: Fields, names: readonly string[]): JsonObject {
  return user.pick(['id', 'dn', ...names.filter((name) => !NOT_RAW.includes(name))]);
}
