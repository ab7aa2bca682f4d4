import type { ConnectorManifest, FormField } from '../../sdk/manifest.js';

/** Where a standard attribute stands among those of Keycloak, which have no names of their own for them. */
function attribute(key: string, label: string, name: string): FormField {
  return {
    key,
    label,
    type: 'string',
    required: false,
    secret: false,
    help: `Name of the user attribute that holds it (Realm settings › User profile). "${name}" unless told.`,
    default: name,
  };
}

export const manifest = {
  id: 'keycloak',
  label: 'Keycloak',
  directoryType: 'generic scim v2.0',
  docsUrl: 'https://www.keycloak.org/docs-api/latest/rest-api/index.html',
  kind: 'idp',
  form: [
    {
      key: 'server_url',
      label: 'Server',
      type: 'string',
      required: true,
      secret: false,
      help: 'The address of Keycloak without "/realms" or "/admin". Versions before 17 and some later ones have "/auth" at its end.',
      pattern: 'https?://[A-Za-z0-9.:-]+(/[A-Za-z0-9._~/-]*)?',
      placeholder: 'https://login.example.com',
    },
    {
      key: 'realm',
      label: 'Realm',
      type: 'string',
      required: true,
      secret: false,
      help: 'Name of the realm whose users are read, as it stands in addresses after "/realms/". The client has to be one of this realm.',
      placeholder: 'acme',
    },
    {
      key: 'client_id',
      label: 'Client ID',
      type: 'string',
      required: true,
      secret: false,
      help: 'Clients › your client, with "Client authentication" and "Service accounts roles" switched on.',
      placeholder: 'rollcall',
    },
    {
      key: 'client_secret',
      label: 'Client secret',
      type: 'string',
      required: true,
      secret: true,
      help: 'Clients › your client › Credentials.',
    },
    {
      key: 'ca_certificate',
      label: 'CA certificate',
      type: 'text',
      required: false,
      secret: false,
      help: 'PEM of the authority that signed the server’s certificate, when it is not a public one.',
    },
    {
      key: 'subgroup_members',
      label: 'Members of subgroups are members of the group above',
      type: 'boolean',
      required: false,
      secret: false,
      help: 'Keycloak itself lists them in the subgroup only, although they inherit the roles of the group above.',
      default: false,
    },
    attribute('title_attribute', 'Job title', 'title'),
    attribute('department_attribute', 'Department', 'department'),
    attribute('manager_attribute', 'Manager', 'manager'),
    attribute('employee_number_attribute', 'Employee number', 'employeeNumber'),
  ],
  scopes: [
    {
      scope: 'realm-management view-users',
      for: 'All users, groups and members. With query-users alone Keycloak lists only whom it may show, so that is refused',
      required: true,
    },
    {
      scope: 'realm-management view-realm',
      for: 'To tell a user federation that was removed from one that is away, where it does not import its users',
      required: false,
    },
    { scope: 'realm-management query-groups', for: 'The list of groups; part of view-users', required: true },
  ],
  capabilities: {
    groups: true,
    nestedGroups: true,
    incremental: false,
    lookUp: true,
    listsInactive: true,
    listsFuture: false,
  },
  // The customer's own server, which knows no limits: a load that a small one does not notice.
  limits: { requestsPerSecond: 20, burst: 20, concurrency: 4, pageSize: 200 },
  intervals: { incremental: null, full: 3_600 },
} as const satisfies ConnectorManifest;
