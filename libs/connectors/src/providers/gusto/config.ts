import type { JsonObject } from '#kernel';
import { readHrRules, type HrRules } from '../../sdk/hr/hr-form.js';
import { readForm } from '../../sdk/read-form.js';
import { GROUP_KINDS, manifest } from './manifest.js';

export interface GustoConfig {
  readonly origin: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** As it was entered; Gusto has replaced it since the first use. */
  readonly refreshToken: string;
  readonly redirectUri: string | null;
  readonly contractors: boolean;
  readonly personalEmails: boolean;
  readonly rules: HrRules;
}

const ORIGINS = { production: 'https://api.gusto.com', demo: 'https://api.gusto-demo.com' };

/** @throws InvalidInputError */
export function readConfig(answers: JsonObject): GustoConfig {
  const form = readForm(manifest.form, answers);
  const text = (key: string): string => form[key] as string;
  return {
    origin: ORIGINS[text('environment') as keyof typeof ORIGINS],
    clientId: text('client_id'),
    clientSecret: text('client_secret'),
    refreshToken: text('refresh_token'),
    redirectUri: (form['redirect_uri'] as string | undefined) ?? null,
    contractors: form['contractors'] === true,
    personalEmails: form['personal_emails'] === true,
    rules: readHrRules(form, GROUP_KINDS),
  };
}
