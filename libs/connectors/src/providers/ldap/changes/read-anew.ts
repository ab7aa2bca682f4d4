import { AndFilter, EqualityFilter, OrFilter, PresenceFilter, type Filter } from 'ldapts';
import type { Dialect } from '../dialect.js';
import { idOf, textsOf } from '../entry.js';
import { BINARY_IDS } from '../values.js';
import type { LdapEntry } from '../wire/answer.js';
import { contextOf } from './active-directory.js';
import { expired, type Changes, type TrackerParts } from './tracker.js';

const IDS_PER_SEARCH = 50;
const FOLDERS = ['organizationalunit', 'container'];

/** Some of those who changed. `cut` says why there are no more pages although there are more entries. */
export interface ChangedPage {
  readonly entries: readonly LdapEntry[];
  readonly gone: readonly { readonly id: string; readonly reason: 'deleted' | 'out_of_scope' }[];
  readonly cut: string | null;
}

/** Entries with one of these ids, below the same filter. */
export function withIds(filter: Filter, { names }: Pick<Dialect, 'names'>, ids: readonly string[]): Filter {
  const attribute = names.id[0] as string;
  const value = (id: string): Buffer | string => BINARY_IDS[attribute]?.toBytes(id) ?? id;
  const filters = ids.map((id) => new EqualityFilter({ attribute, value: value(id) }));
  return new AndFilter({ filters: [filter, new OrFilter({ filters })] });
}

/**
 * Reads changed entries as they are now: what a server says of a change has not all attributes in it, and one that was
 * cleared may look like one that was not touched. Gone is only who is not found and was said to be deleted, or who is
 * seen to be outside of bases and filter.
 * @throws SourceError
 */
export async function* readAnew(parts: TrackerParts, changes: Changes): AsyncGenerator<ChangedPage> {
  const ids = [...changes.ids.keys()];
  for (let start = 0; start < ids.length; start += IDS_PER_SEARCH)
    yield* readSome(parts, changes, ids.slice(start, start + IDS_PER_SEARCH));
}

async function* readSome(
  parts: TrackerParts,
  changes: Changes,
  ids: readonly string[],
): AsyncGenerator<ChangedPage> {
  const { client, session, tracked } = parts;
  const missing = new Set(ids);
  const filter = withIds(tracked.filter, session.dialect, ids);
  for await (const { entries, cut } of client.entries({ ...tracked, filter }, session)) {
    for (const entry of entries) missing.delete(idOf(entry, session.dialect) ?? '');
    if (entries.length > 0 || cut !== null) yield { entries, gone: [], cut };
    if (cut !== null) return;
  }
  const gone = await goneOf(parts, changes, [...missing]);
  if (gone.length > 0) yield { entries: [], gone, cut: null };
}

async function goneOf(
  parts: TrackerParts,
  { ids }: Changes,
  missing: readonly string[],
): Promise<ChangedPage['gone']> {
  const deleted = missing.filter((id) => ids.get(id) === 'deleted');
  const others = missing.filter((id) => ids.get(id) !== 'deleted');
  const seen = others.length === 0 ? [] : await readAnywhere(parts, others);
  for (const entry of seen)
    if (ids.get(idOf(entry, parts.session.dialect) ?? '') === 'moved' && isFolder(entry))
      throw expired('A folder was renamed or moved, and everything below it with it.');
  return [
    ...deleted.map((id) => ({ id, reason: 'deleted' as const })),
    ...seen.map((entry) => ({
      id: idOf(entry, parts.session.dialect) ?? '',
      reason: 'out_of_scope' as const,
    })),
  ];
}

/**
 * Those who are not found with bases and filter, wherever they are. OpenLDAP tells itself who left them; of somebody who
 * is not seen at all the next run will hear more.
 */
async function readAnywhere(parts: TrackerParts, ids: readonly string[]): Promise<readonly LdapEntry[]> {
  const { client, session } = parts;
  const context = contextOf(parts);
  if (session.dialect.kind === 'openldap' || context === undefined) return [];
  const found: LdapEntry[] = [];
  const any = new PresenceFilter({ attribute: 'objectClass' });
  const search = {
    bases: [context],
    filter: withIds(any, session.dialect, ids),
    attributes: [...session.dialect.names.id, 'objectClass'],
  };
  for await (const { entries } of client.entries(search, session)) found.push(...entries);
  return found;
}

function isFolder(entry: LdapEntry): boolean {
  return textsOf(entry, 'objectclass').some((name) => FOLDERS.includes(name.toLowerCase()));
}
