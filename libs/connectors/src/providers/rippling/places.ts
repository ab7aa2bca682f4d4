import type { Fields } from '../../sdk/decode.js';
import type { GroupLabel } from '../../sdk/hr/derived-groups.js';
import type { Catalog } from './catalog.js';
import type { OptionalField } from './fields.js';

/** Where somebody belongs. `isKnown`: the vendor has told the name of it. */
export interface Place {
  readonly label: GroupLabel;
  readonly isKnown: boolean;
}

/** All who have no place of work are one group. */
export const REMOTE: GroupLabel = { type: 'location', id: 'remote', name: 'Remote' };

/** The department and those above it, the place of work, teams, and the legal entity of a worker. */
export function placesOf(
  worker: Fields,
  catalog: Catalog,
  shared: ReadonlySet<OptionalField>,
): readonly Place[] {
  const department = shared.has('department') ? worker.optionalText('department_id') : null;
  const teams = shared.has('team') ? worker.texts('teams_id') : [];
  return [
    ...(department === null ? [] : catalog.branch(department)).map((label) => listed(catalog, label)),
    ...(shared.has('location') ? locationOf(worker.object('location'), catalog) : []),
    ...[...new Set(teams)].map((id) => listed(catalog, catalog.label('team', id))),
    ...(shared.has('company') ? companyOf(worker) : []),
  ];
}

function locationOf(location: Fields, catalog: Catalog): readonly Place[] {
  if (location.optionalText('type') === 'REMOTE') return [{ label: REMOTE, isKnown: true }];
  const id = location.optionalText('work_location_id');
  return id === null ? [] : [listed(catalog, catalog.label('location', id))];
}

function companyOf(worker: Fields): readonly Place[] {
  const id = worker.optionalText('legal_entity_id');
  if (id === null) return [];
  const name = worker.object('legal_entity').optionalText('legal_name');
  return [{ label: { type: 'company', id, name }, isKnown: name !== null }];
}

function listed(catalog: Catalog, label: GroupLabel): Place {
  const { type, id } = label;
  const isKnown =
    (type === 'department' || type === 'team' || type === 'location') && catalog.has(type, id ?? '');
  return { label, isKnown };
}
