import type { JsonObject } from '#kernel';
import { readHrRules, type HrRules } from '../../sdk/hr/hr-form.js';
import { readForm } from '../../sdk/read-form.js';
import { GROUP_KINDS, OPTIONAL_FIELDS, type OptionalField } from './fields.js';
import { manifest } from './manifest.js';

export interface OAuthApp {
  readonly clientId: string;
  readonly clientSecret: string;
  /** As it was entered; Rippling may have replaced it since. */
  readonly refreshToken: string;
}

export interface RipplingConfig {
  readonly api: 'rest' | 'rest_preview' | 'platform';
  readonly credential:
    { readonly kind: 'api_token'; readonly token: string } | ({ readonly kind: 'oauth' } & OAuthApp);
  /** Optional fields that the token may see. */
  readonly shared: ReadonlySet<OptionalField>;
  readonly supergroups: boolean;
  readonly personalEmails: boolean;
  /** Kinds of groups whose field is not shared are left out. */
  readonly rules: HrRules;
}

/** @throws InvalidInputError */
export function readConfig(answers: JsonObject): RipplingConfig {
  const form = readForm(manifest.form, answers);
  const text = (key: string): string => form[key] as string;
  const unshared = new Set((form['unshared_fields'] as string[] | undefined) ?? []);
  const rules = readHrRules(form, GROUP_KINDS);
  return {
    api: text('api') as RipplingConfig['api'],
    credential:
      text('auth_mode') === 'oauth'
        ? {
            kind: 'oauth',
            clientId: text('client_id'),
            clientSecret: text('client_secret'),
            refreshToken: text('refresh_token'),
          }
        : { kind: 'api_token', token: text('api_token') },
    shared: new Set((Object.keys(OPTIONAL_FIELDS) as OptionalField[]).filter((name) => !unshared.has(name))),
    supergroups: form['supergroups'] === true,
    personalEmails: form['personal_emails'] === true,
    rules: { ...rules, groupTypes: rules.groupTypes.filter((type) => !unshared.has(type)) },
  };
}
