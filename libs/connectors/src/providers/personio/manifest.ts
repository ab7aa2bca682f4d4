import type { ConnectorManifest } from '../../sdk/manifest.js';
import { hrFields } from '../../sdk/hr/hr-form.js';
import { GROUP_KINDS, OPTIONAL_ATTRIBUTES } from './attributes.js';

export const manifest = {
  id: 'personio',
  label: 'Personio',
  directoryType: 'personio',
  docsUrl: 'https://developer.personio.de/reference/get_company-employees',
  kind: 'hris',
  form: [
    {
      key: 'api',
      label: 'Version of the API',
      type: 'choice',
      required: true,
      secret: false,
      help: 'Version 1 tells 100 employees at once. Version 2 takes a request per person: choose it when Personio does not offer version 1 to you. People keep their ids.',
      choices: [
        { value: 'v1', label: 'Version 1 (employees)' },
        { value: 'v2', label: 'Version 2 (persons and employments)' },
      ],
      default: 'v1',
    },
    {
      key: 'client_id',
      label: 'Client ID',
      type: 'string',
      required: true,
      secret: false,
      help: 'Settings › Integrations › API credentials › Generate new credential.',
    },
    {
      key: 'client_secret',
      label: 'Client secret',
      type: 'string',
      required: true,
      secret: true,
      help: 'Shown once, beside the client ID, when the credential is generated.',
    },
    {
      key: 'custom_attributes',
      label: 'Custom attributes',
      type: 'list',
      required: false,
      secret: false,
      help: 'Keys of more attributes to read. The credential has to be allowed to read them.',
      pattern: 'dynamic_[0-9]{1,20}',
      placeholder: 'dynamic_113354',
    },
    {
      key: 'unshared_attributes',
      label: 'Attributes that are not shared',
      type: 'list',
      required: false,
      secret: false,
      help: `Those that the credential may not read on purpose, of: ${OPTIONAL_ATTRIBUTES.join(', ')}. They are left empty; any other one that is missing stops a run.`,
      pattern: OPTIONAL_ATTRIBUTES.join('|'),
      placeholder: 'cost_centers',
    },
    {
      key: 'contract_end',
      label: 'End with a fixed-term contract',
      type: 'boolean',
      required: false,
      secret: false,
      help: 'Take the end of a fixed-term contract for the last day when no termination is recorded.',
      default: false,
    },
    ...hrFields(GROUP_KINDS),
  ],
  scopes: [
    { scope: 'Employees: Read', for: 'People, by version 1', required: true, when: { key: 'api', is: 'v1' } },
    {
      scope: 'Persons: Read (personio:persons:read)',
      for: 'People and their employments, by version 2',
      required: true,
      when: { key: 'api', is: 'v2' },
    },
    {
      scope: 'Organization: Read',
      for: 'Names of departments, teams, workplaces, legal entities and cost centers, by version 2',
      required: false,
      when: { key: 'api', is: 'v2' },
    },
    {
      scope: 'Readable employee attributes',
      for: 'Every attribute listed in the documentation, apart from those named as not shared',
      required: true,
    },
  ],
  capabilities: {
    groups: true,
    nestedGroups: false,
    // "updated_since" misses people, and says nothing when a date comes or a department is renamed.
    incremental: false,
    lookUp: true,
    listsInactive: true,
    listsFuture: true,
  },
  // Personio allows 300 requests a minute to all clients of a company together.
  limits: { requestsPerSecond: 3, burst: 10, concurrency: 2, pageSize: 100 },
  intervals: { incremental: null, full: 3_600 },
} as const satisfies ConnectorManifest;
