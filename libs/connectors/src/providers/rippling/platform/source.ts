import { isJsonObject, type JsonValue } from '#kernel';
import type { Source, SourceCheck, SourcePage } from '../../../sdk/contract.js';
import { vendorPages } from '../../../sdk/paged-stream.js';
import type { SourcePorts } from '../../../sdk/ports.js';
import type { RipplingConfig } from '../config.js';
import { PlatformClient } from './client.js';
import { Departments } from './departments.js';
import { expectShown } from './fields.js';
import { PlatformMapper } from './map-employee.js';

const SAMPLES = 3;

interface PlatformParts {
  readonly client: PlatformClient;
  readonly config: RipplingConfig;
  readonly ports: SourcePorts;
}

/**
 * Companies whose keys are for the older API: employees, departments and places of work. It has neither changes that are
 * of use nor a documented answer for somebody who is not there, so every run is a full one, and an absence is proved by
 * two of them.
 */
export function connectPlatform(config: RipplingConfig, ports: SourcePorts): Source {
  const parts = { client: new PlatformClient(config, ports), config, ports };
  return {
    streams: () => [
      {
        id: 'users',
        covers: ['users', 'groups', 'memberships'],
        pages: (from) => readEmployees(parts, from),
      },
    ],
    check: () => check(parts),
  };
}

async function* readEmployees(parts: PlatformParts, from: JsonValue | null): AsyncGenerator<SourcePage> {
  const { client, config, ports } = parts;
  const departments = await readDepartments(parts);
  const mapper = new PlatformMapper(config);
  const token = isJsonObject(from) && typeof from['token'] === 'string' ? from['token'] : null;
  let isFirst = from === null;
  let listed = isFirst ? mapper.listed(departments) : [];
  for await (const page of vendorPages((next) => client.employees(next), token)) {
    if (isFirst) expectShown(page.items, config);
    isFirst = false;
    const records = [
      ...listed,
      ...page.items.flatMap((item) => mapper.map(item, departments, ports.clock.now())),
    ];
    listed = [];
    if (page.next !== null) yield { records, next: { token: page.next } };
    else
      yield {
        records,
        end: {
          complete: true,
          proof: 'Rippling was asked on until it sent nobody, each page joined to the one before.',
        },
      };
  }
}

async function readDepartments({ client, config }: PlatformParts): Promise<Departments> {
  return new Departments(config.shared.has('department') ? await client.departments() : []);
}

async function check(parts: PlatformParts): Promise<SourceCheck> {
  const { items } = await parts.client.employees(null);
  expectShown(items, parts.config);
  const departments = await readDepartments(parts);
  const mapper = new PlatformMapper(parts.config);
  const now = parts.ports.clock.now();
  const records = items.flatMap((item) => mapper.map(item, departments, now));
  const people = records.filter(
    (record) => record.kind === 'user' || (record.kind === 'invalid' && record.of === 'user'),
  );
  const groups = [...mapper.listed(departments), ...records].filter(({ kind }) => kind === 'group');
  return {
    users: null,
    groups: null,
    samples: [...people.slice(0, SAMPLES), ...groups.slice(0, SAMPLES)],
    warnings: ['The platform API is the older one. It knows no teams, no legal entities and no supergroups.'],
  };
}
