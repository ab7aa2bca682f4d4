/* What random requests are made of: words that mean something here, and texts that mean something elsewhere. */

const CORE = 'urn:ietf:params:scim:schemas:core:2.0:User';
const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

// prettier-ignore
export const KEYS = [
  'schemas', 'id', 'externalId', 'userName', 'displayName', 'name', 'givenName', 'familyName', 'emails', 'value',
  'type', 'primary', 'active', 'members', 'groups', 'roles', 'addresses', 'phoneNumbers', 'x509Certificates', 'manager',
  'password', 'meta', 'Operations', 'operations', 'op', 'path', 'display', '$ref', 'operation', 'attributes', 'managerId',
  'bulkId', 'method', 'data', 'version', 'failOnErrors', 'filter', 'count', 'startIndex', 'cursor', 'sortBy', 'title',
  ENTERPRISE, CORE, `${ENTERPRISE}:department`, 'urn:example:custom:1.0:User', 'urn:example:custom:1.0:User:badge',
  '__proto__', 'constructor', 'toString', '', 'USERNAME', 'a.b', 'emails[type eq "work"].value', 'ключ', '😀',
];

// prettier-ignore
export const TEXTS = [
  '', ' ', 'ada', 'Ada@example.com', 'work', 'home', 'True', 'false', 'null', '0', '-1', '1e400', 'User', 'Group',
  '\u0000', '\ud800', '\udc00', '\u202e', '\u200b', '😀', 'e\u0301', 'ß', 'İ', '\\', '"', "'", "'; DROP TABLE x; --",
  '<script>', '=1+1', '${7*7}', '%00', '%', '*', '(|(a=*))', '\r\nX-Header: 1', '2024-05-01T10:11:12Z', 'bulkId:a',
  'members', 'emails', 'userName', 'meta.created', 'name.familyName', 'descending', 'W/"1"', 'eyJ4IjoxfQ', '1000000000000',
  `${ENTERPRISE}:department`, 'urn:example:custom:1.0:User:badge', '{"value":"x"}', '[', ']', '((((', 'eq', 'directory_user_0',
];

export const VALUES = [
  null,
  true,
  false,
  0,
  1,
  -1,
  0.5,
  2 ** 53 + 2,
  1e308,
  -0,
  [],
  {},
  [[]],
  [null],
  { value: null },
];

// prettier-ignore
export const PATHS = [
  '/Users', '/Groups', '/Users/{id}', '/Groups/{id}', '/Users/.search', '/Groups/.search', '/.search', '/Bulk', '/Me',
  '/Schemas', '/Schemas/User', '/ResourceTypes', '/ResourceTypes/User', '/ServiceProviderConfig', '/ServiceProviderConfigs',
  '/', '/Nothing', '/users//', '/Users/{id}/emails',
];

// prettier-ignore
export const QUERY_NAMES = [
  'filter', 'filter', 'filter', 'count', 'startIndex', 'cursor', 'sortBy', 'sortOrder', 'attributes', 'excludedAttributes',
  'FILTER', 'unknown',
];

// prettier-ignore
export const FILTERS = [
  'userName eq "ada"', 'emails[type eq "work"].value eq "ada@example.com"', 'not (active eq true) and title pr',
  'meta.lastModified gt "2024-05-01T10:11:12Z"', 'groups.display co "a" or groups.value eq "x"', 'members eq "x"',
  'members[value eq "x" and type eq "User"]', `${ENTERPRISE}:manager eq "x"`, 'urn:example:custom:1.0:User:badge gt 3',
  'urn:example:custom:1.0:User:badge[type eq "a" or not (value sw "b")]', 'schemas eq "urn:x"', 'id pr', 'active eq "True"',
  'name.familyName ge "M" and (name.givenName le "N" or externalId ne null)', 'userName eq ada', 'x509Certificates.value eq "QQ=="',
  'roles[primary eq "True"].value ew "n"', '(((((userName pr)))))', 'displayName eq "Crew" or nothing eq 1',
];

// prettier-ignore
export const PATCH_PATHS = [
  'active', 'userName', 'displayName', 'name', 'name.givenName', 'emails', 'emails.type', 'emails[type eq "work"]',
  'emails[type eq "work"].value', 'emails[primary eq true].display', 'members', 'members[value eq "x"]', 'members.value',
  'groups', 'id', 'password', 'manager', `${ENTERPRISE}:manager`, `${ENTERPRISE}:manager.value`, ENTERPRISE, CORE,
  `${CORE}:userName`, 'urn:example:custom:1.0:User', 'urn:example:custom:1.0:User:badge',
  'urn:example:custom:1.0:User:badge[type eq "a"].value', 'urn:example:custom:1.0:User:badge.type', 'roles', 'addresses[type eq "work"].country',
  'externalId', 'nothing', 'a.b.c', '', '__proto__', 'x509Certificates[value pr]', 'phoneNumbers[type eq "work" and primary eq "True"].value',
];

export const ODD_HEADERS = {
  'content-type': ['text/plain', 'application/xml', ';', 'application/json'],
  'if-match': ['*', 'W/"1"', '"2"', 'x', ''],
  'if-none-match': ['*', 'W/"1"', ',,'],
  accept: ['*/*', 'application/xml', 'application/json;q=0.5', ''],
  'x-http-method-override': ['PATCH', 'DELETE', 'TRACE'],
};
