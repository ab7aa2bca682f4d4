import type { JsonObject } from '#kernel';
import { readHrRules, type HrRules } from '../../sdk/hr/hr-form.js';
import { readForm } from '../../sdk/read-form.js';
import {
  GROUP_KINDS,
  NEEDED_FIELDS,
  OPTIONAL_FIELDS,
  PERSONAL_EMAIL_FIELD,
  RARE_FIELDS,
  TYPE_FIELDS,
  type OptionalField,
} from './fields.js';
import { manifest } from './manifest.js';

export interface HibobConfig {
  readonly baseUrl: string;
  readonly serviceUserId: string;
  readonly token: string;
  /** What is asked for. */
  readonly fields: readonly string[];
  /** Some of them: no company is without. */
  readonly usualFields: readonly string[];
  readonly divisionField: string | null;
  readonly teamField: string | null;
  readonly rules: HrRules;
}

const HOSTS: Readonly<Record<string, string>> = {
  production: 'https://api.hibob.com/v1',
  sandbox: 'https://api.sandbox.hibob.com/v1',
};

/** @throws InvalidInputError */
export function readConfig(answers: JsonObject): HibobConfig {
  const form = readForm(manifest.form, answers);
  const text = (key: string): string | null => (form[key] as string | undefined) ?? null;
  const unshared = new Set((form['unshared_fields'] as string[] | undefined) ?? []);
  const shared = (Object.keys(OPTIONAL_FIELDS) as OptionalField[]).filter((name) => !unshared.has(name));
  const usualFields = shared.flatMap((name) => [...OPTIONAL_FIELDS[name]]);
  const [divisionField, teamField] = [text('division_field'), text('team_field')];
  const chosen = [
    divisionField,
    teamField,
    ...(form['employment_type'] === true ? TYPE_FIELDS : []),
    ...(form['personal_emails'] === true ? [PERSONAL_EMAIL_FIELD] : []),
  ].filter((field) => field !== null);
  return {
    baseUrl: HOSTS[form['environment'] as string] as string,
    serviceUserId: form['service_user_id'] as string,
    token: form['service_user_token'] as string,
    fields: [...new Set([...NEEDED_FIELDS, ...usualFields, ...RARE_FIELDS, ...chosen])],
    usualFields: [...usualFields, ...chosen],
    divisionField,
    teamField,
    rules: readHrRules(form, GROUP_KINDS),
  };
}
