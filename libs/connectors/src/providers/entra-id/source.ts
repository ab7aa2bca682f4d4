import type { SnapshotKind, SnapshotMember, SnapshotMembership } from '#model';
import type { Source, SourceCheck } from '../../sdk/contract.js';
import { listedIds, lookUpByMember } from '../../sdk/look-up.js';
import type { VendorPage } from '../../sdk/paged-stream.js';
import type { SourcePorts } from '../../sdk/ports.js';
import { SourceError } from '../../sdk/source-error.js';
import { BATCH, GraphClient } from './client.js';
import type { EntraConfig } from './config.js';
import { mapGroup } from './map-group.js';
import { mapUser } from './map-user.js';
import { entraStreams } from './streams.js';

const SAMPLES = 3;

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
  const users = await client.users(null);
  const groups = await client.groups(null);
  const warnings: string[] = [];
  try {
    await client.deletedUsers(null);
  } catch (error) {
    if (!(error instanceof SourceError) || error.code !== 'insufficient_permissions') throw error;
    warnings.push('Deleted users may not be read: their removal waits for the delta or for an approval.');
  }
  return {
    users: users.next === null ? users.items.length : null,
    groups: groups.next === null ? groups.items.length : null,
    samples: [
      ...users.items.flatMap((item) => mapUser(item, config) ?? []).slice(0, SAMPLES),
      ...groups.items.flatMap((item) => mapGroup(item, config)).slice(0, SAMPLES),
    ],
    warnings,
  };
}

async function lookUp(
  client: GraphClient,
  kind: SnapshotKind,
  ids: readonly string[],
): Promise<ReadonlyMap<string, 'present' | 'gone'>> {
  const found = new Map<string, 'present' | 'gone'>();
  for (let start = 0; start < ids.length; start += BATCH) {
    const some = ids.slice(start, start + BATCH);
    const answers = await client.exist(kind === 'user' ? 'users' : 'groups', some);
    answers.forEach((isThere, index) => {
      if (isThere !== undefined) found.set(some[index] as string, isThere ? 'present' : 'gone');
    });
  }
  return found;
}

/**
 * Reads which groups list a member. `checkMemberGroups` would be one question, but counts who is in a group by way of
 * another one. Whoever is not there is unknown: that says nothing of the groups.
 */
async function lookUpMembers(
  client: GraphClient,
  asked: readonly SnapshotMembership[],
): Promise<ReadonlyMap<SnapshotMembership, 'present' | 'gone'>> {
  const members = [...new Map(asked.map(({ member }) => [keyOf(member), member])).values()];
  const first = new Map<string, VendorPage | null>();
  for (let start = 0; start < members.length; start += BATCH) {
    const some = members.slice(start, start + BATCH);
    const pages = await client.memberOf(some);
    some.forEach((member, index) => first.set(keyOf(member), pages[index] ?? null));
  }
  return lookUpByMember(asked, (member) =>
    listedIds((link) =>
      link === null ? Promise.resolve(first.get(keyOf(member)) ?? null) : client.membersNext(link),
    ),
  );
}

function keyOf({ kind, id }: SnapshotMember): string {
  return `${kind}:${id}`;
}
