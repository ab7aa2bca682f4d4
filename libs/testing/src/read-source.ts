import {
  SourceError,
  type Connector,
  type RunRequest,
  type Source,
  type SourcePage,
  type SourceStream,
} from '#connectors';
import type { JsonObject, JsonValue } from '#kernel';
import type { SnapshotCoverage, SnapshotGroup, SnapshotRecord, SnapshotUser } from '#model';
import { fakePorts, type FakePortsOptions } from './fake-source/fake-ports.js';

export interface Reading extends Omit<FakePortsOptions, 'staged'> {
  readonly answers: JsonObject;
  readonly mode?: RunRequest['mode'];
  readonly cursors?: ReadonlyMap<string, JsonValue>;
  /** What the last good run has saved, for a full run. */
  readonly previous?: ReadonlyMap<string, JsonValue>;
  /** Goes on here instead of at the beginning, after what was read before. */
  readonly from?: Checkpoint;
  /** How often a stream goes on from its checkpoint after a failure that passes, as the engine does; 0 unless told. */
  readonly resumes?: number;
}

/** Where a run stood after a page, and what it had read. */
export interface Checkpoint {
  readonly stream: string;
  readonly next: JsonValue;
  readonly soFar: ReadRecords;
}

/** What a run has read, folded: repeats and order make no difference. */
export interface ReadRecords {
  readonly users: ReadonlyMap<string, SnapshotUser>;
  readonly groups: ReadonlyMap<string, SnapshotGroup>;
  /** `group id > kind:member id` */
  readonly members: ReadonlySet<string>;
  readonly removed: readonly string[];
  readonly removedMembers: readonly string[];
  readonly replaced: readonly string[];
  readonly invalid: readonly Extract<SnapshotRecord, { kind: 'invalid' }>[];
}

export interface ReadResult extends ReadRecords {
  /** Every stream came to a proven end. */
  readonly complete: boolean;
  /** What is proved: every stream that covers it came to a proven end. */
  readonly covered: readonly SnapshotCoverage[];
  readonly error: SourceError | null;
  readonly cursors: ReadonlyMap<string, JsonValue>;
  readonly checkpoints: readonly Checkpoint[];
  readonly restarts: readonly string[];
  readonly logged: string;
}

/** Reads a source as a run does, without a database: streams in order, staged ids, one restart of an expired stream. */
export async function readSource(connector: Connector, reading: Reading): Promise<ReadResult> {
  const run = new SourceReading(connector, reading);
  return run.read();
}

class SourceReading {
  readonly #source: Source;
  readonly #reading: Reading;
  readonly #ports;
  readonly #records: MutableRecords;
  readonly #cursors = new Map<string, JsonValue>();
  readonly #checkpoints: Checkpoint[] = [];
  readonly #restarts: string[] = [];
  readonly #done = new Set<string>();
  readonly #covered = new Set<SnapshotCoverage>();
  readonly #unproved = new Set<SnapshotCoverage>();

  constructor(connector: Connector, reading: Reading) {
    this.#reading = reading;
    this.#records = copy(reading.from?.soFar);
    this.#ports = fakePorts({
      ...reading,
      staged: async (kind, { after, limit }) =>
        [...(kind === 'user' ? this.#records.users : this.#records.groups).keys()]
          .sort()
          .filter((id) => after === null || id > after)
          .slice(0, limit),
    });
    this.#source = connector.connect(connector.readConfig(reading.answers), this.#ports.ports);
  }

