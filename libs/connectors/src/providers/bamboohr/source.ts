import { isJsonObject } from '#kernel';
import type { SnapshotFinding, SnapshotKind, SnapshotRecord } from '#model';
import type { Source, SourceCheck } from '../../sdk/contract.js';
import { peopleIn, unreadableWarnings } from '../../sdk/hr/unreadable.js';
import type { SourcePorts } from '../../sdk/ports.js';
import { BamboohrClient, IDS_PER_CALL } from './client.js';
import type { BamboohrConfig } from './config.js';
import { EmployeeMapper } from './map-employee.js';
import { bamboohrStreams, expectReadable } from './streams.js';

const SAMPLES = 3;

export function connect(config: BamboohrConfig, ports: SourcePorts): Source {
  const client = new BamboohrClient(config, ports);
  return {
    streams: (run) => bamboohrStreams({ client, config, ports }, run),
    check: () => check(client, config, ports),
    lookUp: (kind, ids) => lookUp(client, kind, ids),
  };
}

async function check(
  client: BamboohrClient,
  config: BamboohrConfig,
  { clock }: SourcePorts,
): Promise<SourceCheck> {
  const { items, total } = await client.employees(null);
  expectReadable(items, config);
  const mapper = new EmployeeMapper(config);
  const records: SnapshotRecord[] = items.flatMap((item) => [...mapper.map(item, clock.now()).records]);
  const people = peopleIn(records);
  const groups = records.filter(({ kind }) => kind === 'group');
  return {
    users: total,
    groups: items.length === total ? groups.length : null,
    samples: [...people.slice(0, SAMPLES), ...groups.slice(0, SAMPLES)],
    warnings: unreadableWarnings(people),
  };
}

/**
 * Only BambooHR's own word makes somebody gone. Of whom it counts and does not show, the key has lost sight: they stay. Who
 * is neither is left to two whole listings. Groups are made by us; there is nobody to ask about them.
 */
async function lookUp(
  client: BamboohrClient,
  kind: SnapshotKind,
  ids: readonly string[],
): Promise<ReadonlyMap<string, SnapshotFinding>> {
  const found = new Map<string, SnapshotFinding>();
  if (kind !== 'user' || ids.length === 0) return found;
  const deleted = await client.everDeleted();
  for (const id of ids) if (deleted.has(id)) found.set(id, 'gone');
  for (let index = 0; index < ids.length; index += IDS_PER_CALL)
    for (const [id, finding] of await askFor(client, ids.slice(index, index + IDS_PER_CALL)))
      if (finding === 'present' || !found.has(id)) found.set(id, finding);
  return found;
}

async function askFor(
  client: BamboohrClient,
  ids: readonly string[],
): Promise<ReadonlyMap<string, SnapshotFinding>> {
  const { items, total } = await client.employeesById(ids);
  const shown = items.flatMap((item) =>
    isJsonObject(item) && typeof item['employeeId'] === 'string' ? [item['employeeId']] : [],
  );
  const unshown = total > items.length ? ids.filter((id) => !shown.includes(id)) : [];
  return new Map([
    ...shown.map((id) => [id, 'present'] as const),
    ...unshown.map((id) => [id, 'unanswered'] as const),
  ]);
}
