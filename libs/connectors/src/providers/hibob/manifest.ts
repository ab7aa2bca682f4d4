import { hrFields } from '../../sdk/hr/hr-form.js';
import type { ConnectorManifest, FormField } from '../../sdk/manifest.js';
import { GROUP_KINDS, OPTIONAL_FIELDS } from './fields.js';

const optional = Object.keys(OPTIONAL_FIELDS);

/** HR teams expect access to end when garden leave begins, as Bob's own event for leavers does. */
const hr = hrFields(GROUP_KINDS).map((field): FormField =>
  field.key === 'garden_leave_state' ? { ...field, default: 'inactive' } : field,
);

const listField = (key: string, what: string): FormField => ({
  key,
  label: `Field of the ${what}`,
  type: 'string',
  required: false,
  secret: false,
  help: `The ID of the list field that holds people's ${what}, as Bob's fields metadata shows it. Without it there are no groups of that kind.`,
  pattern: '[A-Za-z][A-Za-z0-9_]*([.][A-Za-z0-9_]+)+',
  placeholder: 'work.custom.field_1696949950123',
});

export const manifest = {
  id: 'hibob',
  label: 'HiBob',
  directoryType: 'hibob',
  docsUrl: 'https://apidocs.hibob.com/docs/people-read-api-contract',
  kind: 'hris',
  form: [
    {
      key: 'environment',
      label: 'Environment',
      type: 'choice',
      required: false,
      secret: false,
      help: 'The sandbox has people and service users of its own.',
      choices: [
        { value: 'production', label: 'Production' },
        { value: 'sandbox', label: 'Sandbox' },
      ],
      default: 'production',
    },
    {
      key: 'service_user_id',
      label: 'Service user ID',
      type: 'string',
      required: true,
      secret: false,
      help: 'Settings › Integrations › Automation › API service users.',
      placeholder: 'SERVICE-12345',
    },
    {
      key: 'service_user_token',
      label: 'Service user token',
      type: 'string',
      required: true,
      secret: true,
      help: 'Shown once, when the service user is made.',
    },
    listField('division_field', 'division'),
    listField('team_field', 'team'),
    {
      key: 'employment_type',
      label: 'Read type and contract of employment',
      type: 'boolean',
      required: false,
      secret: false,
      help: 'To tell contractors and part-timers apart. Bob keeps them with payroll, which the service user has to see then.',
      default: false,
    },
    {
      key: 'personal_emails',
      label: 'Read personal e-mail addresses',
      type: 'boolean',
      required: false,
      secret: false,
      help: 'Adds the private e-mail address to the list of addresses. It never becomes the main one.',
      default: false,
    },
    {
      key: 'unshared_fields',
      label: 'Fields that are not shared',
      type: 'list',
      required: false,
      secret: false,
      help: `Those that the service user may not see on purpose, or that nobody uses, of: ${optional.join(', ')}. They are left empty; any other one that nobody has stops a run.`,
      pattern: optional.join('|'),
      placeholder: 'location',
    },
    ...hr,
  ],
  scopes: [
    {
      scope: 'Access to everyone, also people who are inactive',
      for: 'People; those whom the service user may not see count as missing',
      required: true,
    },
    {
      scope: "View all employees' Basic info, Work and Lifecycle sections",
      for: 'Who works here, since when and until when',
      required: true,
    },
    {
      scope: "View all employees' Employment and Home sections",
      for: 'Type of employment and personal e-mail addresses, if they are to be read',
      required: false,
    },
  ],
  capabilities: {
    groups: true,
    nestedGroups: false,
    // Bob cannot be asked for changes.
    incremental: false,
    // Who is hidden from the service user looks the same as who is not there.
    lookUp: true,
    listsInactive: true,
    listsFuture: true,
  },
  // Bob allows 50 searches a minute.
  limits: { requestsPerSecond: 0.7, burst: 5, concurrency: 1, pageSize: 500 },
  intervals: { incremental: null, full: 3_600 },
} as const satisfies ConnectorManifest;
