import { hrFields } from '../../sdk/hr/hr-form.js';
import type { ConnectorManifest } from '../../sdk/manifest.js';

/** Kinds of groups: departments are objects of Gusto, places stand at people's jobs. */
export const GROUP_KINDS = ['department', 'location'] as const;

export const manifest = {
  id: 'gusto',
  label: 'Gusto',
  directoryType: 'generic scim v2.0',
  docsUrl: 'https://docs.gusto.com/app-integrations/docs/introduction',
  kind: 'hris',
  form: [
    {
      key: 'environment',
      label: 'Environment',
      type: 'choice',
      required: true,
      secret: false,
      help: 'Demo companies have a Gusto of their own. Production takes an application that Gusto has reviewed.',
      choices: [
        { value: 'production', label: 'Production' },
        { value: 'demo', label: 'Demo (gusto-demo.com)' },
      ],
      default: 'production',
    },
    {
      key: 'client_id',
      label: 'Client ID',
      type: 'string',
      required: true,
      secret: false,
      help: 'Of your application at dev.gusto.com › Applications.',
    },
    {
      key: 'client_secret',
      label: 'Client secret',
      type: 'string',
      required: true,
      secret: true,
      help: 'Beside the client ID, behind "Reveal".',
    },
    {
      key: 'refresh_token',
      label: 'Refresh token',
      type: 'string',
      required: true,
      secret: true,
      rotates: true,
      help: 'Leave it empty: an admin of the company consents by a link, and it comes from there. One that you got otherwise is good for one use, so enter it nowhere else.',
    },
    {
      key: 'redirect_uri',
      label: 'Redirect URI',
      type: 'string',
      required: false,
      secret: false,
      help: 'Only for a refresh token that you enter: the one with which you got it. Consent by a link sets its own.',
      pattern: 'https?://.+',
      placeholder: 'https://example.com/callback',
    },
    {
      key: 'contractors',
      label: 'Read contractors',
      type: 'boolean',
      required: false,
      secret: false,
      help: 'People who are paid as contractors. Businesses are never read.',
      default: true,
    },
    {
      key: 'personal_emails',
      label: 'Read personal e-mail addresses',
      type: 'boolean',
      required: false,
      secret: false,
      help: 'What Gusto calls "email" is the personal address. It is added to the list of addresses and never becomes the main one.',
      default: false,
    },
    ...hrFields(GROUP_KINDS),
  ],
  scopes: [
    { scope: 'employees:read', for: 'Employees, with those who have left', required: true },
    { scope: 'contractors:read', for: 'Contractors', required: false },
    { scope: 'departments:read', for: 'Groups made of departments', required: false },
    { scope: 'companies:read', for: 'Names of places of work', required: false },
  ],
  // docs.gusto.com/app-integrations/docs/oauth2. The scopes are those of the application; PKCE is not mentioned.
  authorization: {
    fields: {
      clientId: 'client_id',
      clientSecret: 'client_secret',
      refreshToken: 'refresh_token',
      redirectUri: 'redirect_uri',
    },
    endpoints: [
      {
        when: { key: 'environment', is: 'demo' },
        authorizationUrl: 'https://api.gusto-demo.com/oauth/authorize',
        tokenUrl: 'https://api.gusto-demo.com/oauth/token',
        requestsScopes: false,
      },
      {
        authorizationUrl: 'https://api.gusto.com/oauth/authorize',
        tokenUrl: 'https://api.gusto.com/oauth/token',
        requestsScopes: false,
      },
    ],
    pkce: false,
    clientAuthentication: 'body',
    tokenRequest: 'json',
  },
  capabilities: {
    groups: true,
    nestedGroups: false,
    // Gusto lists no changes to applications of one company.
    incremental: false,
    lookUp: true,
    listsInactive: true,
    listsFuture: true,
  },
  // 200 requests a minute for each authorization.
  limits: { requestsPerSecond: 3, burst: 20, concurrency: 2, pageSize: 100 },
  intervals: { incremental: null, full: 3_600 },
} as const satisfies ConnectorManifest;
