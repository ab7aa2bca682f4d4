import type { SnapshotFinding, SnapshotKind, SnapshotMembership, SnapshotRecord } from '#model';
import type { Source, SourceCheck } from '../../sdk/contract.js';
import { lookUpByMember, lookUpEach } from '../../sdk/look-up.js';
import type { VendorPage } from '../../sdk/paged-stream.js';
import type { SourcePorts } from '../../sdk/ports.js';
import { OneLoginClient } from './client.js';
import type { OneLoginConfig } from './config.js';
import { addressOf, groupId, roleId, roleIn } from './ids.js';
import { mapGroup } from './map-group.js';
import { mapUser } from './map-user.js';
import { oneLoginStreams } from './streams.js';

const SAMPLES = 3;

export function connect(config: OneLoginConfig, ports: SourcePorts): Source {
  const client = new OneLoginClient(config, ports);
  return {
    streams: () => oneLoginStreams({ client, config, ports }),
    check: () => check(client, config),
    lookUp: (kind, ids) => lookUpEach(ids, (id) => exists(client, kind, id)),
    lookUpMembers: (asked) => lookUpMembers(client, asked),
  };
}

async function exists(
  client: OneLoginClient,
  kind: SnapshotKind,
  id: string,
): Promise<boolean | 'unanswered' | undefined> {
  const address = addressOf(kind, id);
  return address === null ? undefined : client.exists(address.kind, address.id);
}

/** Only of roles: who is in a group stands in the record of the person, which is read with the people. */
function lookUpMembers(
  client: OneLoginClient,
  asked: readonly SnapshotMembership[],
): Promise<ReadonlyMap<SnapshotMembership, SnapshotFinding>> {
  return lookUpByMember(
    asked.filter(({ groupId: id }) => roleIn(id) !== null),
    async ({ id }) => {
      const roles = await client.rolesOf(id);
      return roles && new Set([...roles].map(roleId));
    },
  );
}

async function check(client: OneLoginClient, config: OneLoginConfig): Promise<SourceCheck> {
  const users = await client.users(null);
  const roles = config.hasRoles ? await client.roles(null) : undefined;
  const groups = config.hasGroups ? await client.groups(null) : undefined;
  const found: readonly SnapshotRecord[] = [
    ...(roles?.items ?? []).flatMap((item) => mapGroup(item, roleId)),
    ...(groups?.items ?? []).flatMap((item) => mapGroup(item, groupId)),
  ];
  await readMembersOnce(client, found);
  return {
    users: countOf(users),
    groups: sum([roles, groups].map((page) => (page === undefined ? 0 : countOf(page)))),
    samples: [...users.items.map(mapUser).slice(0, SAMPLES), ...found.slice(0, SAMPLES)],
    warnings: [],
  };
}

/** Lists may be readable whose members are not. */
async function readMembersOnce(client: OneLoginClient, found: readonly SnapshotRecord[]): Promise<void> {
  const first = found.find((record) => record.kind === 'group' && roleIn(record.group.sourceId) !== null);
  if (first?.kind === 'group') await client.roleUsers(roleIn(first.group.sourceId) as string);
}

function countOf({ items, next, total }: VendorPage): number | null {
  return total ?? (next === null ? items.length : null);
}

function sum(counts: readonly (number | null)[]): number | null {
  return counts.reduce((all, count) => (all === null || count === null ? null : all + count), 0);
}
