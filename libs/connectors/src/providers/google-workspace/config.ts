import { InvalidInputError, isJsonObject, type JsonObject } from '#kernel';
import { readForm } from '../../sdk/read-form.js';
import { manifest } from './manifest.js';

export interface GoogleConfig {
  readonly credential:
    | {
        readonly kind: 'service_account';
        readonly email: string;
        readonly privateKey: string;
        readonly keyId: string | null;
        readonly admin: string;
      }
    | {
        readonly kind: 'refresh_token';
        readonly clientId: string;
        readonly clientSecret: string;
        readonly refreshToken: string;
      };
  readonly customerId: string;
  readonly domain: string | null;
  readonly orgUnits: readonly string[];
  readonly customSchemas: readonly string[];
}

/** @throws InvalidInputError */
export function readConfig(answers: JsonObject): GoogleConfig {
  const form = readForm(manifest.form, answers);
  const list = (key: string): readonly string[] => (form[key] as string[] | undefined) ?? [];
  return {
    credential: form['auth_mode'] === 'refresh_token' ? refreshToken(form) : serviceAccount(form),
    customerId: form['customer_id'] as string,
    domain: (form['domain'] as string | undefined) ?? null,
    orgUnits: list('org_units').map((path) => path.replace(/\/+$/, '')),
    customSchemas: list('custom_schemas'),
  };
}

function refreshToken(form: JsonObject): GoogleConfig['credential'] {
  return {
    kind: 'refresh_token',
    clientId: form['client_id'] as string,
    clientSecret: form['client_secret'] as string,
    refreshToken: form['refresh_token'] as string,
  };
}

/** The file names a token endpoint too; it is not asked, because a file is no reason to send an assertion anywhere. */
function serviceAccount(form: JsonObject): GoogleConfig['credential'] {
  const file = parse(form['service_account_json'] as string);
  const { client_email: email, private_key: privateKey, private_key_id: keyId } = file;
  if (typeof email !== 'string' || typeof privateKey !== 'string') throw notAKey();
  return {
    kind: 'service_account',
    email,
    privateKey,
    keyId: typeof keyId === 'string' ? keyId : null,
    admin: form['admin_email'] as string,
  };
}

function parse(text: string): JsonObject {
  try {
    const file: unknown = JSON.parse(text);
    if (isJsonObject(file)) return file;
  } catch {
    // The text of the error would show a part of the key.
  }
  throw notAKey();
}

function notAKey(): InvalidInputError {
  const message =
    'Service account key must be the whole JSON file, with "client_email" and "private_key" in it.';
  return new InvalidInputError('Validation failed', {
    problems: [{ field: 'config.service_account_json', message }],
  });
}
