import type { Duplex } from 'node:stream';
import type { Clock } from '#kernel';
import type { SnapshotKind } from '#model';
import type { SourceHttp, SourceHttpOptions } from './http/source-http.js';
import type { RotatingSecrets } from './rotating-secrets.js';
import type { UploadedFiles } from './uploads.js';

/** What a source gets from the engine: the only ways out, and the only clock. */
export interface SourcePorts {
  readonly clock: Clock;
  /** Ends with the run; every port obeys it. */
  readonly signal: AbortSignal;
  readonly log: SourceLog;
  readonly secrets: RotatingSecrets;
  /** An HTTP client of one origin: paced, retried, pinned, guarded. */
  http(options: SourceHttpOptions): SourceHttp;
  /** A connected TCP socket to a checked address, for protocols other than HTTP. @throws SourceError */
  connectTcp(host: string, port: number, options: { readonly secure: boolean }): Promise<Duplex>;
  /** What was uploaded for the directory. */
  readonly uploads: UploadedFiles;
  /** Ids that this run has staged so far, ordered, for streams that go from group to group. */
  stagedIds(
    kind: SnapshotKind,
    page: { readonly after: string | null; readonly limit: number },
  ): Promise<readonly string[]>;
}

/** Facts for the operator; never a secret, a body or a person. */
export interface SourceLog {
  debug(facts: Readonly<Record<string, unknown>>, message: string): void;
  info(facts: Readonly<Record<string, unknown>>, message: string): void;
  warn(facts: Readonly<Record<string, unknown>>, message: string): void;
}
