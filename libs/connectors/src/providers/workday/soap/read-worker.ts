import type { JsonObject } from '#kernel';
import type { GroupType } from '../../../sdk/hr/hr-form.js';
import type { SoapSettings, WorkdayConfig } from '../config.js';
import { DATE_FIELDS } from '../fields.js';
import type { ReadWorker } from '../map-worker.js';
import { plainDate } from '../plain-date.js';
import { elementAt, elementsAt, idsOf, isTrue, textAt, type XmlElement } from './xml.js';

/** What everybody has, and the domain that shows it. */
export const DOMAIN_OF: Readonly<Record<string, string>> = {
  Worker_Status_Data: 'Worker Data: Current Staffing Information',
  Name_Data: 'Person Data: Name',
};

export type ReadingRules = Pick<WorkdayConfig, 'personalEmails'> & Pick<SoapSettings, 'organizationTypes'>;

/** A `Worker` element by the names of `WORKER_FIELDS`. */
export function readWorker(worker: XmlElement, rules: ReadingRules): ReadWorker {
  const data = elementAt(worker, 'Worker_Data');
  const ids = idsOf(elementAt(worker, 'Worker_Reference'));
  const job = primaryJob(data);
  const position = elementAt(job, 'Position_Data');
  const names = elementAt(data, 'Personal_Data/Name_Data');
  const status = elementAt(data, 'Employment_Data/Worker_Status_Data');
  const labels = labelsOf(data, { job, position }, rules);
  const fields = present({
    // Numbers are shared by the profiles of a worker, and can be changed; the Workday ID is neither.
    id: ids.get('WID'),
    employee_id: textAt(data, 'Worker_ID') ?? ids.get('Employee_ID') ?? ids.get('Contingent_Worker_ID'),
    universal_id: textAt(data, 'Universal_ID'),
    user_name: textAt(data, 'User_ID'),
    ...namesOf(names),
    ...emailsOf(data, rules.personalEmails),
    job_title:
      textAt(position, 'Business_Title') ??
      textAt(position, 'Position_Title') ??
      textAt(position, 'Job_Profile_Summary_Data/Job_Profile_Name'),
    ...typesOf(ids, position),
    manager_id: managerOf(data, position),
    ...statusOf(status),
    contract_end_date: textAt(position, 'End_Employment_Date') ?? textAt(status, 'End_Employment_Date'),
  });
  if (labels.length > 0) fields['labels'] = labels;
  const hidden = [
    ...(status === undefined ? ['Worker_Status_Data'] : []),
    ...(names === undefined ? ['Name_Data'] : []),
  ];
  return { fields, hidden };
}

/** Versions before 30 have one position, outside of any job. */
function primaryJob(data: XmlElement | undefined): XmlElement | undefined {
  const jobs = elementsAt(data, 'Employment_Data/Worker_Job_Data');
  const primary = jobs.find(({ attributes }) => isTrue(attributes.get('Primary_Job')));
  return primary ?? jobs[0] ?? elementAt(data, 'Employment_Data');
}

function namesOf(names: XmlElement | undefined): Readonly<Record<string, string | undefined>> {
  const [preferred, legal] = ['Preferred', 'Legal'].map((kind) =>
    elementAt(names, `${kind}_Name_Data/Name_Detail_Data`),
  );
  const text = (path: string): string | undefined => textAt(preferred, path) ?? textAt(legal, path);
  return {
    first_name: text('First_Name'),
    last_name: text('Last_Name'),
    name: preferred?.attributes.get('Formatted_Name') ?? legal?.attributes.get('Formatted_Name'),
  };
}

function emailsOf(
  data: XmlElement | undefined,
  personal: boolean,
): Readonly<Record<string, string | undefined>> {
  const addresses = elementsAt(data, 'Personal_Data/Contact_Data/Email_Address_Data');
  const home = personal ? addressFor(addresses, 'HOME') : undefined;
  return { work_email: addressFor(addresses, 'WORK'), home_email: home };
}

/** The primary address of a usage, else the first. */
function addressFor(addresses: readonly XmlElement[], usage: string): string | undefined {
  const found = addresses.flatMap((address) =>
    elementsAt(address, 'Usage_Data/Type_Data')
      .filter((type) => typeIn(elementAt(type, 'Type_Reference'), 'Communication_Usage_Type_ID') === usage)
      .map((type) => ({
        text: textAt(address, 'Email_Address'),
        isPrimary: isTrue(type.attributes.get('Primary')),
      })),
  );
  const usable = found.filter(({ text }) => text !== undefined);
  return (usable.find(({ isPrimary }) => isPrimary) ?? usable[0])?.text;
}

function typeIn(reference: XmlElement | undefined, type: string): string | undefined {
  return idsOf(reference).get(type)?.toUpperCase();
}

