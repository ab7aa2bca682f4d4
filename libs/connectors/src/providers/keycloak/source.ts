import type { SnapshotFinding, SnapshotMember, SnapshotMembership } from '#model';
import type { Source, SourceCheck } from '../../sdk/contract.js';
import { listedIds, lookUpByMember, lookUpEach } from '../../sdk/look-up.js';
import type { SourcePorts } from '../../sdk/ports.js';
import { KeycloakClient } from './client.js';
import type { KeycloakConfig } from './config.js';
import { mapGroup } from './map-group.js';
import { mapUser } from './map-user.js';
import { keycloakStreams } from './streams.js';

const SAMPLES = 3;

export function connect(config: KeycloakConfig, ports: SourcePorts): Source {
  const client = new KeycloakClient(config, ports);
  return {
    streams: (run) => keycloakStreams({ client, config, ports }, run),
    check: () => check(client, config),
    lookUp: (kind, ids) => lookUpEach(ids, (id) => client.exists(kind, id)),
    lookUpMembers: (asked) => lookUpMembers(client, asked),
  };
}

async function check(client: KeycloakClient, config: KeycloakConfig): Promise<SourceCheck> {
  await client.requireFullView();
  const { items } = await client.users().read(0);
  const groups = await client.topGroups().read(0);
  const users = await client.countUsers();
  return {
    users,
    groups: await client.countGroups(),
    samples: [
      ...items.flatMap((item) => mapUser(item, config.attributes)).slice(0, SAMPLES),
      ...groups.items.flatMap(mapGroup).slice(0, SAMPLES),
    ],
    warnings:
      items.length === 0 && users > 0 ? [`Keycloak counts ${users} users and lists none of them.`] : [],
  };
}

/** Lists leave out, without a word, what the service account may not see; so they count only where it sees all. */
async function lookUpMembers(
  client: KeycloakClient,
  asked: readonly SnapshotMembership[],
): Promise<ReadonlyMap<SnapshotMembership, SnapshotFinding>> {
  const found = await lookUpByMember(asked, (member) => groupsOf(client, member));
  await client.requireFullView();
  return found;
}

/** A subgroup is in one group at most; versions before 23 do not say in which. */
async function groupsOf(
  client: KeycloakClient,
  { kind, id }: SnapshotMember,
): Promise<ReadonlySet<string> | undefined> {
  if (kind === 'user') {
    const items = await client.groupsOf(id);
    return listedIds(() => Promise.resolve(items && { items, next: null }));
  }
  const parent = (await client.group(id))?.['parentId'];
  return typeof parent === 'string' ? new Set([parent]) : undefined;
}
