import { hrFields } from '../../sdk/hr/hr-form.js';
import type { ConnectorManifest, FormField } from '../../sdk/manifest.js';
import { GROUP_KINDS } from './fields.js';
import { COLUMN_FIELDS } from './raas/columns.js';

/** A Workday host; a loopback address is for emulators, and is reached only where the operator allows it. */
const HOST = '([A-Za-z0-9-]+[.])+(my)?workday(-?gov)?[.]com';
const LOOPBACK = '(localhost|127[.][0-9.]+|\\[::1\\])(:[0-9]+)?';
const REPORT_PATH = '/ccx/service/customreport2/[^/?#\\s]+/[^/?#\\s]+/[^/?#\\s]+(\\?[^#\\s]*)?';

const optional = { required: false, secret: false } as const;
const whenReport = { key: 'mode', is: 'raas' } as const;
const whenSoap = { key: 'mode', is: 'soap' } as const;
const whenPassword = { key: 'auth_mode', is: 'password' } as const;
const whenOauth = { key: 'auth_mode', is: 'oauth' } as const;

const reportUrl = (field: Pick<FormField, 'key' | 'label' | 'required' | 'help'>): FormField => ({
  ...field,
  type: 'string',
  secret: false,
  pattern: `https://${HOST}${REPORT_PATH}|https?://${LOOPBACK}${REPORT_PATH}`,
  placeholder:
    'https://wd5-services1.myworkday.com/ccx/service/customreport2/acme/isu_rollcall/Rollcall_Workers',
  when: whenReport,
});

const REPORT_FIELDS: readonly FormField[] = [
  reportUrl({
    key: 'users_report_url',
    label: 'Address of the report of workers',
    required: true,
    help: 'Report › Actions › Web Service › View URLs › JSON. One row per worker, active and terminated.',
  }),
  reportUrl({
    key: 'groups_report_url',
    label: 'Address of a report of groups',
    required: false,
    help: 'One row per group, or per group and member. With it, no groups are made of departments, places …',
  }),
  {
    ...optional,
    key: 'column_map',
    label: 'Columns of the report',
    type: 'list',
    help: `Only for columns that are not found by themselves, as "field=Column_Alias". Fields: ${COLUMN_FIELDS.join(', ')}.`,
    pattern: `(${COLUMN_FIELDS.join('|')})\\s*=\\s*[^=]{1,200}`,
    placeholder: 'work_email=Primary_Email',
    when: whenReport,
  },
  {
    ...optional,
    key: 'changes_prompt',
    label: 'Prompt for changes',
    type: 'string',
    help: 'Alias of an optional prompt of the report of workers that takes a date and time, and filters for workers who were updated since. Runs between the daily full ones then read changes only.',
    pattern: '[A-Za-z0-9_.-]{1,100}',
    placeholder: 'Updated_Since',
    when: whenReport,
  },
];

const SOAP_FIELDS: readonly FormField[] = [
  {
    key: 'host',
    label: 'Host',
    type: 'string',
    required: true,
    secret: false,
    help: 'Public Web Services › Human Resources › Actions › View WSDL: the host at the end of the file (soapbind:address).',
    pattern: `(https://)?${HOST}/?|https?://${LOOPBACK}/?`,
    placeholder: 'wd5-services1.myworkday.com',
    when: whenSoap,
  },
  {
    key: 'tenant',
    label: 'Tenant',
    type: 'string',
    required: true,
    secret: false,
    help: 'The name of your tenant, as it stands in the address at which you sign in.',
    pattern: '[A-Za-z0-9_-]{1,100}',
    placeholder: 'acme',
    when: whenSoap,
  },
  {
    ...optional,
    key: 'wws_version',
    label: 'Version of the web service',
    type: 'string',
    help: 'Workday keeps old versions for years; change it only when Workday announces its end.',
    pattern: 'v[0-9]{2,3}[.][0-9]',
    default: 'v44.0',
    when: whenSoap,
  },
  {
    ...optional,
    key: 'future_hires_days',
    label: 'Days to look ahead for hires',
    type: 'number',
    help: 'Hires who begin within so many days are read before their first day, 0 to 365. 0 reads none.',
    default: 90,
    when: whenSoap,
  },
  {
    ...optional,
    key: 'division_type',
    label: 'Organization type of divisions',
    type: 'string',
    help: 'Reference ID (Organization_Type_ID) of the type whose organizations become divisions.',
    pattern: '[A-Za-z0-9_. -]{1,100}',
    default: 'BUSINESS_UNIT',
    when: whenSoap,
  },
  {
    ...optional,
    key: 'team_type',
    label: 'Organization type of teams',
    type: 'string',
    help: 'Reference ID (Organization_Type_ID) of the type whose organizations become teams, for example of a custom one.',
    pattern: '[A-Za-z0-9_. -]{1,100}',
    default: 'TEAM',
    when: whenSoap,
  },
];

