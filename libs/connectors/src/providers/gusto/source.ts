import type { SnapshotRecord } from '#model';
import type { Source, SourceCheck, SourcePage, SourceStream } from '../../sdk/contract.js';
import { peopleIn, unreadableWarnings } from '../../sdk/hr/unreadable.js';
import { lookUpEach } from '../../sdk/look-up.js';
import { pagedStream } from '../../sdk/paged-stream.js';
import type { SourcePorts } from '../../sdk/ports.js';
import type { JsonValue } from '#kernel';
import { GustoClient, type Population } from './client.js';
import type { GustoConfig } from './config.js';
import { Locations } from './locations.js';
import { mapDepartment } from './map-department.js';
import { PersonMapper } from './map-person.js';

const SAMPLES = 3;
const PROOF = 'As many entries as Gusto counts were read.';

interface GustoParts {
  readonly client: GustoClient;
  readonly config: GustoConfig;
  readonly ports: SourcePorts;
}

export function connect(config: GustoConfig, ports: SourcePorts): Source {
  const parts = { client: new GustoClient(config, ports), config, ports };
  return {
    streams: () => gustoStreams(parts),
    check: () => check(parts),
    lookUp: (kind, ids) => lookUpEach(kind === 'user' ? ids : [], (id) => exists(parts, id)),
  };
}

function gustoStreams(parts: GustoParts): readonly SourceStream[] {
  const { client, config } = parts;
  const isWanted = config.rules.groupTypes.includes('department');
  return [
    people(parts, 'employees'),
    ...(config.contractors ? [people(parts, 'contractors')] : []),
    ...(isWanted
      ? [
          pagedStream({
            id: 'groups',
            covers: ['groups', 'memberships'],
            fetch: async () => ({ items: await client.departments(), next: null }),
            map: (item) => mapDepartment(item, config.contractors),
            proof: PROOF,
          }),
        ]
      : []),
  ];
}

/** Places of work stand at people's jobs, so these streams say who is where. */
function people({ client, config, ports }: GustoParts, population: Population): SourceStream {
  return {
    id: population === 'employees' ? 'users' : population,
    covers: ['users', 'groups', 'memberships'],
    pages: async function* (from: JsonValue | null): AsyncGenerator<SourcePage> {
      const locations = await readLocations(client, config);
      const mapper = new PersonMapper(config);
      yield* pagedStream({
        id: population,
        covers: [],
        fetch: (token) => client.people(population, token),
        map: (item) => mapper.map(item, population, { locations, now: ports.clock.now() }),
        proof: PROOF,
      }).pages(from);
    },
  };
}

async function readLocations(client: GustoClient, { rules }: GustoConfig): Promise<Locations> {
  return new Locations(rules.groupTypes.includes('location') ? await client.locations() : []);
}

/** Gone is who is neither an employee nor a contractor. */
async function exists(
  { client, config }: GustoParts,
  id: string,
): Promise<boolean | 'unanswered' | undefined> {
  const isEmployee = await client.exists('employees', id);
  if (isEmployee !== false || !config.contractors) return isEmployee;
  return client.exists('contractors', id);
}

async function check({ client, config, ports }: GustoParts): Promise<SourceCheck> {
  const employees = await client.people('employees', null);
  const contractors = config.contractors ? await client.people('contractors', null) : undefined;
  const departments = config.rules.groupTypes.includes('department') ? await client.departments() : [];
  const context = { locations: await readLocations(client, config), now: ports.clock.now() };
  const mapper = new PersonMapper(config);
  const records: readonly SnapshotRecord[] = [
    ...employees.items.flatMap((item) => mapper.map(item, 'employees', context)),
    ...(contractors?.items ?? []).flatMap((item) => mapper.map(item, 'contractors', context)),
  ];
  const found = peopleIn(records);
  const groups = departments
    .flatMap((item) => mapDepartment(item, config.contractors))
    .filter(({ kind }) => kind === 'group');
  return {
    users: (employees.total ?? 0) + (contractors?.total ?? 0),
    groups: departments.length + context.locations.ids().length,
    samples: [...found.slice(0, SAMPLES), ...groups.slice(0, SAMPLES)],
    warnings: unreadableWarnings(found),
  };
}
