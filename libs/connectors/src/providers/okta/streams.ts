import type { JsonValue } from '#kernel';
import type { SnapshotMember } from '#model';
import type { RunRequest, SourcePage, SourceStream } from '../../sdk/contract.js';
import { memberStream, stagedGroups } from '../../sdk/member-stream.js';
import { pagedStream, vendorPages, type VendorPage } from '../../sdk/paged-stream.js';
import type { SourcePorts } from '../../sdk/ports.js';
import { unlessRefused } from '../../sdk/unless-refused.js';
import type { OktaClient } from './client.js';
import type { OktaConfig } from './config.js';
import { manifest } from './manifest.js';
import { mapDeletion, mapGroup, mapMember } from './map-group.js';
import { mapUser } from './map-user.js';

export interface OktaParts {
  readonly client: OktaClient;
  readonly config: OktaConfig;
  readonly ports: SourcePorts;
}

const BEGINNING = '1970-01-01T00:00:00.000Z';
/** Changes that were being written while the last run read the clock. */
const OVERLAP_MS = 5 * 60_000;
const PROOF = 'Okta sent no next link.';
const DELETIONS = 'eventType eq "user.lifecycle.delete.completed" or eventType eq "group.lifecycle.delete"';

export function oktaStreams(parts: OktaParts, run: RunRequest): readonly SourceStream[] {
  const since = (id: string): string | undefined => {
    const cursor = run.mode === 'incremental' ? run.cursors.get(id) : undefined;
    return typeof cursor === 'string' ? cursor : undefined;
  };
  return [
    users(parts, since('users')),
    groups(parts, since('groups')),
    memberships(parts, since('memberships')),
    removals(parts, since('removals')),
  ];
}

function users({ client }: OktaParts, since: string | undefined): SourceStream {
  return pagedStream({
    id: 'users',
    covers: since === undefined ? ['users'] : [],
    fetch: (token) => client.users(since ?? BEGINNING, token),
    map: (item) => [mapUser(item)],
    proof: PROOF,
    cursor: overlapped,
  });
}

function groups({ client, config }: OktaParts, since: string | undefined): SourceStream {
  const filter = since === undefined ? undefined : `lastUpdated ge "${since}"`;
  return pagedStream({
    id: 'groups',
    covers: since === undefined ? ['groups'] : [],
    fetch: (token) => client.groups(filter, token),
    map: (item) => [mapGroup(item, config)],
    proof: PROOF,
    cursor: overlapped,
  });
}

function memberships(parts: OktaParts, since: string | undefined): SourceStream {
  return memberStream({
    id: 'memberships',
    covers: since === undefined ? ['memberships'] : [],
    groups: (after) =>
      since === undefined ? stagedGroups(parts.ports, after) : changedGroups(parts, since, after),
    read: (ids) => Promise.all(ids.map((id) => membersOf(parts.client, id))),
    groupsPerRead: 1,
    concurrency: manifest.limits.concurrency,
    replaces: since !== undefined,
    proof: PROOF,
    mark: async () => {
      const time = await parts.client.time();
      return time === undefined ? undefined : overlapped(time);
    },
  });
}

/** Groups whose members changed, in the order of their ids so that a checkpoint means something. */
async function* changedGroups(
  { client, config }: OktaParts,
  since: string,
  after: string | null,
): AsyncGenerator<string> {
  const filter = `lastMembershipUpdated ge "${since}"`;
  const ids = new Set<string>();
  for await (const page of vendorPages((token) => client.groups(filter, token)))
    for (const record of page.items.map((item) => mapGroup(item, config)))
      if (record.kind === 'group') ids.add(record.group.sourceId);
  yield* [...ids].sort().filter((id) => after === null || id > after);
}

async function membersOf(client: OktaClient, groupId: string): Promise<readonly SnapshotMember[] | null> {
  const members: SnapshotMember[] = [];
  const fetch = async (token: string | null): Promise<VendorPage> => {
    const page = await client.members(groupId, token);
    if (page === null) throw new GroupGone();
    return page;
  };
  try {
    for await (const page of vendorPages(fetch)) members.push(...page.items.map(mapMember));
    return members;
  } catch (error) {
    if (error instanceof GroupGone) return null;
    throw error;
  }
}

class GroupGone extends Error {}

/**
 * What the System Log says was deleted since the last run. Without a cursor there is nothing to tell yet, only a place
 * to begin at. A credential without the right to read the log leaves deletions to full runs.
 */
function removals({ client, ports }: OktaParts, cursor: string | undefined): SourceStream {
  async function* pages(from: JsonValue | null): AsyncGenerator<SourcePage> {
    let last = typeof from === 'string' ? from : (cursor ?? null);
    const since = ports.clock.now().toISOString();
    const fetch = async (token: string | null): Promise<VendorPage> => {
      const page = await client.log(DELETIONS, since, token);
      last = page.next ?? last;
      // The log never ends: an empty page is where it stands now.
      return page.items.length === 0 ? { ...page, next: null } : page;
    };
    for await (const { items, next } of vendorPages(fetch, last)) {
      const records = items.flatMap(mapDeletion);
      if (next !== null) yield { records, next };
      else
        yield {
          records,
          end: { complete: true, proof: 'The log is read up to now.', cursor: last ?? undefined },
        };
    }
  }
  return {
    id: 'removals',
    covers: [],
    pages: (from) => unlessRefused(pages(from), 'The System Log may not be read.'),
  };
}

function overlapped(mark: JsonValue): string {
  return new Date(Date.parse(mark as string) - OVERLAP_MS).toISOString();
}
