import type { SnapshotKind } from '#model';
import type { Source, SourceCheck } from '../../sdk/contract.js';
import type { SourcePorts } from '../../sdk/ports.js';
import { HibobClient } from './client.js';
import type { HibobConfig } from './config.js';
import { PersonMapper } from './map-person.js';
import { expectReadable, hibobStreams } from './streams.js';

const SAMPLES = 3;
/** People that a connection test reads. */
const SOME = 100;

export function connect(config: HibobConfig, ports: SourcePorts): Source {
  const client = new HibobClient(config, ports);
  return {
    streams: () => hibobStreams({ client, config, ports }),
    check: () => check(client, config, ports),
    lookUp: (kind, ids) => lookUp(client, kind, ids),
  };
}

/**
 * Only who is there. Whom Bob does not show may as well be hidden from the service user. Groups are made by us; there is
 * nobody to ask about them.
 */
async function lookUp(
  client: HibobClient,
  kind: SnapshotKind,
  ids: readonly string[],
): Promise<ReadonlyMap<string, 'present' | 'gone'>> {
  if (kind !== 'user' || ids.length === 0) return new Map();
  const found = await client.people(ids);
  return new Map([...found.keys()].map((id) => [id, 'present']));
}

async function check(client: HibobClient, config: HibobConfig, { clock }: SourcePorts): Promise<SourceCheck> {
  const { ids } = await client.ids();
  const warnings: string[] = [];
  if (ids.length === 0)
    warnings.push(
      'Bob shows nobody. A service user sees people only when it is in a permission group that has access to them.',
    );
  const some = ids.slice(0, SOME);
  const people = some.length === 0 ? new Map() : await client.people(some);
  expectReadable([...people.values()], config);
  const mapper = new PersonMapper(config);
  const records = [...people].flatMap(([id, person]) => mapper.map(id, person, clock.now()));
  const persons = records.filter(
    (record) => record.kind === 'user' || (record.kind === 'invalid' && record.of === 'user'),
  );
  const unreadable = persons.filter(({ kind }) => kind === 'invalid').length;
  if (unreadable > 0)
    warnings.push(
      `${unreadable} of ${persons.length} people cannot be read. They stay as they were; see the samples.`,
    );
  const groups = records.filter(({ kind }) => kind === 'group');
  return {
    users: ids.length,
    groups: some.length === ids.length ? groups.length : null,
    samples: [...persons.slice(0, SAMPLES), ...groups.slice(0, SAMPLES)],
    warnings,
  };
}
