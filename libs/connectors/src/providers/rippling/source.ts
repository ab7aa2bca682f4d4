import type { SnapshotFinding, SnapshotKind, SnapshotRecord } from '#model';
import type { Source, SourceCheck } from '../../sdk/contract.js';
import { peopleIn, unreadableWarnings } from '../../sdk/hr/unreadable.js';
import { lookUpEach } from '../../sdk/look-up.js';
import type { SourcePorts } from '../../sdk/ports.js';
import { Catalog } from './catalog.js';
import { RipplingClient } from './client.js';
import type { RipplingConfig } from './config.js';
import { mapSupergroup, supergroupIn } from './map-supergroup.js';
import { WorkerMapper } from './map-worker.js';
import { connectPlatform } from './platform/source.js';
import { ripplingStreams } from './streams.js';
import { expectReadable, type RipplingParts } from './worker-pages.js';

const SAMPLES = 3;

export function connect(config: RipplingConfig, ports: SourcePorts): Source {
  if (config.api === 'platform') return connectPlatform(config, ports);
  const client = new RipplingClient(config, ports);
  const parts: RipplingParts = { client, config, ports };
  return {
    streams: (run) => ripplingStreams(parts, run),
    check: () => check(parts),
    lookUp: (kind, ids) => lookUp(client, kind, ids),
  };
}

async function check({ client, config, ports }: RipplingParts): Promise<SourceCheck> {
  const page = await client.workers(null);
  const mapper = new WorkerMapper(config);
  expectReadable(page, mapper);
  const catalog = await Catalog.read(client, config);
  const listed = mapper.listed(catalog);
  const context = { redacted: page.redacted, catalog, now: ports.clock.now() };
  const records = page.items.flatMap((item) => mapper.map(item, context).records);
  const people = peopleIn(records);
  const supergroups = config.supergroups ? await readSupergroups(client) : [];
  const groups = [...listed, ...records, ...supergroups].filter(({ kind }) => kind === 'group');
  return {
    users: page.next === null ? page.items.length : null,
    groups: page.next === null && !config.supergroups ? groups.length : null,
    samples: [...people.slice(0, SAMPLES), ...groups.slice(0, SAMPLES)],
    warnings: unreadableWarnings(people),
  };
}

/** Lists may be readable whose members are not. */
async function readSupergroups(client: RipplingClient): Promise<readonly SnapshotRecord[]> {
  const found = (await client.supergroups(null)).items.flatMap(mapSupergroup);
  const first = found.find((record) => record.kind === 'group');
  if (first?.kind === 'group')
    await client.supergroupMembers(supergroupIn(first.group.sourceId) as string, null);
  return found;
}

/** Groups are not asked about: most are made by us. */
function lookUp(
  client: RipplingClient,
  kind: SnapshotKind,
  ids: readonly string[],
): Promise<ReadonlyMap<string, SnapshotFinding>> {
  return lookUpEach(kind === 'user' ? ids : [], (id) => client.exists(id));
}
