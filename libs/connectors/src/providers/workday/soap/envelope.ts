import type { WorkdayConfig, WorkdayCredential } from '../config.js';
import { userInTenant } from '../login.js';
import { escapeXml } from './xml.js';

const WSSE = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd';
const PASSWORD_TEXT =
  'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordText';

/** The moment that everything is read as of: what was entered until then, as it is in force on a day. */
export interface AsOf {
  /** ISO 8601, UTC. */
  readonly entry: string;
  /** `YYYY-MM-DD` */
  readonly effective: string;
}

/** Which workers: all, or those whose transaction log has something in a window. */
export interface WorkerQuery {
  readonly asOf: AsOf;
  readonly updated?: Window;
  readonly effective?: Window;
  /** Workday IDs of single workers; those who are not known are left out. */
  readonly ids?: readonly string[];
}

export interface Window {
  readonly from: string;
  readonly through: string;
}

export interface PageRequest extends WorkerQuery {
  readonly page: number;
  readonly count: number;
}

/** What is read of a worker. Order is that of the schema; everything that is not needed is switched off. */
const RESPONSE_GROUP: readonly (readonly [string, boolean])[] = [
  ['Include_Reference', true],
  ['Include_Personal_Information', true],
  ['Include_Additional_Jobs', true],
  ['Include_Employment_Information', true],
  ['Include_Compensation', false],
  ['Include_Organizations', true],
  ['Exclude_Organization_Support_Role_Data', true],
  ['Exclude_Location_Hierarchies', true],
  ['Exclude_Cost_Center_Hierarchies', true],
  ['Exclude_Company_Hierarchies', true],
  ['Exclude_Pay_Groups', true],
  ['Exclude_Regions', true],
  ['Exclude_Region_Hierarchies', true],
  ['Include_Roles', false],
  ['Include_Management_Chain_Data', true],
  ['Include_Photo', false],
  ['Include_User_Account', true],
  ['Exclude_Funds', true],
  ['Exclude_Fund_Hierarchies', true],
  ['Exclude_Grants', true],
  ['Exclude_Grant_Hierarchies', true],
  ['Exclude_Business_Unit_Hierarchies', true],
  ['Exclude_Programs', true],
  ['Exclude_Program_Hierarchies', true],
  ['Exclude_Gifts', true],
  ['Exclude_Gift_Hierarchies', true],
];

/** The request for one page of workers, as SOAP 1.1 with a UsernameToken; with OAuth the header is empty. */
export function getWorkers(request: PageRequest, config: WorkdayConfig, version: string): string {
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<env:Envelope xmlns:env="http://schemas.xmlsoap.org/soap/envelope/" xmlns:wd="urn:com.workday/bsvc">',
    `<env:Header>${security(config.credential, config.tenant)}</env:Header><env:Body>`,
    `<wd:Get_Workers_Request wd:version="${escapeXml(version)}">`,
    request.ids === undefined
      ? element('Request_Criteria', criteria(request, config.includeContingent))
      : references(request.ids),
    element(
      'Response_Filter',
      element('As_Of_Effective_Date', request.asOf.effective) +
        element('As_Of_Entry_DateTime', request.asOf.entry) +
        element('Page', String(request.page)) +
        element('Count', String(request.count)),
    ),
    element('Response_Group', RESPONSE_GROUP.map(([name, is]) => element(name, String(is))).join('')),
    '</wd:Get_Workers_Request></env:Body></env:Envelope>',
  ].join('');
}

function references(ids: readonly string[]): string {
  const workers = ids.map((id) =>
    element('Worker_Reference', `<wd:ID wd:type="WID">${escapeXml(id)}</wd:ID>`),
  );
  return `<wd:Request_References wd:Skip_Non_Existing_Instances="true">${workers.join('')}</wd:Request_References>`;
}

function criteria({ updated, effective }: WorkerQuery, includeContingent: boolean): string {
  const window = (name: string, { from, through }: Window): string =>
    element(`${name}_From`, from) + element(`${name}_Through`, through);
  const ranges = [
    updated === undefined ? '' : window('Updated', updated),
    effective === undefined ? '' : window('Effective', effective),
  ].join('');
  return [
    ranges === ''
      ? ''
      : element('Transaction_Log_Criteria_Data', element('Transaction_Date_Range_Data', ranges)),
    element('Exclude_Inactive_Workers', 'false'),
    element('Exclude_Employees', 'false'),
    element('Exclude_Contingent_Workers', String(!includeContingent)),
  ].join('');
}

function security(credential: WorkdayCredential, tenant: string): string {
  if (credential.kind === 'oauth') return '';
  const user = escapeXml(userInTenant(credential.username, tenant));
  return (
    `<wsse:Security xmlns:wsse="${WSSE}" env:mustUnderstand="1"><wsse:UsernameToken>` +
    `<wsse:Username>${user}</wsse:Username>` +
    `<wsse:Password Type="${PASSWORD_TEXT}">${escapeXml(credential.password)}</wsse:Password>` +
    '</wsse:UsernameToken></wsse:Security>'
  );
}

function element(name: string, content: string): string {
  return `<wd:${name}>${content}</wd:${name}>`;
}
