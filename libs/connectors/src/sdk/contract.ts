import type { JsonObject, JsonValue } from '#kernel';
import type {
  SnapshotCoverage,
  SnapshotFinding,
  SnapshotKind,
  SnapshotMembership,
  SnapshotRecord,
} from '#model';
import type { ConnectorManifest } from './manifest.js';
import type { SourcePorts } from './ports.js';
import type { Uploads } from './uploads.js';

/** What one folder below `providers/` exports: a vendor that can be read. */
export interface Connector<Config = unknown> {
  readonly manifest: ConnectorManifest;
  /** Form answers → typed settings. @throws InvalidInputError with one problem per field. */
  readonly readConfig: (answers: JsonObject) => Config;
  /** Opens nothing yet; the first request does. */
  readonly connect: (config: Config, ports: SourcePorts) => Source;
  /** For sources whose files can be sent to us as well. */
  readonly uploads?: Uploads;
}

/** A vendor's tenant as one run reads it. It yields; it never writes, waits, retries, schedules or decides. */
export interface Source {
  /** The streams of a run, in order. Incremental runs get what the last good run of each stream saved. */
  streams(run: RunRequest): readonly SourceStream[];
  /** @throws SourceError that names what is wrong. */
  check(): Promise<SourceCheck>;
  /** Asks for single records, to prove an absence. Ids left out of the answer are unknown. */
  lookUp?(kind: SnapshotKind, ids: readonly string[]): Promise<ReadonlyMap<string, SnapshotFinding>>;
  /** The same for direct memberships, keyed by what was asked. Members or groups that are not there are unknown. */
  lookUpMembers?(
    asked: readonly SnapshotMembership[],
  ): Promise<ReadonlyMap<SnapshotMembership, SnapshotFinding>>;
  /** Ends connections. */
  close?(): Promise<void>;
}

export interface RunRequest {
  readonly mode: 'full' | 'incremental';
  /** Stream id → cursor saved by the last good run. Absent: that stream has to be read whole. */
  readonly cursors: ReadonlyMap<string, JsonValue>;
  /** The same in every run, for sources that can tell by it that nothing is new. */
  readonly previous?: ReadonlyMap<string, JsonValue>;
}

export interface SourceStream {
  /** Stable id, unique in the connector: `users`, `groups`, `memberships`, `group_delta` … */
  readonly id: string;
  /** What its end proves absent when read whole; empty for an incremental stream. */
  readonly covers: readonly SnapshotCoverage[];
  /** Yields pages from a checkpoint on (null: from the beginning). @throws SourceError */
  pages(from: JsonValue | null): AsyncIterable<SourcePage>;
}

export interface SourcePage {
  readonly records: readonly SnapshotRecord[];
  /** Where to go on after this page; the last page has `end` instead. A stream that stops without `end` was cut. */
  readonly next?: JsonValue;
  readonly end?: StreamEnd;
  /** Records of the whole stream, when the source says so. */
  readonly total?: number;
}

/** How a stream ended. `complete: false` keeps what was read and proves no absence. */
export type StreamEnd =
  | {
      readonly complete: true;
      readonly proof: string;
      readonly cursor?: JsonValue;
      /** What the last run has read, or changes only: it witnesses no absence. */
      readonly provesNoAbsence?: boolean;
    }
  | { readonly complete: false; readonly reason: string; readonly cursor?: JsonValue };

export interface SourceCheck {
  /** Counts that the source can say quickly; null when it cannot. */
  readonly users: number | null;
  readonly groups: number | null;
  readonly samples: readonly SnapshotRecord[];
  /** Things that work but will surprise: a missing optional permission, hidden fields. */
  readonly warnings: readonly string[];
}
