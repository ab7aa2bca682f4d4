import { isJsonObject, type JsonValue } from '#kernel';
import type { SnapshotRecord } from '#model';
import type { SourcePage, SourceStream } from './contract.js';
import { decodeRecord } from './decode.js';
import { unanswered } from './look-up.js';
import { pagedStream, type PagedListing } from './paged-stream.js';
import type { SourcePorts } from './ports.js';

const IDS_AT_ONCE = 5_000;

/** What tells whether a user is there after all. */
export interface RemovalWitnesses {
  readonly ports: Pick<SourcePorts, 'stagedIds'>;
  /** @throws SourceError */
  readonly exists: (id: string) => Promise<boolean | 'unanswered' | undefined>;
}

/** A vendor's list of deleted users. */
export interface DeletedUsers extends Pick<PagedListing, 'fetch' | 'proof'> {
  /** Attribute that holds the time of deletion, which every deleted user has and no other. */
  readonly deletedAt: string;
  readonly reason: Extract<SnapshotRecord, { kind: 'removed' }>['reason'];
}

/** States who was deleted. An entry without a time of deletion says nothing: a list of all users is none of deleted ones. */
export function deletedUsersStream(list: DeletedUsers, witnesses: RemovalWitnesses): SourceStream {
  const stream = pagedStream({
    id: 'deleted_users',
    covers: [],
    fetch: list.fetch,
    map: (item) => removalIn(item, list),
    proof: list.proof,
  });
  return { ...stream, pages: (from) => believedRemovals(stream.pages(from), witnesses) };
}

function removalIn(item: JsonValue, { deletedAt, reason }: DeletedUsers): readonly SnapshotRecord[] {
  if (isJsonObject(item) && (item[deletedAt] ?? null) === null) return [];
  return [
    decodeRecord(item, 'user', (user) => ({ kind: 'removed', of: 'user', id: user.text('id'), reason })),
  ];
}

/**
 * The pages of a list of deleted users without those whom the same run has listed as users and whom the source does not
 * deny when it is asked for them: such lists lag behind, and whoever was restored a moment ago stands in both.
 */
export async function* believedRemovals(
  pages: AsyncIterable<SourcePage>,
  { ports, exists }: RemovalWitnesses,
): AsyncGenerator<SourcePage> {
  for await (const page of pages) {
    const listed = await listedAmong(ports, page.records.flatMap(removedUser));
    const restored = new Set<string>();
    for (const id of listed) if ((await exists(id).catch(unanswered)) !== false) restored.add(id);
    const records = page.records.filter((record) => !removedUser(record).some((id) => restored.has(id)));
    yield { ...page, records };
  }
}

function removedUser(record: SnapshotRecord): string[] {
  return record.kind === 'removed' && record.of === 'user' ? [record.id] : [];
}

async function listedAmong(
  ports: Pick<SourcePorts, 'stagedIds'>,
  ids: readonly string[],
): Promise<readonly string[]> {
  const wanted = new Set(ids);
  const found: string[] = [];
  let after: string | null = null;
  while (wanted.size > 0) {
    const page: readonly string[] = await ports.stagedIds('user', { after, limit: IDS_AT_ONCE });
    found.push(...page.filter((id) => wanted.has(id)));
    after = page.at(-1) ?? null;
    if (page.length < IDS_AT_ONCE) break;
  }
  return found;
}
