import { X509Certificate } from 'node:crypto';
import { InvalidInputError, type JsonObject } from '#kernel';
import { readForm } from '../../sdk/read-form.js';
import { manifest } from './manifest.js';

export interface KeycloakConfig {
  /** With its path, such as `/auth`; without a slash at the end. */
  readonly serverUrl: string;
  readonly realm: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** PEM; undefined trusts the public authorities. */
  readonly caCertificate: string | undefined;
  readonly subgroupMembers: boolean;
  readonly attributes: AttributeNames;
}

/** What the realm calls the attributes that every source has. */
export interface AttributeNames {
  readonly title: string;
  readonly department: string;
  readonly manager: string;
  readonly employeeNumber: string;
}

/** @throws InvalidInputError */
export function readConfig(answers: JsonObject): KeycloakConfig {
  const form = readForm(manifest.form, answers);
  const text = (key: string): string => form[key] as string;
  const ca = form['ca_certificate'] as string | undefined;
  if (ca !== undefined && !isPem(ca))
    throw new InvalidInputError('Validation failed', {
      problems: [
        { field: 'config.ca_certificate', message: 'CA certificate is no certificate in PEM form.' },
      ],
    });
  return {
    // What people copy from the address bar of the admin console.
    serverUrl: text('server_url')
      .replace(/\/(admin|realms)(\/.*)?$/, '')
      .replace(/\/+$/, ''),
    realm: text('realm'),
    clientId: text('client_id'),
    clientSecret: text('client_secret'),
    caCertificate: ca,
    subgroupMembers: form['subgroup_members'] === true,
    attributes: {
      title: text('title_attribute'),
      department: text('department_attribute'),
      manager: text('manager_attribute'),
      employeeNumber: text('employee_number_attribute'),
    },
  };
}

function isPem(text: string): boolean {
  try {
    return new X509Certificate(text).raw.length > 0;
  } catch {
    return false;
  }
}
