import type { FakeOrganization, FakeWorker } from './workday-worker.js';

/** A Get_Workers request, as far as the fake minds. */
export interface GetWorkers {
  readonly username: string;
  readonly password: string;
  readonly version: string;
  readonly page: number;
  readonly count: number;
  readonly asOfDay: string;
  readonly asOfMoment: string;
  readonly updated: { readonly from: string; readonly through: string } | null;
  readonly effective: { readonly from: string; readonly through: string } | null;
  readonly contingent: boolean;
  /** Of a request for single workers. */
  readonly ids: readonly string[] | null;
  /** Elements in the order of the schema, both as-of values, a count from 1 to 999. */
  readonly isValid: boolean;
}

const ORDER = [
  'Response_Filter',
  'As_Of_Effective_Date',
  'As_Of_Entry_DateTime',
  'Page',
  'Count',
  'Response_Group',
  'Include_Reference',
  'Include_Personal_Information',
  'Include_Employment_Information',
  'Include_Organizations',
];

export function readRequest(body: string): GetWorkers {
  const text = (name: string): string =>
    unescaped(new RegExp(`<(?:\\w+:)?${name}(?: [^>]*)?>([^<]*)<`).exec(body)?.[1] ?? '');
  const window = (name: string): GetWorkers['updated'] => {
    const [from, through] = [text(`${name}_From`), text(`${name}_Through`)];
    return from === '' ? null : { from, through };
  };
  const ids = [...body.matchAll(/:ID [^>]*type="WID">([^<]+)</g)].map((match) => match[1] as string);
  const places = [
    body.search(/:Request_(Criteria|References)[ >]/),
    ...ORDER.map((name) => body.indexOf(`:${name}>`)),
  ];
  const count = Number(text('Count'));
  const isOrdered = places.every((place, index) => place > (places[index - 1] ?? 0));
  return {
    username: text('Username'),
    password: text('Password'),
    version: /Get_Workers_Request [^>]*version="([^"]+)"/.exec(body)?.[1] ?? '',
    page: Number(text('Page')),
    count,
    asOfDay: text('As_Of_Effective_Date').slice(0, 10),
    asOfMoment: text('As_Of_Entry_DateTime'),
    updated: window('Updated'),
    effective: window('Effective'),
    contingent: ids.length > 0 || text('Exclude_Contingent_Workers') === 'false',
    ids: ids.length > 0 ? ids : null,
    isValid: isOrdered && count >= 1 && count <= 999,
  };
}

export interface FakeResults {
  readonly total: number;
  readonly pages: number;
  readonly page: number;
}

export function pageXml(
  workers: readonly FakeWorker[],
  { prefix, results }: { readonly prefix: string; readonly results: FakeResults },
): string {
  const body = [
    '<wd:Response_Results>',
    tag('Total_Results', String(results.total)),
    tag('Total_Pages', String(results.pages)),
    tag('Page_Results', String(workers.length)),
    tag('Page', String(results.page)),
    '</wd:Response_Results>',
    // Nobody is no element at all.
    workers.length === 0 ? '' : `<wd:Response_Data>${workers.map(workerXml).join('')}</wd:Response_Data>`,
  ].join('');
  const text = `<wd:Get_Workers_Response xmlns:wd="urn:com.workday/bsvc" wd:version="v44.0">${body}</wd:Get_Workers_Response>`;
  return envelope(text.replaceAll('wd:', `${prefix}:`).replace('xmlns:wd=', `xmlns:${prefix}=`));
}

export function faultXml(code: string, message: string): string {
  const detail = code.includes('validationError')
    ? '<detail><wd:Validation_Fault xmlns:wd="urn:com.workday/bsvc"><wd:Validation_Error>' +
      `${tag('Message', message)}</wd:Validation_Error></wd:Validation_Fault></detail>`
    : '';
  return envelope(
    `<env:Fault><faultcode>env:${code}</faultcode><faultstring>${escaped(message)}</faultstring>${detail}</env:Fault>`,
  );
}