const CREDENTIAL_FIELDS: readonly FormField[] = [
  {
    key: 'auth_mode',
    label: 'Sign in with',
    type: 'choice',
    required: true,
    secret: false,
    help: 'An integration system user is enough. OAuth needs an API client for integrations besides.',
    choices: [
      { value: 'password', label: 'Integration system user' },
      { value: 'oauth', label: 'OAuth API client' },
    ],
    default: 'password',
  },
  {
    key: 'username',
    label: 'User name',
    type: 'string',
    required: true,
    secret: false,
    help: 'Of the integration system user, without "@tenant" at its end.',
    placeholder: 'ISU_Rollcall',
    when: whenPassword,
  },
  {
    key: 'password',
    label: 'Password',
    type: 'string',
    required: true,
    secret: true,
    help: 'Of the integration system user. Exempt the user from password expiry.',
    when: whenPassword,
  },
  {
    key: 'oauth_client_id',
    label: 'Client ID',
    type: 'string',
    required: true,
    secret: false,
    help: 'View API Clients › API Clients for Integrations.',
    when: whenOauth,
  },
  {
    key: 'oauth_client_secret',
    label: 'Client secret',
    type: 'string',
    required: true,
    secret: true,
    help: 'Shown once, when the API client is registered.',
    when: whenOauth,
  },
  {
    key: 'refresh_token',
    label: 'Refresh token',
    type: 'string',
    required: true,
    secret: true,
    help: 'API client › Manage Refresh Tokens for Integrations, of the integration system user. Register the client with non-expiring refresh tokens.',
    when: whenOauth,
  },
];

export const manifest = {
  id: 'workday',
  label: 'Workday',
  directoryType: 'workday',
  docsUrl: 'https://community.workday.com/sites/default/files/file-hosting/productionapi/index.html',
  kind: 'hris',
  form: [
    {
      key: 'mode',
      label: 'Read by',
      type: 'choice',
      required: true,
      secret: false,
      help: 'A report is the quickest to set up. The web service suits more than 20 000 workers: it has pages, changes and future hires.',
      choices: [
        { value: 'raas', label: 'Custom report (RaaS)' },
        { value: 'soap', label: 'Human Resources web service (Get_Workers)' },
      ],
      default: 'raas',
    },
    ...REPORT_FIELDS,
    ...SOAP_FIELDS,
    ...CREDENTIAL_FIELDS,
    {
      ...optional,
      key: 'include_contingent',
      label: 'Read contingent workers',
      type: 'boolean',
      help: 'Contractors and others who are not employees.',
      default: true,
    },
    {
      ...optional,
      key: 'personal_emails',
      label: 'Read personal e-mail addresses',
      type: 'boolean',
      help: 'Adds the home e-mail address to the list of addresses. It never becomes the main one.',
      default: false,
    },
    ...hrFields(GROUP_KINDS),
  ],
  scopes: [
    { scope: 'Worker Data: Public Worker Reports', for: 'Who there is', required: true },
    {
      scope: 'Worker Data: Current Staffing Information',
      for: 'Who works here, since when and until when',
      required: true,
    },
    { scope: 'Person Data: Name', for: 'Names', required: true },
    { scope: 'Person Data: Work Email', for: 'Work e-mail addresses', required: true },
    {
      scope: 'Worker Data: Organization Information',
      for: 'Departments, companies, cost centers … for groups',
      required: false,
    },
    { scope: 'Workday Accounts', for: 'The user name; the work e-mail stands in for it', required: false },
  ],
  capabilities: {
    groups: true,
    nestedGroups: false,
    incremental: true,
    // Whom a constrained security group hides looks the same as who is not there.
    lookUp: false,
    listsInactive: true,
    listsFuture: true,
  },
  // Workday publishes no limits; about ten requests a second have been seen to go through per tenant.
  limits: { requestsPerSecond: 4, burst: 4, concurrency: 3, pageSize: 200 },
  intervals: { incremental: 1_800, full: 86_400 },
} as const satisfies ConnectorManifest;
