import type { SnapshotKind } from '#model';
import type { Source, SourceCheck } from '../../sdk/contract.js';
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