  async read(): Promise<ReadResult> {
    let error: SourceError | null = null;
    let complete = true;
    let resume: Checkpoint | undefined = this.#reading.from;
    try {
      for (let stream = this.#next(resume); stream !== undefined; stream = this.#next(resume)) {
        const from = resume?.stream === stream.id ? resume.next : null;
        resume = undefined;
        complete = (await this.#readStream(stream, from)) && complete;
      }
    } catch (thrown) {
      if (!(thrown instanceof SourceError)) throw thrown;
      error = thrown;
      complete = false;
    } finally {
      this.#ports.end();
    }
    return {
      ...this.#records,
      complete,
      covered: [...this.#covered].filter((kind) => !this.#unproved.has(kind)).sort(),
      error,
      cursors: this.#cursors,
      checkpoints: this.#checkpoints,
      restarts: this.#restarts,
      logged: this.#ports.logged(),
    };
  }

  /** The first stream that is not read yet; streams before a resumed one were read by the run before. */
  #next(resume: Checkpoint | undefined): SourceStream | undefined {
    const given = [...(this.#reading.cursors ?? [])].filter(([id]) => !this.#restarts.includes(id));
    const streams = this.#source.streams({
      mode: this.#reading.mode ?? 'full',
      cursors: new Map(given),
      previous: this.#reading.previous ?? this.#reading.cursors ?? new Map(),
    });
    if (resume !== undefined)
      for (const { id } of streams.slice(
        0,
        streams.findIndex((stream) => stream.id === resume.stream),
      ))
        this.#done.add(id);
    return streams.find(({ id }) => !this.#done.has(id));
  }

  /** Reads a stream, and goes on where it was after failures that pass. */
  async #readStream(stream: SourceStream, from: JsonValue | null): Promise<boolean> {
    let next = from;
    for (let left = this.#reading.resumes ?? 0; ; left--)
      try {
        return await this.#readOnce(stream, next);
      } catch (error) {
        const isPassing = error instanceof SourceError && error.code === 'source_unavailable';
        if (!isPassing || left <= 0) {
          stream.covers.forEach((kind) => this.#unproved.add(kind));
          throw error;
        }
        next = this.#checkpoints.findLast((checkpoint) => checkpoint.stream === stream.id)?.next ?? from;
      }
  }

  #end(stream: SourceStream, end: NonNullable<SourcePage['end']>): boolean {
    if (end.cursor !== undefined) this.#cursors.set(stream.id, end.cursor);
    this.#done.add(stream.id);
    const provesNothing = end.complete && end.provesNoAbsence === true;
    const covered = end.complete ? this.#covered : this.#unproved;
    if (!provesNothing) stream.covers.forEach((kind) => covered.add(kind));
    return end.complete;
  }

  async #readOnce(stream: SourceStream, from: JsonValue | null): Promise<boolean> {
    try {
      for await (const page of stream.pages(from)) {
        page.records.forEach((record) => take(this.#records, record));
        if (page.next !== undefined)
          this.#checkpoints.push({ stream: stream.id, next: page.next, soFar: copy(this.#records) });
        if (page.end === undefined) continue;
        return this.#end(stream, page.end);
      }
    } catch (error) {
      const isExpired = error instanceof SourceError && error.code === 'cursor_expired';
      if (!isExpired || this.#restarts.includes(stream.id)) throw error;
      this.#restarts.push(stream.id);
      return true;
    }
    this.#done.add(stream.id);
    stream.covers.forEach((kind) => this.#unproved.add(kind));
    return false;
  }
}

interface MutableRecords {
  readonly users: Map<string, SnapshotUser>;
  readonly groups: Map<string, SnapshotGroup>;
  readonly members: Set<string>;
  readonly removed: string[];
  readonly removedMembers: string[];
  readonly replaced: string[];
  readonly invalid: Extract<SnapshotRecord, { kind: 'invalid' }>[];
}

const NOTHING: ReadRecords = {
  users: new Map(),
  groups: new Map(),
  members: new Set(),
  removed: [],
  removedMembers: [],
  replaced: [],
  invalid: [],
};

function copy(records: ReadRecords = NOTHING): MutableRecords {
  return {
    users: new Map(records.users),
    groups: new Map(records.groups),
    members: new Set(records.members),
    removed: [...records.removed],
    removedMembers: [...records.removedMembers],
    replaced: [...records.replaced],
    invalid: [...records.invalid],
  };
}

function take(records: MutableRecords, record: SnapshotRecord): void {
  switch (record.kind) {
    case 'user':
      records.users.set(record.user.sourceId, record.user);
      break;
    case 'group':
      records.groups.set(record.group.sourceId, record.group);
      break;
    case 'members':
      if (record.replaces === true) records.replaced.push(record.groupId);
      for (const member of record.members)
        records.members.add(`${record.groupId} > ${member.kind}:${member.id}`);
      break;
    case 'removed':
      records.removed.push(`${record.of}:${record.id} ${record.reason}`);
      break;
    case 'removed_member':
      records.removedMembers.push(`${record.groupId} > ${record.member.kind}:${record.member.id}`);
      break;
    case 'invalid':
      records.invalid.push(record);
      break;
  }
}
