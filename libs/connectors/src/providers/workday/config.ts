import { InvalidInputError, type JsonObject } from '#kernel';
import { readHrRules, type GroupType, type HrRules } from '../../sdk/hr/hr-form.js';
import { readForm } from '../../sdk/read-form.js';
import { GROUP_KINDS } from './fields.js';
import { manifest } from './manifest.js';
import type { ColumnField } from './raas/columns.js';

export interface WorkdayConfig {
  /** Scheme and host. */
  readonly origin: string;
  readonly tenant: string;
  readonly way: ReportSettings | SoapSettings;
  readonly credential: WorkdayCredential;
  readonly includeContingent: boolean;
  readonly personalEmails: boolean;
  readonly rules: HrRules;
}

export interface ReportSettings {
  readonly mode: 'raas';
  readonly workers: ReportAddress;
  readonly groups: ReportAddress | null;
  /** Our field → alias of the column. */
  readonly columns: ReadonlyMap<ColumnField, string>;
  readonly changesPrompt: string | null;
}

/** A report below the origin, with the answers to its prompts. */
export interface ReportAddress {
  readonly path: string;
  readonly prompts: Readonly<Record<string, string>>;
}

export interface SoapSettings {
  readonly mode: 'soap';
  /** `v44.0` */
  readonly version: string;
  readonly futureDays: number;
  /** Organization_Type_ID, in capitals → kind of group. */
  readonly organizationTypes: ReadonlyMap<string, GroupType>;
}

export type WorkdayCredential =
  | { readonly kind: 'password'; readonly username: string; readonly password: string }
  | {
      readonly kind: 'oauth';
      readonly clientId: string;
      readonly clientSecret: string;
      readonly refreshToken: string;
    };

const MAX_FUTURE_DAYS = 365;

/** @throws InvalidInputError */
export function readConfig(answers: JsonObject): WorkdayConfig {
  const form = readForm(manifest.form, answers);
  return {
    ...(form['mode'] === 'raas' ? readReports(form) : readSoap(form)),
    credential: readCredential(form),
    includeContingent: form['include_contingent'] === true,
    personalEmails: form['personal_emails'] === true,
    rules: readHrRules(form, GROUP_KINDS),
  };
}

type Place = Pick<WorkdayConfig, 'origin' | 'tenant' | 'way'>;

function readReports(form: JsonObject): Place {
  const workers = new URL(form['users_report_url'] as string);
  const given = form['groups_report_url'] as string | undefined;
  const groups = given === undefined ? null : new URL(given);
  if (groups !== null && (groups.origin !== workers.origin || tenantOf(groups) !== tenantOf(workers)))
    throw invalid('groups_report_url', 'Both reports have to be of the same host and tenant.');
  return {
    origin: workers.origin,
    tenant: tenantOf(workers),
    way: {
      mode: 'raas',
      workers: addressOf(workers),
      groups: groups === null ? null : addressOf(groups),
      columns: readColumns((form['column_map'] as string[] | undefined) ?? []),
      changesPrompt: (form['changes_prompt'] as string | undefined) ?? null,
    },
  };
}

/** `/ccx/service/customreport2/{tenant}/{owner}/{report}` */
function tenantOf(report: URL): string {
  return decodeURIComponent(report.pathname.split('/')[4] ?? '');
}

/** The format is ours to choose; what people copy often has `format=simplexml` in it. */
function addressOf(report: URL): ReportAddress {
  const prompts = [...report.searchParams].filter(([name]) => name.toLowerCase() !== 'format');
  return { path: report.pathname, prompts: Object.fromEntries(prompts) };
}

/** @throws InvalidInputError when a field is mapped twice */
function readColumns(entries: readonly string[]): ReadonlyMap<ColumnField, string> {
  const columns = new Map<ColumnField, string>();
  for (const entry of entries) {
    const at = entry.indexOf('=');
    const field = entry.slice(0, at).trim() as ColumnField;
    if (columns.has(field)) throw invalid('column_map', `Columns of the report name "${field}" twice.`);
    columns.set(field, entry.slice(at + 1).trim());
  }
  return columns;
}

function readSoap(form: JsonObject): Place {
  const futureDays = form['future_hires_days'] as number;
  if (!Number.isInteger(futureDays) || futureDays < 0 || futureDays > MAX_FUTURE_DAYS)
    throw invalid(
      'future_hires_days',
      `Days to look ahead for hires must be a whole number from 0 to ${MAX_FUTURE_DAYS}.`,
    );
  const host = (form['host'] as string).replace(/\/$/, '');
  const text = (key: string): string => (form[key] as string).trim().toUpperCase();
  return {
    origin: new URL(/^https?:/.test(host) ? host : `https://${host}`).origin,
    tenant: form['tenant'] as string,
    way: {
      mode: 'soap',
      version: form['wws_version'] as string,
      futureDays,
      organizationTypes: new Map<string, GroupType>([
        [text('division_type'), 'division'],
        [text('team_type'), 'team'],
        ['SUPERVISORY', 'department'],
        ['COMPANY', 'company'],
        ['COST_CENTER', 'cost_center'],
      ]),
    },
  };
}

function readCredential(form: JsonObject): WorkdayCredential {
  const text = (key: string): string => form[key] as string;
  if (form['auth_mode'] === 'oauth')
    return {
      kind: 'oauth',
      clientId: text('oauth_client_id'),
      clientSecret: text('oauth_client_secret'),
      refreshToken: text('refresh_token'),
    };
  return { kind: 'password', username: text('username'), password: text('password') };
}

function invalid(key: string, message: string): InvalidInputError {
  return new InvalidInputError('Validation failed', { problems: [{ field: `config.${key}`, message }] });
}
