import { FilterParser, type Filter } from 'ldapts';

export type ServerKind = 'active_directory' | 'openldap' | '389ds' | 'other';

/** Fields of the form's "field=attribute". */
export type OverrideField =
  'id' | 'login' | 'email' | 'first_name' | 'last_name' | 'name' | 'title' | 'group_name';

type Names = Readonly<Record<OverrideField, readonly string[]>>;

/** What one kind of server calls things. Names are in lower case; of several the first that has a value counts. */
export interface Dialect {
  readonly kind: ServerKind;
  readonly names: Names;
  readonly userFilter: Filter;
  readonly groupFilter: Filter;
  /** Custom attribute → attribute. */
  readonly custom: Readonly<Record<string, string>>;
  /** Attributes of users that are asked for; nothing else is kept. */
  readonly userAttributes: readonly string[];
  readonly groupAttributes: readonly string[];
  /** False when the settings name another id: what servers say of changes names none but their own. */
  readonly hasOwnId: boolean;
  /** What Active Directory is asked for changes of: wider than the filters, for who left them has changed, too. */
  readonly candidates: { readonly user: Filter; readonly group: Filter };
}

const GENERIC: Names = {
  id: ['entryuuid'],
  login: ['uid'],
  email: ['mail'],
  first_name: ['givenname'],
  last_name: ['sn'],
  name: ['displayname', 'cn'],
  title: ['title'],
  group_name: ['cn'],
};

const NAMES: Readonly<Record<ServerKind, Names>> = {
  openldap: GENERIC,
  other: GENERIC,
  // Entries that are older than the entryUUID plug-in have none; every entry has this one.
  '389ds': { ...GENERIC, id: ['nsuniqueid'] },
  active_directory: {
    ...GENERIC,
    id: ['objectguid'],
    login: ['samaccountname'],
    name: ['displayname', 'name'],
    group_name: ['cn', 'samaccountname'],
  },
};

const GENERIC_CUSTOM = {
  department_name: 'departmentnumber',
  employee_number: 'employeenumber',
  employee_type: 'employeetype',
};

const AD_CUSTOM = {
  department_name: 'department',
  division_name: 'division',
  employee_number: 'employeeid',
  employee_type: 'employeetype',
};

/** Where servers say that an account may not be used. */
const STATE = ['pwdaccountlockedtime', 'nsaccountlock', 'logindisabled'];
const AD_STATE = ['useraccountcontrol', 'accountexpires', 'msds-useraccountdisabled', 'samaccountname'];

const GENERIC_USERS =
  '(|(objectClass=inetOrgPerson)(objectClass=organizationalPerson)(objectClass=posixAccount))';
// Computers are objects of the class user, too.
const AD_USERS = '(&(objectCategory=person)(objectClass=user))';
const GENERIC_GROUPS =
  '(|(objectClass=groupOfNames)(objectClass=groupOfUniqueNames)(objectClass=posixGroup)(objectClass=groupOfMembers)(objectClass=group))';
const AD_GROUPS = '(objectClass=group)';

const ANYTHING = '(objectClass=*)';
/** What is moved with everything in it, without a change of what is in it. */
const AD_FOLDERS = '(objectClass=organizationalUnit)(objectClass=container)';
/** Deleted ones keep their class, and little else. */
const AD_CANDIDATES = {
  user: `(|(&(objectClass=person)(!(objectClass=computer)))${AD_FOLDERS})`,
  group: `(|(objectClass=group)${AD_FOLDERS})`,
};

const SECRETS =
  /password|pwd(?!AccountLockedTime)|unicodePwd|secret|krbPrincipalKey|sambaNT|sambaLM|^ms-?mcs|msDS-ManagedPassword|supplementalCredentials|privateKey/i;

/** Attributes that hold credentials; none is ever asked for. */
export function isSecretAttribute(name: string): boolean {
  return SECRETS.test(name);
}

/** What the settings say otherwise than the kind of server. */
export interface DialectSettings {
  readonly userFilter: Filter | null;
  readonly groupFilter: Filter | null;
  readonly overrides: Readonly<Partial<Record<OverrideField, string>>>;
  readonly custom: Readonly<Record<string, string>>;
}

export function dialectOf(kind: ServerKind, config: DialectSettings): Dialect {
  const isAd = kind === 'active_directory';
  const names = withOverrides(NAMES[kind], config);
  const custom = { ...(isAd ? AD_CUSTOM : GENERIC_CUSTOM), ...lowered(config.custom) };
  const parse = (text: string): Filter => FilterParser.parseString(text);
  const { id, group_name: groupName, ...ofUsers } = names;
  const emails = isAd ? ['proxyaddresses'] : ['mailalternateaddress', 'maillocaladdress'];
  return {
    kind,
    names,
    userFilter: config.userFilter ?? parse(isAd ? AD_USERS : GENERIC_USERS),
    groupFilter: config.groupFilter ?? parse(isAd ? AD_GROUPS : GENERIC_GROUPS),
    custom,
    userAttributes: unique([
      ...id,
      ...Object.values(ofUsers).flat(),
      ...emails,
      ...Object.values(custom),
      ...(isAd ? [...AD_STATE, 'userprincipalname'] : STATE),
      'manager',
    ]),
    groupAttributes: unique([
      ...id,
      ...groupName,
      'description',
      'mail',
      'objectclass',
      ...(isAd ? ['grouptype'] : []),
    ]),
    hasOwnId: id[0] === NAMES[kind].id[0],
    candidates: candidatesOf(config),
  };
}

/** Of filters of the admin's own it is not known what leaves them. */
function candidatesOf({ userFilter, groupFilter }: DialectSettings): Dialect['candidates'] {
  return {
    user: FilterParser.parseString(userFilter === null ? AD_CANDIDATES.user : ANYTHING),
    group: FilterParser.parseString(groupFilter === null ? AD_CANDIDATES.group : ANYTHING),
  };
}

function withOverrides(names: Names, { overrides }: DialectSettings): Names {
  return {
    ...names,
    ...Object.fromEntries(Object.entries(lowered(overrides)).map(([key, name]) => [key, [name]])),
  };
}

function lowered(names: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(names).map(([key, name]) => [key, name.toLowerCase()]));
}

function unique(names: readonly string[]): string[] {
  return [...new Set(names)];
}
