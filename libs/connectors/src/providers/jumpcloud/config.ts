import type { JsonObject } from '#kernel';
import { readForm } from '../../sdk/read-form.js';
import { manifest } from './manifest.js';

export interface JumpcloudConfig {
  /** Of the Admin Portal and its API. */
  readonly console: string;
  /** Of the token endpoint. */
  readonly login: string;
  readonly credential:
    | { readonly kind: 'api_key'; readonly key: string }
    | { readonly kind: 'service_account'; readonly clientId: string; readonly clientSecret: string };
  /** In lower case. */
  readonly orgId: string | null;
}

const REGIONS: Readonly<Record<string, Pick<JumpcloudConfig, 'console' | 'login'>>> = {
  us: { console: 'https://console.jumpcloud.com', login: 'https://admin-oauth.id.jumpcloud.com' },
  eu: { console: 'https://console.eu.jumpcloud.com', login: 'https://admin-oauth.id.eu.jumpcloud.com' },
  in: { console: 'https://console.in.jumpcloud.com', login: 'https://admin-oauth.id.in.jumpcloud.com' },
};

/** @throws InvalidInputError */
export function readConfig(answers: JsonObject): JumpcloudConfig {
  const form = readForm(manifest.form, answers);
  const text = (key: string): string => form[key] as string;
  return {
    ...(REGIONS[text('region')] as Pick<JumpcloudConfig, 'console' | 'login'>),
    credential:
      form['auth_mode'] === 'api_key'
        ? { kind: 'api_key', key: text('api_key') }
        : {
            kind: 'service_account',
            clientId: text('client_id'),
            clientSecret: text('client_secret'),
          },
    orgId: (form['org_id'] as string | undefined)?.toLowerCase() ?? null,
  };
}
