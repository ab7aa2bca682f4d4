import type { SnapshotKind, SnapshotMember } from '#model';
import type { Source, SourceCheck } from '../../sdk/contract.js';
import { listedIds, lookUpByMember, plural } from '../../sdk/look-up.js';
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
    lookUpMembers: (asked) => lookUpByMember(asked, (member) => groupsOf(client, member)),
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
 * The groups that list a member. `checkMemberGroups` would be one question, but counts who is in a group by way of
 * another one. Undefined when Graph does not know the member, which says nothing of its groups.
 */
function groupsOf(
  client: GraphClient,
  { kind, id }: SnapshotMember,
): Promise<ReadonlySet<string> | undefined> {
  return listedIds((link) => (link === null ? client.memberOf(plural(kind), id) : client.membersNext(link)));
}
