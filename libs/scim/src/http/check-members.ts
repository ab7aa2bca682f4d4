import { FIRST_SEARCH_PARAMETER } from '#directory';
import type { MemberOperation } from '#model';
import { invalidValue } from '../protocol/errors.js';
import type { ScimCall } from './call.js';
import type { ScimPorts } from './ports.js';

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
  const ids = new Set(
    operations.flatMap((step) => ('values' in step && step.op !== 'remove' ? step.values : [])),
  );
  if (!call.switches.tolerance.strict || ids.size === 0) return;
  const columns = call.directory.config['match_external_ids'] === true ? ['id', 'external_id'] : ['id'];
  const where = columns.map((column) => `u.${column} = ANY($${FIRST_SEARCH_PARAMETER}::text[])`).join(' OR ');
  const { items } = await ports.reader.searchUsers(call.ref, {
    where: { text: where, values: [[...ids]] },
    matches: ({ id }) => ids.has(id as string),
    offset: 0,
    limit: columns.length * ids.size,
  });
  const known = new Set(items.flatMap(({ id, externalId }) => [id, externalId]));
  const stranger = [...ids].find((id) => !known.has(id));
  if (stranger !== undefined)
    throw invalidValue(
      `"members" names "${stranger.slice(0, 100)}", and no user of this directory has this id: create the user first.`,
      'members',
    );
}
