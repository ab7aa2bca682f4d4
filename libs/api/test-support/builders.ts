import { newId } from '#kernel';
import type { Directory, DirectoryGroup, DirectoryUser, Organization, OrganizationDomain } from '#model';

const TIMES = { createdAt: '2026-01-10T08:00:00.000Z', updatedAt: '2026-01-15T12:00:00.000Z' };
const OWNER = { environmentId: 'environment_1', organizationId: 'org_1' };

export function anOrganization(fields: Partial<Organization> = {}): Organization {
  return {
    id: newId('org'),
    environmentId: 'environment_1',
    name: 'Acme',
    externalId: null,
    stripeCustomerId: null,
    metadata: {},
    domains: [],
    ...TIMES,
    ...fields,
  };
}

export function aDomain(fields: Partial<OrganizationDomain> = {}): OrganizationDomain {
  return {
    id: newId('org_domain'),
    ...OWNER,
    domain: 'acme.test',
    state: 'pending',
    verificationStrategy: 'dns',
    verificationToken: 'token',
    ...TIMES,
    ...fields,
  };
}

export function aDirectory(fields: Partial<Directory> = {}): Directory {
  return {
    id: newId('directory'),
    ...OWNER,
    name: 'People',
    type: 'okta scim v2.0',
    dialect: 'okta',
    provider: null,
    externalKey: 'abcdefgh12345678',
    state: 'linked',
    config: {},
    detectedDialect: null,
    pause: null,
    ...TIMES,
    ...fields,
  };
}

export function aUser(fields: Partial<DirectoryUser> = {}): DirectoryUser {
  return {
    id: newId('directory_user'),
    ...OWNER,
    directoryId: 'directory_1',
    idpId: '00u77',
    externalId: '00u77',
    userName: 'rita@acme.test',
    email: 'rita@acme.test',
    emails: [{ primary: true, type: 'work', value: 'rita@acme.test' }],
    firstName: 'Rita',
    lastName: 'Ng',
    name: 'Rita Ng',
    jobTitle: 'Lead',
    active: true,
    stateReason: null,
    raw: { userName: 'rita@acme.test' },
    customAttributes: {},
    version: 1,
    pendingRemoval: false,
    ...TIMES,
    ...fields,
  };
}

export function aGroup(fields: Partial<DirectoryGroup> = {}): DirectoryGroup {
  return {
    id: newId('directory_group'),
    ...OWNER,
    directoryId: 'directory_1',
    idpId: '00g1',
    externalId: '00g1',
    name: 'Engineering',
    raw: {},
    lastModified: TIMES.updatedAt,
    version: 1,
    pendingRemoval: false,
    ...TIMES,
    ...fields,
  };
}
