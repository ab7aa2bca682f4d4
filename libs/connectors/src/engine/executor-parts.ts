import type { Clock, Database, SecretBox } from '#kernel';
import type { ConnectorRegistry } from '../providers/registry.js';
import type { SourceLog, SourcePorts } from '../sdk/ports.js';
import type { RotatingSecrets } from '../sdk/rotating-secrets.js';
import type { ConnectionHealth } from './connection-health.js';
import type { DirectoryKey } from './connection-settings.js';
import type { EngineLog } from './log.js';
import type { RunStore } from './run-store.js';
import type { SnapshotDoor } from './snapshot-door.js';
import type { RunError, RunOutcome, SyncRun } from './sync-run.js';

/** Makes the ports of one run. */
export type PortsFactory = (run: {
  readonly directory: DirectoryKey;
  readonly stagedIds: SourcePorts['stagedIds'];
  readonly signal: AbortSignal;
  readonly secrets: RotatingSecrets;
  /** What time it is for the source: who works today, how long a token is good for. */
  readonly clock: Clock;
  /** Says with every line whose run it is. */
  readonly log: SourceLog;
}) => SourcePorts;

export interface ExecutorParts {
  readonly registry: ConnectorRegistry;
  readonly store: RunStore;
  readonly door: SnapshotDoor;
  readonly health: ConnectionHealth;
  readonly ports: PortsFactory;
  readonly database: Database;
  readonly secretBox: SecretBox;
  readonly log: EngineLog;
  /** Longest duration of a run. */
  readonly deadlineSeconds: number;
  /** 0–1, for the jitter of the next dates. */
  readonly random: () => number;
}

/** How an execution ended, for metrics. `paused`: it goes on later. */
export interface Execution {
  readonly outcome: RunOutcome | 'awaiting_approval' | 'paused' | 'lost';
  readonly provider: string;
  /** Why it is not good, for the log. */
  readonly error: RunError | null;
  /** Pages of this turn. */
  readonly pages: number;
  readonly seconds: number;
  /** As it stands now; null when it could not be opened. */
  readonly run: SyncRun | null;
}
