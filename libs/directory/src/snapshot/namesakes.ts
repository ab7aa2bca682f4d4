import { foldKey } from '#kernel';
import type { DirectoryUser, UserInput } from '#model';
import { goneRecords } from './absences.js';
import { keyOf } from './statement-parts.js';
import { perform, type RunWork, type Task } from './worklist.js';

/** Somebody whose record was refused because another person has the user name. */
export interface Namesake {
  readonly sourceId: string;
  readonly input: UserInput;
}

interface Holder {
  readonly id: string;
  readonly external_id: string;
  readonly user_name_key: string;
  readonly is_gone: boolean;
}

/**
 * Two records of one person (hired again, a contractor who was employed) and shared addresses have one user name between
 * them. It belongs to whoever works here: somebody who is gone, and not only asked to be, gives it up for one who does.
 * @returns the source ids of those who have to do without it; everybody else may be tried again
 */
export async function settleNames(work: RunWork, refused: readonly Namesake[]): Promise<ReadonlySet<string>> {
  const holders = new Map((await holdersOf(work, refused)).map((holder) => [holder.user_name_key, holder]));
  const without = new Set<string>();
  const freed: Holder[] = [];
  for (const { sourceId, input } of refused) {
    const key = foldKey(input.userName);
    const holder = holders.get(key);
    if (holder === undefined || holder.external_id === sourceId) continue;
    if (input.active && holder.is_gone) {
      freed.push(holder);
      holders.set(key, { ...holder, external_id: sourceId, is_gone: false });
    } else without.add(sourceId);
  }
  await perform(work, freed.map(goesById));
  return without;
}

/** Gone is also whom this run will remove, unless that waits for approval. */
function holdersOf({ database, run, decision }: RunWork, refused: readonly Namesake[]): Promise<Holder[]> {
  return database.query<Holder & Record<string, unknown>>({
    name: 'snapshot_name_holders',
    text: `SELECT u.id, u.external_id, u.user_name_key, (NOT u.active AND NOT u.asserted_active
        OR $5 AND EXISTS (SELECT FROM ${goneRecords("'user'")} gone WHERE gone.source_id = u.external_id)) AS is_gone
      FROM directory_users u WHERE u.environment_id = $1 AND u.directory_id = $2 AND u.user_name_key = ANY($4::text[])
        AND u.asserted_deleted_at IS NULL AND u.external_id IS NOT NULL`,
    values: [
      ...keyOf(run),
      [...new Set(refused.map(({ input }) => foldKey(input.userName)))],
      decision.holdId === null,
    ],
  });
}

function goesById({ id, external_id: sourceId }: Holder): Task {
  return {
    kind: 'user',
    action: 'update',
    sourceId,
    label: sourceId,
    change: {
      kind: 'update_user',
      id,
      update: (current: DirectoryUser) => ({ ...current, userName: sourceId, folded: {} }),
    },
  };
}

/** The name of somebody who does without the one in the record. */
export function standInName(sourceId: string, current?: DirectoryUser): string {
  return current?.userName ?? sourceId;
}

/** What the report says of them. */
export function tellStandIn({ tally }: RunWork, { sourceId, input }: Namesake): void {
  tally.add({
    kind: 'user',
    action: 'warning',
    sourceId,
    label: input.name ?? input.userName,
    detail:
      `The user name "${input.userName}" is that of another person of this directory. This one goes by another name until ` +
      'it is free. Correct the address in the source, if it is not meant so.',
  });
}
