import { FIRST_SEARCH_PARAMETER, type SearchResult } from '#directory';
import type { DirectoryGroup, DirectoryUser, MemberOperation } from '#model';
import { invalidValue } from '../protocol/errors.js';
import type { ScimCall } from './call.js';
import { matchesExternalIds } from './match-external-ids.js';
import type { ScimPorts, ScimSearch } from './ports.js';

type Search = (search: ScimSearch) => Promise<SearchResult<DirectoryUser | DirectoryGroup>>;

/**
 * To the letter, a member must be somebody. Otherwise a reference may come before the person: IdPs send groups and
 * people in any order, so an unknown member waits.
 * @throws ScimError `invalidValue` naming the first stranger
 */
export async function checkMembers(
  call: ScimCall,
  ports: ScimPorts,
  operations: readonly MemberOperation[],
): Promise<void> {
  if (!call.switches.tolerance.strict) return;
  const ids = new Set(
    operations.flatMap((step) => ('values' in step && step.op !== 'remove' ? step.values : [])),
  );
  if (ids.size === 0) return;
  const strangers = await notFound(call, ids, {
    alias: 'u',
    search: (search) => ports.reader.searchUsers(call.ref, search),
  });
  const [stranger] =
    strangers.size === 0
      ? []
      : await notFound(call, strangers, {
          alias: 'g',
          search: (search) => ports.reader.searchGroups(call.ref, search),
        });
  if (stranger !== undefined)
    throw invalidValue(
      `"members" names "${stranger.slice(0, 100)}", and no user or group of this directory has this id: create it first.`,
      'members',
    );
}

/** Those of the ids that the search does not find. */
async function notFound(
  call: ScimCall,
  ids: ReadonlySet<string>,
  { alias, search }: { readonly alias: 'u' | 'g'; readonly search: Search },
): Promise<Set<string>> {
  const columns = matchesExternalIds(call.directory, call.switches) ? ['id', 'external_id'] : ['id'];
  const where = columns
    .map((column) => `${alias}.${column} = ANY($${FIRST_SEARCH_PARAMETER}::text[])`)
    .join(' OR ');
  const { items } = await search({
    where: { text: where, values: [[...ids]] },
    matches: ({ id }) => ids.has(id as string),
    offset: 0,
    limit: columns.length * ids.size,
  });
  const known = new Set(items.flatMap(({ id, externalId }) => [id, externalId]));
  return new Set([...ids].filter((id) => !known.has(id)));
}
