import { Fields } from '../../../sdk/decode.js';
import type { GroupLabel } from '../../../sdk/hr/derived-groups.js';
import type { PersonioConfig } from '../config.js';
import { GROUP_ATTRIBUTES, type GroupKind } from '../attributes.js';

/** Where somebody works, as an employment tells it: an id only. */
export interface Place {
  readonly type: GroupKind;
  readonly id: string;
}

/** A place with its name. `isKnown`: Personio knows it still. */
export interface NamedPlace {
  readonly label: GroupLabel;
  readonly isKnown: boolean;
}

/** Departments, teams, the office, the company and cost centers of one employment, as far as they are shared. */
export function placesOf(employment: Fields, { attributes }: PersonioConfig): readonly Place[] {
  const units = employment.objects('org_units');
  const unitsOf = (type: 'department' | 'team'): readonly Place[] =>
    units
      .filter((unit) => unit.text('type').toLowerCase() === type)
      .map((unit) => ({ type, id: unit.id('id') }));
  const company = employment.has('legal_entity') ? 'legal_entity' : 'sub_company';
  const places: readonly Place[] = [
    ...unitsOf('department'),
    ...unitsOf('team'),
    ...one('location', employment.object('office')),
    ...one('company', employment.object(company)),
    ...employment.objects('cost_centers').flatMap((center) => one('cost_center', center)),
  ];
  return places.filter(({ type }) => attributes.includes(GROUP_ATTRIBUTES[type]));
}

function one(type: GroupKind, reference: Fields): readonly Place[] {
  return reference.has('id') ? [{ type, id: reference.id('id') }] : [];
}
