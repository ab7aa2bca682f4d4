import { InvalidInputError, type JsonObject } from '#kernel';
import type { FormField } from '../manifest.js';
import { isTimeZone } from './local-day.js';

export const GROUP_TYPES = ['department', 'division', 'location', 'team', 'company', 'cost_center'] as const;
export type GroupType = (typeof GROUP_TYPES)[number];

/** How a directory wants employments read; see `hrFields`. */
export interface HrRules {
  readonly timeZone: string;
  readonly prehireLeadDays: number;
  readonly leaveState: 'active' | 'inactive';
  readonly gardenLeaveState: 'active' | 'inactive';
  readonly endIs: 'last_day' | 'first_day_off';
  readonly trustDates: boolean;
  /** Which attributes become groups. */
  readonly groupTypes: readonly GroupType[];
}

const MAX_LEAD_DAYS = 60;

const STATES = [
  { value: 'active', label: 'stay active' },
  { value: 'inactive', label: 'are deactivated' },
];

const optional = { required: false, secret: false } as const;

const DATE_FIELDS: readonly FormField[] = [
  {
    ...optional,
    key: 'time_zone',
    label: 'Time zone',
    type: 'string',
    default: 'UTC',
    placeholder: 'Europe/Vienna',
    help: 'Where first and last days begin and end for people whose place of work has no time zone. An IANA name.',
  },
  {
    ...optional,
    key: 'prehire_lead_days',
    label: 'Days before the first day',
    type: 'number',
    default: 0,
    help: `How many days before their first day people become active, 0 to ${MAX_LEAD_DAYS}.`,
  },
  {
    ...optional,
    key: 'end_is',
    label: 'The end date is',
    type: 'choice',
    choices: [
      { value: 'last_day', label: 'the last day of access' },
      { value: 'first_day_off', label: 'the first day without access' },
    ],
    default: 'last_day',
    help: 'People lose access at the end of their last day, or at the beginning of their first day off.',
  },
  {
    ...optional,
    key: 'trust_dates',
    label: 'Act on dates',
    type: 'boolean',
    default: true,
    help: 'Deactivate on the end date even when the status in the HR system is not changed yet.',
  },
];

const LEAVE_FIELDS: readonly FormField[] = [
  {
    ...optional,
    key: 'leave_state',
    label: 'People on leave',
    type: 'choice',
    choices: STATES,
    default: 'active',
    help: 'Parental, medical and other leave.',
  },
  {
    ...optional,
    key: 'garden_leave_state',
    label: 'People on garden leave',
    type: 'choice',
    choices: STATES,
    default: 'active',
    help: 'Released from work until the employment ends.',
  },
];

/** The questions that every HR source asks. `groups`: the kinds of groups the vendor's records can be sorted into. */
export function hrFields(groups: readonly GroupType[]): readonly FormField[] {
  return [
    ...DATE_FIELDS,
    ...LEAVE_FIELDS,
    {
      ...optional,
      key: 'group_types',
      label: 'Groups made of',
      type: 'list',
      pattern: [...groups, 'none'].join('|'),
      help: `Which attributes become groups: ${groups.join(', ')}. All of them when empty; "none" for no groups.`,
    },
  ];
}

/** Reads the answers to `hrFields`, after `readForm`. @throws InvalidInputError */
export function readHrRules(values: JsonObject, groups: readonly GroupType[]): HrRules {
  const timeZone = values['time_zone'] as string;
  const prehireLeadDays = values['prehire_lead_days'] as number;
  if (!isTimeZone(timeZone))
    throw invalid(
      'time_zone',
      `Time zone "${timeZone.slice(0, 60)}" is unknown. Give an IANA name, for example Europe/Vienna.`,
    );
  if (!Number.isInteger(prehireLeadDays) || prehireLeadDays < 0 || prehireLeadDays > MAX_LEAD_DAYS)
    throw invalid(
      'prehire_lead_days',
      `Days before the first day must be a whole number from 0 to ${MAX_LEAD_DAYS}.`,
    );
  return {
    timeZone,
    prehireLeadDays,
    leaveState: values['leave_state'] as HrRules['leaveState'],
    gardenLeaveState: values['garden_leave_state'] as HrRules['gardenLeaveState'],
    endIs: values['end_is'] as HrRules['endIs'],
    trustDates: values['trust_dates'] as boolean,
    groupTypes: groupTypesOf(values['group_types'] as readonly string[] | undefined, groups),
  };
}

function groupTypesOf(
  chosen: readonly string[] | undefined,
  all: readonly GroupType[],
): readonly GroupType[] {
  if (chosen === undefined) return all;
  return all.filter((type) => chosen.includes(type));
}

function invalid(key: string, message: string): InvalidInputError {
  return new InvalidInputError('Validation failed', { problems: [{ field: `config.${key}`, message }] });
}
