import type { JsonObject } from '#kernel';
import { readHrRules, type HrRules } from '../../sdk/hr/hr-form.js';
import { readForm } from '../../sdk/read-form.js';
import {
  GROUP_KINDS,
  NEEDED_FIELDS,
  OPTIONAL_FIELDS,
  PERSONAL_EMAIL_FIELD,
  type OptionalField,
} from './fields.js';
import { manifest } from './manifest.js';

export interface BamboohrConfig {
  readonly subdomain: string;
  readonly apiKey: string;
  /** What is asked for, and has to be readable of everybody. */
  readonly fields: readonly string[];
  /** In lower case; null for those that sound like it. */
  readonly leaveStatuses: readonly string[] | null;
  /** Kinds of groups whose field is not shared are left out. */
  readonly rules: HrRules;
}

/** @throws InvalidInputError */
export function readConfig(answers: JsonObject): BamboohrConfig {
  const form = readForm(manifest.form, answers);
  const list = (key: string): readonly string[] => (form[key] as string[] | undefined) ?? [];
  const unshared = new Set(list('unshared_fields'));
  const shared = (Object.keys(OPTIONAL_FIELDS) as OptionalField[]).filter((name) => !unshared.has(name));
  const leaveStatuses = list('leave_statuses').map((label) => label.trim().toLowerCase());
  const rules = readHrRules(form, GROUP_KINDS);
  return {
    subdomain: subdomainOf(form['subdomain'] as string),
    apiKey: form['api_key'] as string,
    fields: [
      ...NEEDED_FIELDS,
      ...shared.flatMap((name) => OPTIONAL_FIELDS[name]),
      ...(form['personal_emails'] === true ? [PERSONAL_EMAIL_FIELD] : []),
    ],
    leaveStatuses: leaveStatuses.length === 0 ? null : leaveStatuses,
    rules: { ...rules, groupTypes: rules.groupTypes.filter((type) => !unshared.has(type)) },
  };
}

/** People paste the whole address. */
function subdomainOf(text: string): string {
  return text
    .toLowerCase()
    .replace(/^https?:\/\//, '')
    .replace(/\/$/, '')
    .replace(/[.]bamboohr[.]com$/, '');
}
