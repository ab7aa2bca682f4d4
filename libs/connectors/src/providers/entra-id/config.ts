import type { JsonObject } from '#kernel';
import { readForm } from '../../sdk/read-form.js';
import { manifest } from './manifest.js';

/** National clouds: learn.microsoft.com/graph/deployments. */
const CLOUDS: Readonly<Record<string, { graph: string; login: string }>> = {
  global: { graph: 'https://graph.microsoft.com', login: 'https://login.microsoftonline.com' },
  us_gov: { graph: 'https://graph.microsoft.us', login: 'https://login.microsoftonline.us' },
  us_dod: { graph: 'https://dod-graph.microsoft.us', login: 'https://login.microsoftonline.us' },
  china: {
    graph: 'https://microsoftgraph.chinacloudapi.cn',
    login: 'https://login.partner.microsoftonline.cn',
  },
};

export interface EntraConfig {
  readonly tenantId: string;
  readonly clientId: string;
  readonly credential:
    | { readonly kind: 'client_secret'; readonly secret: string }
    | { readonly kind: 'certificate'; readonly certificate: string; readonly privateKey: string };
  readonly graph: string;
  readonly login: string;
  readonly includeGuests: boolean;
  readonly groupFilter: 'all' | 'security' | 'microsoft_365';
  readonly extensionAttributes: readonly string[];
}

/** @throws InvalidInputError */
export function readConfig(answers: JsonObject): EntraConfig {
  const form = readForm(manifest.form, answers);
  const text = (key: string): string => form[key] as string;
  return {
    tenantId: text('tenant_id'),
    clientId: text('client_id'),
    credential:
      form['auth_mode'] === 'certificate'
        ? { kind: 'certificate', certificate: text('certificate'), privateKey: text('private_key') }
        : { kind: 'client_secret', secret: text('client_secret') },
    ...(CLOUDS[text('cloud')] as { graph: string; login: string }),
    includeGuests: form['include_guests'] === true,
    groupFilter: form['group_filter'] as EntraConfig['groupFilter'],
    extensionAttributes: (form['extension_attributes'] as string[] | undefined) ?? [],
  };
}
