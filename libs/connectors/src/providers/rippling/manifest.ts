import { hrFields } from '../../sdk/hr/hr-form.js';
import type { ConnectorManifest } from '../../sdk/manifest.js';
import { GROUP_KINDS, OPTIONAL_FIELDS, type OptionalField } from './fields.js';

const optional = Object.keys(OPTIONAL_FIELDS);
const shared = (field: OptionalField): { readonly key: string; readonly lacks: string } => ({
  key: 'unshared_fields',
  lacks: field,
});
/** The scopes of an app of the App Shop are those of its listing. */
const APP_SHOP = 'https://app.rippling.com/apps/PLATFORM/{app_name}/authorize';

export const manifest = {
  id: 'rippling',
  label: 'Rippling',
  directoryType: 'rippling scim v2.0',
  docsUrl: 'https://developer.rippling.com/documentation/rest-api',
  kind: 'hris',
  form: [
    {
      key: 'api',
      label: 'Which API',
      type: 'choice',
      required: true,
      secret: false,
      help: 'New API tokens are for the REST API. Keys made for api.rippling.com/platform are for the older platform API, which knows no teams and no supergroups of people.',
      choices: [
        { value: 'rest', label: 'REST API' },
        { value: 'rest_preview', label: 'REST API of a preview company' },
        { value: 'platform', label: 'Platform API (older keys)' },
      ],
      default: 'rest',
    },
    {
      key: 'auth_mode',
      label: 'Sign in with',
      type: 'choice',
      required: true,
      secret: false,
      help: 'An API token, or an OAuth app of your own that an admin has installed.',
      choices: [
        { value: 'api_token', label: 'API token' },
        { value: 'oauth', label: 'OAuth app' },
      ],
      default: 'api_token',
    },
    {
      key: 'api_token',
      label: 'API token',
      type: 'string',
      required: true,
      secret: true,
      help: 'Settings › Company Settings › API Access › Create API token, with the read scopes below. It ends after 30 days without use.',
      when: { key: 'auth_mode', is: 'api_token' },
    },
    {
      key: 'client_id',
      label: 'Client ID',
      type: 'string',
      required: true,
      secret: false,
      help: 'Of your app in Rippling’s developer portal.',
      when: { key: 'auth_mode', is: 'oauth' },
    },
    {
      key: 'client_secret',
      label: 'Client secret',
      type: 'string',
      required: true,
      secret: true,
      help: 'Beside the client ID.',
      when: { key: 'auth_mode', is: 'oauth' },
    },
    {
      key: 'refresh_token',
      label: 'Refresh token',
      type: 'string',
      required: true,
      secret: true,
      rotates: true,
      help: 'Leave it empty: an admin consents by a link, and it comes from there. One that you got otherwise is entered in one directory only.',
      when: { key: 'auth_mode', is: 'oauth' },
    },
    {
      key: 'app_name',
      label: 'Name of the app in the App Shop',
      type: 'string',
      required: false,
      secret: false,
      help: 'For consent to an app of the App Shop: the name in its address app.rippling.com/apps/PLATFORM/… The platform API has no others.',
      pattern: '[A-Za-z0-9._-]{1,100}',
      placeholder: 'ExampleApp',
      when: { key: 'auth_mode', is: 'oauth' },
    },
    {
      key: 'supergroups',
      label: 'Read supergroups',
      type: 'boolean',
      required: false,
      secret: false,
      help: 'Rippling’s own groups of people, beside those made of departments and places. One request per group.',
      default: false,
    },
    {
      key: 'personal_emails',
      label: 'Read personal e-mail addresses',
      type: 'boolean',
      required: false,
      secret: false,
      help: 'Adds the personal address to the list of addresses. It never becomes the main one.',
      default: false,
    },
    {
      key: 'unshared_fields',
      label: 'Fields that are not shared',
      type: 'list',
      required: false,
      secret: false,
      help: `Those that the token may not see on purpose, of: ${optional.join(', ')}. They are left empty; people of whom any other field is hidden stay as they were.`,
      pattern: optional.join('|'),
      placeholder: 'employee_number',
    },
    ...hrFields(GROUP_KINDS),
  ],
  scopes: [
    { scope: 'workers.read', for: 'Who works here, since when and until when', required: true },
    { scope: 'users.read', for: 'Names and logins', required: true },
    {
      scope: 'departments.read',
      for: 'Groups made of departments',
      required: false,
      when: shared('department'),
    },
    { scope: 'teams.read', for: 'Groups made of teams', required: false, when: shared('team') },
    {
      scope: 'work-locations.read',
      for: 'Groups made of places of work',
      required: false,
      when: shared('location'),
    },
    {
      scope: 'employment-types.read',
      for: 'Who is a contractor, who works part-time',
      required: false,
      when: shared('employment_type'),
    },
    {
      scope: 'companies.read',
      for: 'Groups made of legal entities',
      required: false,
      when: shared('company'),
    },
    {
      scope: 'supergroups.read',
      for: 'Supergroups and their members',
      required: false,
      when: { key: 'supergroups', is: true },
    },
  ],
  // Security scheme of Rippling's REST description; App Shop: developer.rippling.com/documentation/developer-portal.
  authorization: {
    when: { key: 'auth_mode', is: 'oauth' },
    fields: { clientId: 'client_id', clientSecret: 'client_secret', refreshToken: 'refresh_token' },
    endpoints: [
      {
        when: { key: 'api', is: 'platform' },
        authorizationUrl: APP_SHOP,
        tokenUrl: 'https://app.rippling.com/api/o/token/',
        requestsScopes: false,
      },
      {
        when: { key: 'app_name', given: true },
        authorizationUrl: APP_SHOP,
        tokenUrl: 'https://app.rippling.com/o/token',
        requestsScopes: false,
      },
      {
        authorizationUrl: 'https://app.rippling.com/o/authorize',
        tokenUrl: 'https://app.rippling.com/o/token',
        requestsScopes: true,
      },
    ],
    pkce: false,
    clientAuthentication: 'basic',
    tokenRequest: 'form',
  },
  capabilities: {
    groups: true,
    nestedGroups: false,
    incremental: true,
    lookUp: true,
    listsInactive: true,
    listsFuture: true,
  },
  // Rippling publishes no limit; it is per token.
  limits: { requestsPerSecond: 4, burst: 8, concurrency: 3, pageSize: 100 },
  // Names, departments and groups that change do not count as changes of a worker; only full runs find them.
  intervals: { incremental: 900, full: 21_600 },
} as const satisfies ConnectorManifest;
