import { InvalidInputError } from '#kernel';
import { pageQuery } from '../edge/page-query.js';
import { parameter, type QueryOf } from '../edge/query.js';
import { text } from '../edge/values.js';
import { refuse } from '../edge/decoder.js';
import { missingFilter } from '../edge/missing-filter.js';

export const usersQuery = pageQuery('directory_user', {
  directory: parameter(text(), 'Users of this directory.'),
  group: parameter(text(), 'Members of this group.'),
  idp_id: parameter(text(1_024), "The user with this id of the provider's. Needs `directory`."),
  email: parameter(text(1_024), 'Users with this address, in any case. Needs `directory`.'),
});

type UsersFilter = ({ readonly directoryId: string } | { readonly groupId: string }) & {
  readonly idpId?: string;
  readonly email?: string;
};

/** What to list. With both, the group decides; the caller has checked that it lies in the directory. */
export function usersFilter(query: QueryOf<typeof usersQuery>): UsersFilter {
  const { directory, group, idp_id: idpId, email } = query;
  if (directory === undefined) refuseAlone({ idp_id: idpId, email });
  const details = { ...(idpId !== undefined && { idpId }), ...(email !== undefined && { email }) };
  if (group !== undefined) return { groupId: group, ...details };
  if (directory !== undefined) return { directoryId: directory, ...details };
  throw missingFilter('directory', 'group');
}

/** Ids and addresses are only unique inside one directory. */
function refuseAlone(filters: Readonly<Record<string, string | undefined>>): void {
  const problems = Object.entries(filters)
    .filter(([, value]) => value !== undefined)
    .flatMap(([name]) => refuse(name, 'can only be used together with directory').problems);
  if (problems.length > 0) throw new InvalidInputError('Validation failed', { problems });
}
