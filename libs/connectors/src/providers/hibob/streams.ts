import { isJsonObject, type JsonObject, type JsonValue } from '#kernel';
import type { SnapshotRecord } from '#model';
import type { SourcePage, SourceStream } from '../../sdk/contract.js';
import type { SourcePorts } from '../../sdk/ports.js';
import { SourceError } from '../../sdk/source-error.js';
import type { HibobClient } from './client.js';
import type { HibobConfig } from './config.js';
import { NEEDED_FIELDS } from './fields.js';
import { flatten } from './flat-person.js';
import { manifest } from './manifest.js';
import { PersonMapper } from './map-person.js';

export interface HibobParts {
  readonly client: HibobClient;
  readonly config: HibobConfig;
  readonly ports: SourcePorts;
}

const BATCH = manifest.limits.pageSize;
const PROOF = 'Bob was asked for everybody whom it lists.';
/** In a smaller company a field may well be empty of everybody. */
const FEW = 5;

/** Departments, sites and teams stand inside the people, so one stream says everything. */
export function hibobStreams(parts: HibobParts): readonly SourceStream[] {
  return [
    { id: 'users', covers: ['users', 'groups', 'memberships'], pages: (from) => readEverybody(parts, from) },
  ];
}

async function* readEverybody(
  { client, config, ports }: HibobParts,
  from: JsonValue | null,
): AsyncGenerator<SourcePage> {
  const after = isJsonObject(from) && typeof from['after'] === 'string' ? from['after'] : '';
  const listed = await client.ids();
  const ids = listed.ids.filter((id) => id > after);
  const mapper = new PersonMapper(config);
  const total = listed.ids.length + listed.unreadable;
  let index = 0;
  do {
    const batch = ids.slice(index, index + BATCH);
    const people = batch.length === 0 ? new Map<string, JsonObject>() : await client.people(batch);
    if (from === null && index === 0) expectReadable([...people.values()], config);
    const records = batch.flatMap((id) => {
      const person = people.get(id);
      return person === undefined ? mapper.unshown(id) : mapper.map(id, person, ports.clock.now());
    });
    index += BATCH;
    if (index < ids.length) yield { records, total, next: { after: batch.at(-1) as string } };
    else
      yield {
        records: [...records, ...namelessRecords(listed.unreadable)],
        total,
        end: { complete: true, proof: PROOF },
      };
  } while (index < ids.length);
}

function namelessRecords(count: number): readonly SnapshotRecord[] {
  if (count === 0) return [];
  return [
    {
      kind: 'invalid',
      of: 'user',
      id: null,
      problem: `Bob lists ${count} people without an id that is a text.`,
    },
  ];
}

/**
 * Bob leaves hidden fields out without a word. What nobody has is taken for hidden, or everybody would lose it.
 * @throws SourceError
 */
export function expectReadable(people: readonly JsonObject[], config: HibobConfig): void {
  if (people.length === 0) return;
  const expected = [...NEEDED_FIELDS, ...(people.length < FEW ? [] : config.usualFields)];
  const given = new Set(people.flatMap((person) => Object.keys(flatten(person, expected))));
  const hidden = expected.filter((field) => !given.has(field));
  if (hidden.length === 0) return;
  throw new SourceError(
    'insufficient_permissions',
    `Bob shows these fields of nobody: ${hidden.join(', ')}. Let the service user view the sections that they are in, for all ` +
      'employees, or name what is not to be read under "Fields that are not shared".',
  );
}
