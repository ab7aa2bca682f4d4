import { hrFields } from '../../sdk/hr/hr-form.js';
import type { ConnectorManifest } from '../../sdk/manifest.js';
import { GROUP_KINDS, OPTIONAL_FIELDS } from './fields.js';

const optional = Object.keys(OPTIONAL_FIELDS);

export const manifest = {
  id: 'bamboohr',
  label: 'BambooHR',
  directoryType: 'bamboohr',
  docsUrl: 'https://documentation.bamboohr.com/reference/list-employees',
  kind: 'hris',
  form: [
    {
      key: 'subdomain',
      label: 'Company domain',
      type: 'string',
      required: true,
      secret: false,
      help: 'The part before ".bamboohr.com" in the address at which you open BambooHR.',
      pattern: '(https?://)?[A-Za-z0-9-]{1,63}([.]bamboohr[.]com)?/?',
      placeholder: 'acme',
    },
    {
      key: 'api_key',
      label: 'API key',
      type: 'string',
      required: true,
      secret: true,
      help: 'Your picture › API Keys › Add New Key. It sees what the user who made it sees, and ends with that user.',
    },
    {
      key: 'leave_statuses',
      label: 'Employment statuses that mean leave',
      type: 'list',
      required: false,
      secret: false,
      help: 'As they are called in Settings › Employment Status. When empty: all with "leave", "furlough" or "sabbatical" in their name.',
      placeholder: 'Furloughed',
    },
    {
      key: 'personal_emails',
      label: 'Read personal e-mail addresses',
      type: 'boolean',
      required: false,
      secret: false,
      help: 'Adds the home e-mail address to the list of addresses. It never becomes the main one.',
      default: false,
    },
    {
      key: 'unshared_fields',
      label: 'Fields that are not shared',
      type: 'list',
      required: false,
      secret: false,
      help: `Those that the key may not see on purpose, of: ${optional.join(', ')}. They are left empty; people of whom any other field is hidden stay as they were.`,
      pattern: optional.join('|'),
      placeholder: 'employee_number',
    },
    ...hrFields(GROUP_KINDS),
  ],
  scopes: [
    {
      scope: 'View all employees, active and inactive',
      for: 'People; those whom the key may not see stay as they were',
      required: true,
    },
    {
      scope: 'View name, work email, hire date, employment status, termination date, job information',
      for: 'Who works here, since when and until when',
      required: true,
    },
  ],
  capabilities: {
    groups: true,
    nestedGroups: false,
    incremental: true,
    lookUp: true,
    listsInactive: true,
    listsFuture: true,
  },
  // BambooHR publishes no limit. A company of 75 000 is 75 pages.
  limits: { requestsPerSecond: 2, burst: 10, concurrency: 2, pageSize: 1_000 },
  intervals: { incremental: 900, full: 86_400 },
} as const satisfies ConnectorManifest;
