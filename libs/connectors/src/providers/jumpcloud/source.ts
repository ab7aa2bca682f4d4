import type { SnapshotFinding, SnapshotKind } from '#model';
import type { Source, SourceCheck } from '../../sdk/contract.js';
import { listedIds, lookUpByMember, lookUpEach, plural } from '../../sdk/look-up.js';
import { readOffsetPage, type OffsetSlice } from '../../sdk/offset-pages.js';
import type { SourcePorts } from '../../sdk/ports.js';
import { readAgain } from '../../sdk/read-again.js';
import { JumpcloudClient } from './client.js';
import type { JumpcloudConfig } from './config.js';
import { mapGroup } from './map-group.js';
import { mapUser } from './map-user.js';
import { jumpcloudStreams, keyAt } from './streams.js';

const SAMPLES = 3;

export function connect(config: JumpcloudConfig, ports: SourcePorts): Source {
  const client = new JumpcloudClient(config, ports);
  return {
    streams: () => jumpcloudStreams(client, ports),
    check: () => check(client),
    lookUp: (kind, ids) => lookUp(client, kind, ids),
    lookUpMembers: (asked) => lookUpByMember(asked, ({ id }) => readAgain(() => groupsOf(client, id))),
  };
}

async function check(client: JumpcloudClient): Promise<SourceCheck> {
  const users = await client.users(0);
  const groups = await client.groups(0);
  const samples = groups.items.slice(0, SAMPLES).map(mapGroup);
  const first = samples.find((record) => record.kind === 'group');
  if (first !== undefined) await client.members(first.group.sourceId, 0);
  return {
    users: users.total,
    groups: groups.isCounted || groups.items.length === 0 ? groups.total : null,
    samples: [...users.items.slice(0, SAMPLES).map(mapUser), ...samples],
    warnings: users.total === 0 ? ['The organization was found, but it has no users.'] : [],
  };
}

/**
 * JumpCloud says "not found" of an organization too; so an absence counts only while the organization is there, and
 * somebody who is listed is found.
 */
async function lookUp(
  client: JumpcloudClient,
  kind: SnapshotKind,
  ids: readonly string[],
): Promise<ReadonlyMap<string, SnapshotFinding>> {
  const found = await lookUpEach(ids, (id) => client.exists(plural(kind), id));
  const isBelieved = ![...found.values()].includes('gone') || (await client.findsSingle(plural(kind)));
  return isBelieved ? found : new Map([...found].filter(([, answer]) => answer !== 'gone'));
}

/** JumpCloud knows no groups in groups. Undefined when it does not know the user, which says nothing of the groups. */
async function groupsOf(client: JumpcloudClient, userId: string): Promise<ReadonlySet<string> | undefined> {
  let isKnown = true;
  const read = async (skip: number): Promise<OffsetSlice> => {
    const slice = await client.groupsOf(userId, skip);
    isKnown &&= slice !== null;
    return slice ?? { items: [], total: 0 };
  };
  const ids = await listedIds((token) => readOffsetPage({ read, keyOf: keyAt('id') }, token));
  return isKnown ? ids : undefined;
}