function typesOf(
  ids: ReadonlyMap<string, string>,
  position: XmlElement | undefined,
): Readonly<Record<string, string | undefined>> {
  const type = elementAt(position, 'Worker_Type_Reference');
  const typeIds = idsOf(type);
  const isContingent = ids.has('Contingent_Worker_ID') || typeIds.has('Contingent_Worker_Type_ID');
  const time = elementAt(position, 'Position_Time_Type_Reference');
  return {
    worker_type: isContingent ? 'Contingent Worker' : 'Employee',
    employee_type:
      type?.attributes.get('Descriptor') ??
      typeIds.get('Employee_Type_ID') ??
      typeIds.get('Contingent_Worker_Type_ID'),
    time_type: idsOf(time).get('Position_Time_Type_ID') ?? time?.attributes.get('Descriptor'),
  };
}

/** Workday keeps the manager up to date in the background; the chain is computed, and comes without some rights. */
function managerOf(data: XmlElement | undefined, position: XmlElement | undefined): string | undefined {
  const kept = elementAt(position, 'Manager_as_of_last_detected_manager_change_Reference');
  const chain = elementsAt(
    data,
    'Management_Chain_Data/Worker_Supervisory_Management_Chain_Data/Management_Chain_Data',
  ).flatMap((link) => [
    ...elementsAt(link, 'Manager_Reference'),
    ...elementsAt(link, 'Manager/Worker_Reference'),
  ]);
  return idsOf(kept).get('WID') ?? idsOf(chain.at(-1)).get('WID');
}

function statusOf(status: XmlElement | undefined): Readonly<Record<string, string | undefined>> {
  const text = (name: string): string | undefined => textAt(status, name);
  const onLeave = elementsAt(status, 'Leave_Status_Data').some((leave) => isTrue(textAt(leave, 'On_Leave')));
  return {
    active: text('Active'),
    terminated: text('Terminated'),
    retired: text('Retired'),
    hire_rescinded: text('Hire_Rescinded'),
    on_leave: onLeave ? '1' : undefined,
    hire_date: text('Hire_Date'),
    original_hire_date: text('Original_Hire_Date'),
    termination_date: text('Termination_Date'),
    last_day_of_work: text('Termination_Last_Day_of_Work'),
  };
}

interface Job {
  readonly job: XmlElement | undefined;
  readonly position: XmlElement | undefined;
}

/** Organizations of the primary job first, then those of the others and of the worker; each once. */
function labelsOf(
  data: XmlElement | undefined,
  { job, position }: Job,
  { organizationTypes }: ReadingRules,
): JsonObject[] {
  const ofJob = 'Position_Organizations_Data/Position_Organization_Data';
  const found = [
    ...elementsAt(job, ofJob),
    ...elementsAt(data, 'Organization_Data/Worker_Organization_Data'),
    ...elementsAt(data, `Employment_Data/Worker_Job_Data/${ofJob}`),
  ].flatMap((organization) => organizationLabel(organization, organizationTypes));
  const labels = [...found, ...locationLabel(position)];
  return [...new Map(labels.map((label) => [`${label.type} ${label.id ?? label.name}`, label])).values()].map(
    present,
  );
}

interface Label extends Readonly<Record<string, string | undefined>> {
  readonly type: GroupType;
  readonly id: string | undefined;
  readonly name: string | undefined;
}

function organizationLabel(
  organization: XmlElement,
  types: SoapSettings['organizationTypes'],
): readonly Label[] {
  const data = elementAt(organization, 'Organization_Data');
  const reference = elementAt(organization, 'Organization_Reference');
  const type = types.get(
    typeIn(elementAt(data, 'Organization_Type_Reference'), 'Organization_Type_ID') ?? '',
  );
  const id = textAt(data, 'Organization_Reference_ID') ?? idsOf(reference).get('WID');
  const name = textAt(data, 'Organization_Name') ?? reference?.attributes.get('Descriptor');
  return type === undefined || (id ?? name) === undefined ? [] : [{ type, id, name }];
}

function locationLabel(position: XmlElement | undefined): readonly Label[] {
  const site = elementAt(position, 'Business_Site_Summary_Data');
  const reference = elementAt(site, 'Location_Reference');
  const ids = idsOf(reference);
  const id = ids.get('Location_ID') ?? ids.get('WID');
  const name = textAt(site, 'Name') ?? reference?.attributes.get('Descriptor');
  return (id ?? name) === undefined ? [] : [{ type: 'location', id, name }];
}

function present(values: Readonly<Record<string, string | undefined>>): JsonObject {
  const object: JsonObject = {};
  for (const [field, value] of Object.entries(values))
    if (value !== undefined && value.trim() !== '')
      object[field] = DATE_FIELDS.includes(field) ? plainDate(value) : value;
  return object;
}
