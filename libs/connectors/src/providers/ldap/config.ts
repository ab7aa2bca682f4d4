import { X509Certificate } from 'node:crypto';
import { FilterParser, type Filter } from 'ldapts';
import { InvalidInputError, type InputProblem, type JsonObject } from '#kernel';
import { readForm } from '../../sdk/read-form.js';
import { manifest } from './manifest.js';
import { isSecretAttribute, type DialectSettings, type ServerKind } from './dialect.js';

export interface LdapConfig extends DialectSettings {
  readonly host: string;
  readonly port: number;
  readonly security: 'ldaps' | 'starttls' | 'none';
  /** PEM; null trusts the public authorities. */
  readonly caCertificate: string | null;
  /** Null: the host. */
  readonly tlsServerName: string | null;
  /** Null reads anonymously. */
  readonly credential: { readonly dn: string; readonly password: string } | null;
  /** Null: as the server says. */
  readonly serverKind: ServerKind | null;
  /** Empty: the server's naming context. */
  readonly userBases: readonly string[];
  /** Empty: those of users. */
  readonly groupBases: readonly string[];
  readonly pageSize: number;
}

const MAX_PAGE = 1_000;

/** @throws InvalidInputError */
export function readConfig(answers: JsonObject): LdapConfig {
  const form = readForm(manifest.form, answers);
  const problems = problemsOf(form);
  if (problems.length > 0) throw new InvalidInputError('Validation failed', { problems });
  const optional = (key: string): string | null => (form[key] as string | undefined) ?? null;
  const list = (key: string): readonly string[] => (form[key] as string[] | undefined) ?? [];
  const security = form['security'] as LdapConfig['security'];
  const kind = form['server_type'] as ServerKind | 'auto';
  return {
    host: (form['host'] as string).replace(/^\[(.*)\]$/, '$1'),
    port: (form['port'] as number | undefined) ?? (security === 'ldaps' ? 636 : 389),
    security,
    caCertificate: optional('ca_certificate'),
    tlsServerName: optional('tls_server_name'),
    credential:
      form['sign_in'] === 'anonymous'
        ? null
        : { dn: form['bind_dn'] as string, password: form['bind_password'] as string },
    serverKind: kind === 'auto' ? null : kind,
    userBases: list('user_base_dns'),
    groupBases: list('group_base_dns'),
    userFilter: filterOf(optional('user_filter')),
    groupFilter: filterOf(optional('group_filter')),
    overrides: pairsOf(list('attributes')),
    custom: pairsOf(list('custom_attributes')),
    pageSize: form['page_size'] as number,
  };
}

function problemsOf(form: JsonObject): InputProblem[] {
  const problems: InputProblem[] = [];
  const check = (key: string, isGood: boolean, message: string): void => {
    if (!isGood) problems.push({ field: `config.${key}`, message });
  };
  const isWhole = (value: unknown, max: number): boolean =>
    Number.isInteger(value) && (value as number) >= 1 && (value as number) <= max;
  check('port', form['port'] === undefined || isWhole(form['port'], 65_535), 'Port must be from 1 to 65535.');
  check('page_size', isWhole(form['page_size'], MAX_PAGE), `Entries per page must be from 1 to ${MAX_PAGE}.`);
  for (const key of ['user_filter', 'group_filter'])
    check(key, isFilter(form[key]), 'The filter is no LDAP filter (RFC 4515); check its parentheses.');
  check(
    'ca_certificate',
    form['ca_certificate'] === undefined || isPem(form['ca_certificate'] as string),
    'CA certificate is no certificate in PEM form.',
  );
  for (const key of ['attributes', 'custom_attributes']) {
    const secret = Object.values(pairsOf((form[key] as string[] | undefined) ?? [])).find(isSecretAttribute);
    check(key, secret === undefined, `"${secret}" holds secrets and is never read.`);
  }
  return problems;
}

function pairsOf(entries: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    entries.map((entry) => {
      const [name, attribute] = entry.split('=');
      return [name, attribute ?? name];
    }),
  ) as Record<string, string>;
}

function isFilter(value: unknown): boolean {
  try {
    filterOf((value as string | undefined) ?? null);
    return true;
  } catch {
    return false;
  }
}

function filterOf(text: string | null): Filter | null {
  return text === null ? null : FilterParser.parseString(text);
}

function isPem(text: string): boolean {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  try {
    return blocks.length > 0 && blocks.every((block) => new X509Certificate(block).subject !== '');
  } catch {
    return false;
  }
}
