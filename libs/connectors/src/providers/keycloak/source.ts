import type { Source, SourceCheck } from '../../sdk/contract.js';
import { lookUpEach } from '../../sdk/look-up.js';
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
