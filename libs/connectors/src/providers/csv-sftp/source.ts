import type { JsonValue } from '#kernel';
import type { SnapshotKind, SnapshotRecord } from '#model';
import type { Source, SourceCheck, SourcePage, SourceStream } from '../../sdk/contract.js';
import { DerivedGroups } from '../../sdk/hr/derived-groups.js';
import type { SourcePorts } from '../../sdk/ports.js';
import type { CsvConfig } from './config.js';
import { loadSet, type LoadedSet, type NoNews } from './files/load-set.js';
import { expectSameShape, readSeenSet, seenSet, type SeenSet } from './files/seen-set.js';
import { openSftpStore } from './files/sftp-store.js';
import { isBlank, isTrailer, survey, type Survey } from './files/survey.js';
import { mapGroup, mapMembership } from './map-group.js';
import { labelsOf, mapPerson } from './map-person.js';
import { readRows, type Row, type SheetFile } from './text/read-rows.js';

const STREAM = 'files';
const ROWS_PER_PAGE = 1_000;
const SAMPLES = 3;

export function connect(config: CsvConfig, ports: SourcePorts): Source {
  const reading = new Reading(config, ports);
  return {
    streams: ({ previous }) => [
      {
        id: STREAM,
        covers: ['users', 'groups', 'memberships'],
        pages: () => reading.pages(readSeenSet(previous?.get(STREAM))),
      } satisfies SourceStream,
    ],
    check: () => reading.check(),
    lookUp: (kind, ids) => reading.lookUp(kind, ids),
    close: () => reading.close(),
  };
}

interface Current {
  readonly set: LoadedSet;
  readonly survey: Survey;
}

/** The files of one run: copied once, surveyed, then read. */
class Reading {
  readonly #config: CsvConfig;
  readonly #ports: SourcePorts;
  #current: Current | undefined;

  constructor(config: CsvConfig, ports: SourcePorts) {
    this.#config = config;
    this.#ports = ports;
  }

  /** A file is read from its beginning; what was read before is read again. */
  async *pages(previous: SeenSet | null): AsyncGenerator<SourcePage> {
    const current = await this.#load(previous);
    if ('noNews' in current) {
      this.#ports.log.info({}, current.noNews);
      const cursor = previous as unknown as JsonValue;
      return yield { records: [], end: { complete: true, proof: current.noNews, cursor, isRepeat: true } };
    }
    const { set, survey: facts } = current;
    let number = 0;
    for await (const records of this.#recordsOf(current)) yield { records, next: { page: ++number } };
    const proof = `All ${facts.userRows} rows of ${set.sheets.users.name} were read.`;
    yield { records: [], end: { complete: true, proof, cursor: seenSet(set, facts) } };
  }

  async check(): Promise<SourceCheck> {
    const { set, survey: facts } = (await this.#load(null)) as Current;
    const samples: SnapshotRecord[] = [];
    for await (const records of this.#recordsOf({ set, survey: facts })) {
      samples.push(...records.filter(({ kind }) => kind === 'user').slice(0, SAMPLES - samples.length));
      if (samples.length >= SAMPLES) break;
    }
    return {
      users: facts.userRows,
      groups: facts.groups?.size ?? null,
      samples,
      warnings: warningsOf(set, facts),
    };
  }

  /** Only files that are said to be whole prove that somebody is gone. */
  async lookUp(kind: SnapshotKind, ids: readonly string[]): Promise<ReadonlyMap<string, 'present' | 'gone'>> {
    const current = this.#current ?? (await this.#load(null));
    if ('noNews' in current || !(current.set.isMarked || current.survey.hasTrailer)) return new Map();
    const known = kind === 'user' ? current.survey.users : current.survey.groups;
    return new Map(known === null ? [] : ids.map((id) => [id, known.has(id) ? 'present' : 'gone'] as const));
  }

  async close(): Promise<void> {
    await this.#current?.set.discard();
    this.#current = undefined;
  }

  async #load(previous: SeenSet | null): Promise<Current | NoNews> {
    await this.close();
    const { files: settings, server } = this.#config;
    const store = await openSftpStore(server, settings.folder, this.#ports);
    try {
      const set = await loadSet({ store, settings, now: this.#ports.clock.now(), previous });
      if ('noNews' in set) return set;
      return await this.#surveyed(set, previous);
    } finally {
      store.close();
    }
  }

  async #surveyed(set: LoadedSet, previous: SeenSet | null): Promise<Current> {
    try {
      const facts = await survey(set, this.#config.files.trailer);
      expectSameShape(set, facts, previous);
      this.#current = { set, survey: facts };
      return this.#current;
    } catch (error) {
      await set.discard();
      throw error;
    }
  }

  async *#recordsOf({ set, survey: facts }: Current): AsyncGenerator<SnapshotRecord[]> {
    const { users, groups, memberships } = set.sheets;
    const now = this.#ports.clock.now();
    const isListed = groups !== undefined || memberships !== undefined;
    const derived = new DerivedGroups(isListed ? [] : this.#config.rules.groupTypes);
    yield* this.#paged(users, (row) => this.#person(row, { users, facts, derived, now }));
    if (groups !== undefined) yield* this.#paged(groups, (row) => mapGroup(row, groups));
    if (memberships !== undefined) yield* this.#paged(memberships, (row) => mapMembership(row, facts));
  }

  /** Who is set aside stays in the groups that the row names. */
  #person(row: Row, { users, facts, derived, now }: PersonParts): readonly SnapshotRecord[] {
    const id = row.cells['idp_id'] ?? '';
    if (id === '' || row.isRagged)
      return [mapPerson(row, users, { config: this.#config, now }), ...derived.unknown()];
    const record: SnapshotRecord = facts.repeated.has(id)
      ? {
          kind: 'invalid',
          of: 'user',
          id,
          problem: `${users.name}, line ${row.line}: the id stands in several rows.`,
        }
      : mapPerson(row, users, { config: this.#config, now });
    return [record, ...derived.recordsOf(id, labelsOf(row))];
  }

  async *#paged(
    file: SheetFile,
    map: (row: Row) => readonly SnapshotRecord[],
  ): AsyncGenerator<SnapshotRecord[]> {
    let records: SnapshotRecord[] = [];
    for await (const row of readRows(file)) {
      if (isBlank(row) || (this.#config.files.trailer && isTrailer(row, file))) continue;
      records.push(...map(row));
      if (records.length < ROWS_PER_PAGE) continue;
      yield records;
      records = [];
    }
    if (records.length > 0) yield records;
  }
}

interface PersonParts {
  readonly users: SheetFile;
  readonly facts: Survey;
  readonly derived: DerivedGroups;
  readonly now: Date;
}

function warningsOf({ isMarked, sheets }: LoadedSet, { hasTrailer }: Survey): string[] {
  const { encoding, header, name } = sheets.users;
  return [
    ...(isMarked || hasTrailer
      ? []
      : [
          `Nothing says that ${name} is whole: whoever is missing is removed only when the next file shows the same.`,
        ]),
    ...(encoding.isAssumed
      ? [`${name} is read as ${encoding.name}, because it is neither UTF-8 nor UTF-16.`]
      : []),
    ...(header.known.has('email') || header.known.has('username')
      ? []
      : [`${name} has neither e-mail nor user name.`]),
  ];
}
