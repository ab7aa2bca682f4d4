const FIRST = [
  'Ada',
  'Grace',
  'Alan',
  'Barbara',
  'Edsger',
  'Katherine',
  'Linus',
  'Margaret',
  'Niklaus',
  'Radia',
];
const LAST = [
  'Lindgren',
  'Okafor',
  'Haddad',
  'Sato',
  'Moreau',
  'Kowalski',
  'Fernandes',
  'Novak',
  'Osei',
  'Byrne',
];
const DEPARTMENTS = ['Engineering', 'Finance', 'Support', 'People', 'Sales', 'Legal', 'Research'];
const TITLES = ['Engineer', 'Accountant', 'Manager', 'Analyst', 'Counsel', 'Coordinator'];

/** User name of the n-th person; `prefix` makes it new in every round. */
export function userName(prefix, n) {
  return `${prefix}.${n}@corp.example.com`;
}

/** A create request as an Okta app with the enterprise extension sends it, about 900 bytes. */
export function userBody(prefix, n) {
  const first = FIRST[n % FIRST.length];
  const last = LAST[(n >> 3) % LAST.length];
  const name = userName(prefix, n);
  return JSON.stringify({
    schemas: [
      'urn:ietf:params:scim:schemas:core:2.0:User',
      'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User',
    ],
    externalId: `00u${prefix}${String(n).padStart(9, '0')}`,
    userName: name,
    name: { givenName: first, familyName: last },
    displayName: `${first} ${last}`,
    nickName: first,
    emails: [{ primary: true, value: name, type: 'work' }],
    phoneNumbers: [{ primary: true, value: `+1 555 ${String(n % 10_000).padStart(4, '0')}`, type: 'work' }],
    addresses: [{ type: 'work', locality: 'Springfield', region: 'IL', postalCode: '62701', country: 'US' }],
    title: TITLES[n % TITLES.length],
    locale: 'en-US',
    timezone: 'America/Chicago',
    active: true,
    groups: [],
    'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User': {
      employeeNumber: String(100_000 + n),
      costCenter: `CC-${n % 40}`,
      organization: 'Example Corporation',
      department: DEPARTMENTS[n % DEPARTMENTS.length],
      manager: { value: `00u${prefix}${String(n % 50).padStart(9, '0')}`, displayName: `${last} ${first}` },
    },
  });
}
