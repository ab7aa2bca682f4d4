import type { SnapshotFinding, SnapshotKind, SnapshotRecord } from '#model';
import type { Source, SourceCheck, SourceStream } from '../../sdk/contract.js';
import { isJsonObject, type JsonValue } from '#kernel';
import { peopleIn, unreadableWarnings } from '../../sdk/hr/unreadable.js';
import { readOffsetPage, type OffsetListing } from '../../sdk/offset-pages.js';
import { pagedStream } from '../../sdk/paged-stream.js';
import { lookUpEach } from '../../sdk/look-up.js';
import type { SourcePorts } from '../../sdk/ports.js';
import { PersonioClient } from './client.js';
import type { PersonioConfig } from './config.js';
import { EmployeeMapper } from './map-employee.js';
import { connectPersons } from './v2/source.js';

const SAMPLES = 3;

export function connect(config: PersonioConfig, ports: SourcePorts): Source {
  if (config.api === 'v2') return connectPersons(config, ports);
  const client = new PersonioClient(config, ports);
  return {
    streams: () => [employees(client, config, ports)],
    check: () => check(client, config, ports),
    lookUp: (kind, ids) => lookUp(client, kind, ids),
  };
}

/** Departments, offices and teams stand inside the people, so one stream says everything. */
function employees(client: PersonioClient, config: PersonioConfig, { clock }: SourcePorts): SourceStream {
  const listing: OffsetListing = { read: (offset) => client.employees(offset), keyOf };
  const mapper = new EmployeeMapper(config);
  return pagedStream({
    id: 'users',
    covers: ['users', 'groups', 'memberships'],
    fetch: (token) => readOffsetPage(listing, token),
    map: (item) => mapper.map(item, clock.now()),
    proof: 'As many employees as Personio counts were read, each page joined to the one before.',
  });
}

async function check(
  client: PersonioClient,
  config: PersonioConfig,
  { clock }: SourcePorts,
): Promise<SourceCheck> {
  const { items, total } = await client.employees(0);
  const mapper = new EmployeeMapper(config);
  const records: SnapshotRecord[] = items.flatMap((item) => mapper.map(item, clock.now()));
  const people = peopleIn(records);
  const groups = records.filter(({ kind }) => kind === 'group');
  return {
    users: total,
    groups: items.length === total ? groups.length : null,
    samples: [...people.slice(0, SAMPLES), ...groups.slice(0, SAMPLES)],
    warnings: unreadableWarnings(people),
  };
}

/** Groups are made by us; there is nobody to ask about them. */
function lookUp(
  client: PersonioClient,
  kind: SnapshotKind,
  ids: readonly string[],
): Promise<ReadonlyMap<string, SnapshotFinding>> {
  return lookUpEach(kind === 'user' ? ids : [], (id) => client.exists(id));
}

function keyOf(item: JsonValue): string {
  return JSON.stringify((isJsonObject(item) ? item['id'] : undefined) ?? null);
}
