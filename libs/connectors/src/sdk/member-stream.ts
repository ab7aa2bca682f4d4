import { isJsonObject, type JsonObject, type JsonValue } from '#kernel';
import type { SnapshotMember, SnapshotRecord } from '#model';
import type { SourcePage, SourceStream } from './contract.js';
import { AttributeError } from './decode.js';
import { mapParallel } from './map-parallel.js';
import type { SourcePorts } from './ports.js';

const GROUPS_PER_PAGE = 20;
const MEMBERS_PER_PAGE = 5_000;
const MEMBERS_PER_RECORD = 1_000;
const IDS_AT_ONCE = 500;

/** What is known of one group: its members, that it is not there any more (null), or why its members are not known. */
export type FoundMembers = readonly SnapshotMember[] | { readonly problem: string } | null;

/** Members of many groups, read group by group. */
export interface MemberListing extends Pick<SourceStream, 'id' | 'covers'> {
  /** Ids of the groups after one, in ascending order. */
  readonly groups: (after: string | null) => AsyncIterable<string>;
  /** All members of each group, in the same order. @throws SourceError */
  readonly read: (groupIds: readonly string[]) => Promise<readonly FoundMembers[]>;
  /** Groups that one `read` takes. */
  readonly groupsPerRead: number;
  /** How many `read` run at the same time. */
  readonly concurrency: number;
  /** For incremental runs: what was read is a group's whole new list. */
  readonly replaces: boolean;
  readonly proof: string;
  /** The vendor's time before the first group is read; becomes the cursor. Undefined when the vendor does not say. */
  readonly mark?: () => Promise<JsonValue | undefined>;
}

/** A page holds several groups as a whole, and its checkpoint is the last of them. */
export function memberStream(listing: MemberListing): SourceStream {
  return {
    id: listing.id,
    covers: listing.covers,
    pages: (from) => readMembers(listing, isJsonObject(from) ? from : undefined),
  };
}

/** The groups that this run has staged. */
export async function* stagedGroups(ports: SourcePorts, after: string | null): AsyncGenerator<string> {
  for (let last = after; ;) {
    const ids = await ports.stagedIds('group', { after: last, limit: IDS_AT_ONCE });
    yield* ids;
    const next = ids.at(-1);
    if (next === undefined || ids.length < IDS_AT_ONCE) return;
    last = next;
  }
}

async function* readMembers(
  listing: MemberListing,
  from: JsonObject | undefined,
): AsyncGenerator<SourcePage> {
  const mark = from === undefined ? await listing.mark?.() : from['mark'];
  const after = typeof from?.['after'] === 'string' ? from['after'] : null;
  let batch: GroupMembers[] = [];
  for await (const chunk of readGroups(listing, after)) {
    batch.push(...chunk);
    if (!isPage(batch)) continue;
    const last = batch.at(-1) as GroupMembers;
    yield { records: recordsOf(batch, listing.replaces), next: { after: last.id, mark: mark ?? null } };
    batch = [];
  }
  yield {
    records: recordsOf(batch, listing.replaces),
    end: { complete: true, proof: listing.proof, cursor: mark ?? undefined },
  };
}

function isPage(batch: readonly GroupMembers[]): boolean {
  return batch.length >= GROUPS_PER_PAGE || countMembers(batch) >= MEMBERS_PER_PAGE;
}

function readGroups(listing: MemberListing, after: string | null): AsyncGenerator<GroupMembers[]> {
  return mapParallel(chunked(listing.groups(after), listing.groupsPerRead), listing.concurrency, (ids) =>
    readSome(listing, ids),
  );
}

/** A member that cannot be decoded leaves its own group unread, and no other. */
async function readSome(listing: MemberListing, ids: readonly string[]): Promise<GroupMembers[]> {
  try {
    return (await listing.read(ids)).map((found, index) => groupMembers(ids[index] as string, found));
  } catch (error) {
    if (!(error instanceof AttributeError)) throw error;
    if (ids.length === 1)
      return [{ id: ids[0] as string, found: null, problem: `A member: ${error.message}` }];
    return (await Promise.all(ids.map((id) => readSome(listing, [id])))).flat();
  }
}

function groupMembers(id: string, found: FoundMembers): GroupMembers {
  return found !== null && 'problem' in found ? { id, found: null, problem: found.problem } : { id, found };
}

function countMembers(batch: readonly GroupMembers[]): number {
  return batch.reduce((sum, { found }) => sum + (found?.length ?? 0), 0);
}

interface GroupMembers {
  readonly id: string;
  readonly found: readonly SnapshotMember[] | null;
  /** Why nothing was found; without it the group is not there. */
  readonly problem?: string;
}

async function* chunked(ids: AsyncIterable<string>, size: number): AsyncGenerator<readonly string[]> {
  let chunk: string[] = [];
  for await (const id of ids) {
    chunk.push(id);
    if (chunk.length < size) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}

function recordsOf(batch: readonly GroupMembers[], replaces: boolean): SnapshotRecord[] {
  return batch.flatMap((group) => groupRecords(group, replaces));
}

function groupRecords({ id: groupId, found, problem }: GroupMembers, replaces: boolean): SnapshotRecord[] {
  // A new group may not be readable for a minute: its last good members stay, and the next run settles it.
  if (found === null)
    return [
      {
        kind: 'invalid',
        of: 'membership',
        id: groupId,
        problem: problem ?? 'The group was listed, but is not there.',
      },
    ];
  const records: SnapshotRecord[] = replaces
    ? [{ kind: 'members', groupId, members: [], replaces: true }]
    : [];
  for (let start = 0; start < found.length; start += MEMBERS_PER_RECORD)
    records.push({ kind: 'members', groupId, members: found.slice(start, start + MEMBERS_PER_RECORD) });
  return records;
}
