import type { JsonObject } from '#kernel';
import { readForm } from '../../sdk/read-form.js';
import { manifest } from './manifest.js';

export interface OneLoginConfig {
  /** `https://acme.onelogin.com`, without a slash at the end. */
  readonly origin: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly hasRoles: boolean;
  readonly hasGroups: boolean;
}

/** @throws InvalidInputError */
export function readConfig(answers: JsonObject): OneLoginConfig {
  const form = readForm(manifest.form, answers);
  const text = (key: string): string => form[key] as string;
  const source = text('group_source');
  return {
    origin: originOf(text('domain')),
    clientId: text('client_id'),
    clientSecret: text('client_secret'),
    hasRoles: source !== 'groups',
    hasGroups: source !== 'roles',
  };
}

function originOf(domain: string): string {
  const [, scheme = 'https://', host = ''] = /^(https?:\/\/)?(.*?)\/?$/.exec(domain) ?? [];
  return `${scheme}${/[.:]/.test(host) ? host : `${host}.onelogin.com`}`;
}
