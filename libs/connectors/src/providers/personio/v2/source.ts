import { isJsonObject, type JsonValue } from '#kernel';
import type { SnapshotRecord } from '#model';
import type { Source, SourceCheck, SourcePage } from '../../../sdk/contract.js';
import { peopleIn, unreadableWarnings } from '../../../sdk/hr/unreadable.js';
import { lookUpEach } from '../../../sdk/look-up.js';
import { mapParallel } from '../../../sdk/map-parallel.js';
import { vendorPages } from '../../../sdk/paged-stream.js';
import type { SourcePorts } from '../../../sdk/ports.js';
import type { PersonioConfig } from '../config.js';
import { idOf } from './answers.js';
import { LIMITS, PersonClient } from './client.js';
import { PersonMapper, type ReadPerson } from './map-person.js';
import { Names } from './names.js';
import { expectShown } from './shown.js';

const SAMPLES = 3;
/** People that a connection test reads: one request each. */
const SOME = 10;
const PROOF = 'Personio sent no link to a further page.';

interface PersonParts {
  readonly client: PersonClient;
  readonly config: PersonioConfig;
  readonly ports: SourcePorts;
}

/** Version 2 tells persons in pages, the employments of each in a request of its own, and names by their ids. */
export function connectPersons(config: PersonioConfig, ports: SourcePorts): Source {
  const parts: PersonParts = { client: new PersonClient(config, ports), config, ports };
  return {
    streams: () => [
      { id: 'users', covers: ['users', 'groups', 'memberships'], pages: (from) => readPersons(parts, from) },
    ],
    check: () => check(parts),
    lookUp: (kind, ids) => lookUpEach(kind === 'user' ? ids : [], (id) => parts.client.exists(id)),
  };
}

async function* readPersons(parts: PersonParts, from: JsonValue | null): AsyncGenerator<SourcePage> {
  const { client, config } = parts;
  const token = isJsonObject(from) && typeof from['token'] === 'string' ? from['token'] : null;
  const reader = new PersonReader(parts);
  let isFirst = token === null;
  for await (const { items, next } of vendorPages((cursor) => client.persons(cursor), token)) {
    const people = await reader.complete(items);
    if (isFirst) expectShown(people, config);
    isFirst = false;
    const records = await reader.records(people);
    if (next === null) yield { records, end: { complete: true, proof: PROOF } };
    else yield { records, next: { token: next } };
  }
}

class PersonReader {
  readonly #parts: PersonParts;
  readonly #mapper: PersonMapper;
  readonly #names: Names;

  constructor(parts: PersonParts) {
    this.#parts = parts;
    this.#mapper = new PersonMapper(parts.config);
    this.#names = new Names(parts.client);
  }

  /** With their employments. */
  async complete(persons: readonly JsonValue[]): Promise<readonly ReadPerson[]> {
    const read = async (person: JsonValue): Promise<ReadPerson> => {
      const id = idOf(person);
      return { person, employments: id === null ? null : await this.#parts.client.employments(id) };
    };
    const people: ReadPerson[] = [];
    for await (const person of mapParallel(persons, LIMITS.concurrency, read)) people.push(person);
    return people;
  }

  async records(people: readonly ReadPerson[]): Promise<readonly SnapshotRecord[]> {
    const now = this.#parts.ports.clock.now();
    await this.#names.learn(people.flatMap((person) => this.#mapper.placesOf(person, now)));
    return people.flatMap((person) => this.#mapper.map(person, this.#names, now));
  }
}

async function check(parts: PersonParts): Promise<SourceCheck> {
  const { items, next } = await parts.client.persons(null);
  const reader = new PersonReader(parts);
  const people = await reader.complete(items.slice(0, SOME));
  expectShown(people, parts.config);
  const records = await reader.records(people);
  const persons = peopleIn(records);
  const groups = records.filter(({ kind }) => kind === 'group');
  const isWhole = next === null && people.length === items.length;
  return {
    users: next === null ? items.length : null,
    groups: isWhole ? groups.length : null,
    samples: [...persons.slice(0, SAMPLES), ...groups.slice(0, SAMPLES)],
    warnings: unreadableWarnings(persons),
  };
}