function envelope(body: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<env:Envelope xmlns:env="http://schemas.xmlsoap.org/soap/envelope/"><env:Body>${body}</env:Body></env:Envelope>`;
}

function workerXml(worker: FakeWorker): string {
  const number = worker.isContingent ? 'Contingent_Worker_ID' : 'Employee_ID';
  return [
    '<wd:Worker>',
    reference('Worker_Reference', { WID: worker.wid, [number]: worker.number }),
    '<wd:Worker_Data>',
    tag('Worker_ID', worker.number),
    optional('User_ID', worker.userId),
    optional('Universal_ID', worker.universalId),
    personalXml(worker),
    employmentXml(worker),
    `<wd:Organization_Data>${worker.organizations.map((one) => organizationXml('Worker', one)).join('')}</wd:Organization_Data>`,
    chainXml(worker),
    '</wd:Worker_Data></wd:Worker>',
  ].join('');
}

function personalXml(worker: FakeWorker): string {
  const { firstName, lastName, preferredFirstName, email, homeEmail } = worker;
  const name = (kind: string, first: string | null): string =>
    `<wd:${kind}_Name_Data><wd:Name_Detail_Data wd:Formatted_Name="${escaped(`${first} ${lastName}`)}">` +
    `${optional('First_Name', first)}${optional('Last_Name', lastName)}</wd:Name_Detail_Data></wd:${kind}_Name_Data>`;
  const names = worker.hidden.includes('Name_Data')
    ? ''
    : `<wd:Name_Data>${name('Legal', firstName)}${preferredFirstName === null ? '' : name('Preferred', preferredFirstName)}</wd:Name_Data>`;
  const contact = `<wd:Contact_Data>${emailXml(homeEmail, 'HOME')}${emailXml(email, 'WORK')}</wd:Contact_Data>`;
  return `<wd:Personal_Data>${names}${contact}</wd:Personal_Data>`;
}

function emailXml(email: string | null, usage: string): string {
  if (email === null) return '';
  return (
    `<wd:Email_Address_Data>${tag('Email_Address', email)}<wd:Usage_Data wd:Public="1"><wd:Type_Data wd:Primary="true">` +
    reference('Type_Reference', { WID: `usage-${usage}`, Communication_Usage_Type_ID: usage }) +
    '</wd:Type_Data></wd:Usage_Data></wd:Email_Address_Data>'
  );
}

function employmentXml(worker: FakeWorker): string {
  const other =
    worker.otherOrganizations.length === 0
      ? ''
      : `<wd:Worker_Job_Data wd:Primary_Job="0"><wd:Position_Data>${tag('Business_Title', 'Something else')}</wd:Position_Data>` +
        `<wd:Position_Organizations_Data>${worker.otherOrganizations.map((one) => organizationXml('Position', one)).join('')}</wd:Position_Organizations_Data></wd:Worker_Job_Data>`;
  const type = worker.isContingent ? 'Contingent_Worker_Type_ID' : 'Employee_Type_ID';
  return [
    `<wd:Employment_Data>${other}<wd:Worker_Job_Data wd:Primary_Job="1"><wd:Position_Data>`,
    optional('Business_Title', worker.title),
    reference('Worker_Type_Reference', { WID: 'type', [type]: 'Regular' }),
    reference('Position_Time_Type_Reference', { WID: 'time', Position_Time_Type_ID: 'Full_time' }),
    optional('End_Employment_Date', worker.contractEnd),
    worker.location === null
      ? ''
      : `<wd:Business_Site_Summary_Data>${reference('Location_Reference', { WID: `w-${worker.location.id}`, Location_ID: worker.location.id })}${tag('Name', worker.location.name)}</wd:Business_Site_Summary_Data>`,
    '</wd:Position_Data></wd:Worker_Job_Data>',
    worker.hidden.includes('Worker_Status_Data') ? '' : statusXml(worker),
    '</wd:Employment_Data>',
  ].join('');
}

function statusXml(worker: FakeWorker): string {
  return [
    '<wd:Worker_Status_Data>',
    optional('Active', worker.active),
    optional('Hire_Date', worker.hireDate),
    tag('Terminated', worker.terminated),
    optional('Termination_Date', worker.terminationDate),
    optional('Termination_Last_Day_of_Work', worker.lastDayOfWork),
    tag('Hire_Rescinded', worker.rescinded),
    // One that is over, and perhaps one that is not.
    `<wd:Leave_Status_Data>${tag('On_Leave', '0')}</wd:Leave_Status_Data>`,
    worker.onLeave ? `<wd:Leave_Status_Data>${tag('On_Leave', '1')}</wd:Leave_Status_Data>` : '',
    '</wd:Worker_Status_Data>',
  ].join('');
}

function organizationXml(of: 'Worker' | 'Position', { type, id, name }: FakeOrganization): string {
  return [
    `<wd:${of}_Organization_Data>`,
    reference('Organization_Reference', { WID: `wid-of-${id}`, Organization_Reference_ID: id }),
    `<wd:Organization_Data>${tag('Organization_Reference_ID', id)}${tag('Organization_Name', name)}`,
    reference('Organization_Type_Reference', { WID: `type-${type}`, Organization_Type_ID: type }),
    `</wd:Organization_Data></wd:${of}_Organization_Data>`,
  ].join('');
}

function chainXml({ managerWid }: FakeWorker): string {
  if (managerWid === null) return '';
  return (
    '<wd:Management_Chain_Data><wd:Worker_Supervisory_Management_Chain_Data><wd:Management_Chain_Data>' +
    reference('Manager_Reference', { WID: managerWid }) +
    '</wd:Management_Chain_Data></wd:Worker_Supervisory_Management_Chain_Data></wd:Management_Chain_Data>'
  );
}

function reference(name: string, ids: Readonly<Record<string, string>>): string {
  const all = Object.entries(ids).map(([type, id]) => `<wd:ID wd:type="${type}">${escaped(id)}</wd:ID>`);
  return `<wd:${name}>${all.join('')}</wd:${name}>`;
}

function optional(name: string, text: string | null): string {
  return text === null ? '' : tag(name, text);
}

function tag(name: string, text: string): string {
  return `<wd:${name}>${escaped(text)}</wd:${name}>`;
}

export function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

function unescaped(text: string): string {
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&apos;', "'")
    .replaceAll('&amp;', '&');
}
