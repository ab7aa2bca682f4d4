import ssh2 from 'ssh2';
import { InvalidInputError, type JsonObject } from '#kernel';
import { readHrRules, type HrRules } from '../../sdk/hr/hr-form.js';
import { readForm } from '../../sdk/read-form.js';
import { readPgp, type PgpSettings } from './pgp/settings.js';
import { DATE_FORMATS, GROUP_TYPES, manifest, UPLOADED } from './manifest.js';

export interface CsvConfig {
  /** Where files are fetched from; null when they are uploaded. */
  readonly server: SftpServer | null;
  readonly files: FileSettings;
  readonly rules: HrRules;
}

export interface SftpServer {
  readonly host: string;
  readonly port: number;
  /** `SHA256:…`; empty as long as nobody has confirmed one. */
  readonly hostKeys: readonly string[];
  readonly username: string;
  readonly credential: { readonly privateKey: string } | { readonly password: string };
}

export interface FileSettings {
  readonly folder: string;
  /** First part of the name of the file of users. */
  readonly usersFile: string;
  /** Names carry running numbers, not times. */
  readonly isNumbered: boolean;
  readonly requireMarker: boolean;
  readonly trailer: boolean;
  readonly legacyEncoding: string;
  readonly dateFormat: (typeof DATE_FORMATS)[number];
  readonly customColumns: readonly string[];
  /** Null: files are neither encrypted nor signed. */
  readonly pgp: PgpSettings | null;
}

/** @throws InvalidInputError */
export function readConfig(answers: JsonObject): CsvConfig {
  const form = readForm(manifest.form, answers);
  const text = (key: string): string => form[key] as string;
  checkPublicKeys(form['public_keys'] as string[] | undefined);
  return {
    server: form['delivery'] === UPLOADED.is ? null : readServer(form),
    files: {
      folder: (form['folder'] as string | undefined) ?? '.',
      usersFile: text('users_file'),
      isNumbered: form['numbered'] as boolean,
      requireMarker: form['require_marker'] as boolean,
      trailer: form['trailer'] as boolean,
      legacyEncoding: text('encoding'),
      dateFormat: form['date_format'] as FileSettings['dateFormat'],
      customColumns: (form['custom_columns'] as string[] | undefined) ?? [],
      pgp: readPgp(form),
    },
    rules: readHrRules(form, GROUP_TYPES),
  };
}

function readServer(form: JsonObject): SftpServer {
  const text = (key: string): string => form[key] as string;
  const port = form['port'] as number;
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw invalid('port', 'Port must be from 1 to 65535.');
  const isKey = form['sign_in'] === 'key';
  if (isKey && ssh2.utils.parseKey(text('private_key')) instanceof Error)
    throw invalid('private_key', 'Private key is no key in OpenSSH or PEM form, or it has a passphrase.');
  return {
    host: text('host').replace(/^\[(.*)\]$/, '$1'),
    port,
    hostKeys: (form['host_keys'] as string[] | undefined) ?? [],
    username: text('username'),
    credential: isKey ? { privateKey: text('private_key') } : { password: text('password') },
  };
}

function checkPublicKeys(keys: readonly string[] = []): void {
  const wrong = keys.findIndex((key) => ssh2.utils.parseKey(key) instanceof Error);
  if (wrong >= 0) throw invalid('public_keys', `Public keys: entry ${wrong + 1} is no public key.`);
}

function invalid(key: string, message: string): InvalidInputError {
  return new InvalidInputError('Validation failed', { problems: [{ field: `config.${key}`, message }] });
}
