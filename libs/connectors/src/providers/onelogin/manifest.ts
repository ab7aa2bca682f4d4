import type { ConnectorManifest } from '../../sdk/manifest.js';

export const manifest = {
  id: 'onelogin',
  label: 'OneLogin',
  directoryType: 'onelogin scim v2.0',
  docsUrl: 'https://developers.onelogin.com/api-docs/2/getting-started/dev-overview',
  kind: 'idp',
  form: [
    {
      key: 'domain',
      label: 'OneLogin domain',
      type: 'string',
      required: true,
      secret: false,
      help: 'What stands before ".onelogin.com" when your users sign in, or that address as a whole. Old accounts use api.us.onelogin.com or api.eu.onelogin.com.',
      pattern: '(https?://)?[A-Za-z0-9.:-]+/?',
      placeholder: 'acme.onelogin.com',
    },
    {
      key: 'client_id',
      label: 'Client ID',
      type: 'string',
      required: true,
      secret: false,
      help: 'Administration › Developers › API Credentials › New Credential, scope "Read All".',
    },
    {
      key: 'client_secret',
      label: 'Client secret',
      type: 'string',
      required: true,
      secret: true,
      help: 'Shown beside the client ID.',
    },
    {
      key: 'group_source',
      label: 'Groups are made of',
      type: 'choice',
      required: true,
      secret: false,
      help: 'A role has any number of users, and gives them applications. A OneLogin group is the one security policy that a user is under.',
      choices: [
        { value: 'roles', label: 'Roles (recommended)' },
        { value: 'groups', label: 'OneLogin groups' },
        { value: 'both', label: 'Roles and OneLogin groups' },
      ],
      default: 'roles',
    },
  ],
  scopes: [
    {
      scope: 'Read All',
      for: 'Users, roles, groups. "Read Users" is enough when OneLogin lets it list your roles; the connection test tells',
      required: true,
    },
  ],
  capabilities: {
    groups: true,
    nestedGroups: false,
    incremental: false,
    lookUp: true,
    listsInactive: true,
    listsFuture: false,
  },
  // 5 000 requests an hour are the whole account's, so others need some of them; the headers say what is left.
  limits: { requestsPerSecond: 4, burst: 20, concurrency: 4, pageSize: 100 },
  intervals: { incremental: null, full: 7_200 },
} as const satisfies ConnectorManifest;
