import type { JsonObject } from '#kernel';
import { readHrRules, type HrRules } from '../../sdk/hr/hr-form.js';
import { readForm } from '../../sdk/read-form.js';
import { GROUP_KINDS, NEEDED_ATTRIBUTES, OPTIONAL_ATTRIBUTES } from './attributes.js';
import { manifest } from './manifest.js';

export interface PersonioConfig {
  /** Version of the API. */
  readonly api: 'v1' | 'v2';
  readonly clientId: string;
  readonly clientSecret: string;
  /** What is asked for, and has to be in every record. */
  readonly attributes: readonly string[];
  readonly customAttributes: readonly string[];
  readonly contractEnd: boolean;
  readonly rules: HrRules;
}

/** @throws InvalidInputError */
export function readConfig(answers: JsonObject): PersonioConfig {
  const form = readForm(manifest.form, answers);
  const list = (key: string): readonly string[] => (form[key] as string[] | undefined) ?? [];
  const unshared = new Set(list('unshared_attributes'));
  const customAttributes = [...new Set(list('custom_attributes'))];
  return {
    api: form['api'] as PersonioConfig['api'],
    clientId: form['client_id'] as string,
    clientSecret: form['client_secret'] as string,
    attributes: [
      ...NEEDED_ATTRIBUTES,
      ...OPTIONAL_ATTRIBUTES.filter((attribute) => !unshared.has(attribute)),
      ...customAttributes,
    ],
    customAttributes,
    contractEnd: form['contract_end'] === true,
    rules: readHrRules(form, GROUP_KINDS),
  };
}
