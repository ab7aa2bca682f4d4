import type { JsonObject } from '#kernel';
import { readForm } from '../../sdk/read-form.js';
import { manifest } from './manifest.js';

export interface OktaConfig {
  /** As Okta spells it in the audience of assertions: in lower case, without a slash at the end. */
  readonly orgUrl: string;
  readonly credential:
    | { readonly kind: 'api_token'; readonly token: string }
    | {
        readonly kind: 'private_key';
        readonly clientId: string;
        readonly privateKey: string;
        readonly keyId: string | null;
      };
  readonly appGroups: boolean;
  readonly builtInGroups: boolean;
}

/** @throws InvalidInputError */
export function readConfig(answers: JsonObject): OktaConfig {
  const form = readForm(manifest.form, answers);
  const text = (key: string): string => form[key] as string;
  return {
    orgUrl: new URL(text('org_url')).origin,
    credential:
      form['auth_mode'] === 'api_token'
        ? { kind: 'api_token', token: text('api_token') }
        : {
            kind: 'private_key',
            clientId: text('client_id'),
            privateKey: text('private_key'),
            keyId: (form['key_id'] as string | undefined) ?? null,
          },
    appGroups: form['app_groups'] !== false,
    builtInGroups: form['built_in_groups'] === true,
  };
}
