import { isJsonObject, type JsonValue } from '#kernel';
import type { SnapshotFinding, SnapshotKind, SnapshotMember, SnapshotMembership } from '#model';
import type { Source, SourceCheck } from '../../sdk/contract.js';
import { listedIds, lookUpByMember, plural, toFound } from '../../sdk/look-up.js';
import type { SourcePorts } from '../../sdk/ports.js';
import { sampleListing } from '../../sdk/sample-listing.js';
import { isRefusal } from '../../sdk/unless-refused.js';
import { GraphClient } from './client.js';
import { hidesMembers } from './hidden-members.js';
import type { EntraConfig } from './config.js';
import { mapGroup } from './map-group.js';
import { mapUser } from './map-user.js';
import { entraStreams } from './streams.js';

export function connect(config: EntraConfig, ports: SourcePorts): Source {
  const client = new GraphClient(config, ports);
  return {
    streams: (run) => entraStreams({ client, config, ports }, run),
    check: () => check(client, config),
    lookUp: (kind, ids) => lookUp(client, kind, ids),
    lookUpMembers: (asked) => lookUpMembers(client, asked),
  };
}

async function check(client: GraphClient, config: EntraConfig): Promise<SourceCheck> {
  const users = await sampleListing(
    (token) => client.users(token),
    (item) => mapUser(item, config),
  );
  const groups = await sampleListing(
    (token) => client.groups(token),
    (item) => mapGroup(item, config),
  );
  const warnings: string[] = [];
  try {
    await client.deletedUsers(null);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    warnings.push('Deleted users may not be read: their removal waits for the delta or for an approval.');
  }
  warnings.push(...(await hiddenMembers(client, groups.items)));
  return {
    users: users.count,
    groups: groups.count,
    samples: [...users.samples, ...groups.samples],
    warnings,
  };
}

/** Of the first group that hides its members: with the permission for that it has some. */
async function hiddenMembers(client: GraphClient, groups: readonly JsonValue[]): Promise<readonly string[]> {
  const hidden = groups.filter(isJsonObject).find(hidesMembers);
  if (hidden === undefined || typeof hidden['id'] !== 'string' || client.seesHiddenMembers) return [];
  const [page] = await client.members([hidden['id']]);
  if (page === null || page === undefined || page.items.length > 0) return [];
  return ['Some groups hide their members. Without Member.Read.Hidden nobody is read in them.'];
}

async function lookUp(
  client: GraphClient,
  kind: SnapshotKind,
  ids: readonly string[],
): Promise<ReadonlyMap<string, SnapshotFinding>> {
  const answers = await client.exist(plural(kind), ids);
  return new Map(
    ids.flatMap((id, index) => {
      const isThere = answers[index];
      return isThere === undefined ? [] : [[id, toFound(isThere)]];
    }),
  );
}

/**
 * Reads which groups list a member. `checkMemberGroups` would be one question, but counts who is in a group by way of
 * another one. Whoever is not there is unknown: that says nothing of the groups.
 */
async function lookUpMembers(
  client: GraphClient,
  asked: readonly SnapshotMembership[],
): Promise<ReadonlyMap<SnapshotMembership, SnapshotFinding>> {
  const members = [...new Map(asked.map(({ member }) => [keyOf(member), member])).values()];
  const pages = await client.memberOf(members);
  const first = new Map(members.map((member, index) => [keyOf(member), pages[index] ?? null]));
  return lookUpByMember(asked, (member) =>
    listedIds((link) =>
      link === null ? Promise.resolve(first.get(keyOf(member)) ?? null) : client.membersNext(link),
    ),
  );
}

function keyOf({ kind, id }: SnapshotMember): string {
  return `${kind}:${id}`;
}
