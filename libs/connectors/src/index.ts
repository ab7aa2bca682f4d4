export type {
  Connector,
  RunRequest,
  Source,
  SourceCheck,
  SourcePage,
  SourceStream,
  StreamEnd,
} from './sdk/contract.js';
export { readForm } from './sdk/read-form.js';
export { ConnectorRegistry } from './providers/registry.js';
export { installedConnectors } from './providers/installed.js';
export { defineConnector } from './sdk/define-connector.js';
export type {
  AnswerCondition,
  Authorization,
  AuthorizationEndpoints,
  Capabilities,
  ConnectorManifest,
  FormField,
  NeededScope,
  RequestLimits,
} from './sdk/manifest.js';
export { createSourceHttp, type SourceHttpPorts } from './sdk/http/create-source-http.js';
export type { SourceLog, SourcePorts } from './sdk/ports.js';
export type { RotatingSecrets } from './sdk/rotating-secrets.js';
export { SOURCE_ERROR_CODES, SourceError, type SourceErrorCode } from './sdk/source-error.js';
export type {
  JsonAnswer,
  SourceAnswer,
  SourceHttp,
  SourceHttpOptions,
  SourceRequest,
  Verdict,
} from './sdk/http/source-http.js';
export {
  Authorizations,
  type ConsentAnswer,
  type ConsentLink,
  type ConsentOutcome,
  type ConsentStatus,
} from './engine/authorizations.js';
export type { ConsentProblem, ConsentWords } from './engine/consent-words.js';
export { ConnectionCheck, type CheckReport, type CheckedSample } from './engine/connection-check.js';
export { Connections } from './engine/connections.js';
export { connectTcp } from './engine/connect-tcp.js';
export { Credentials, type StoredCredential } from './engine/credentials.js';
export type { ConnectionHealth } from './engine/connection-health.js';
export type { EngineLog } from './engine/log.js';
export type { MaintenanceWindow } from './engine/maintenance-window.js';
export { LeaseStore } from './engine/lease-store.js';
export { executeRun } from './engine/run-executor.js';
export { RunStore } from './engine/run-store.js';
export { Schedules, type ScheduleChanges, type SyncSchedule } from './engine/schedules.js';
export type {
  Fence,
  HeldListing,
  RunFacts,
  SnapshotDoor,
  SnapshotReport,
  SnapshotRun,
} from './engine/snapshot-door.js';
export type { UploadedFile, UploadedFiles } from './sdk/uploads.js';
export type { QueuedRun } from './engine/run-queue.js';
export { MAX_UPLOAD, type Digests } from './uploads/spool.js';
export { UploadBox } from './uploads/upload-box.js';
export { UploadRefused, type UploadRefusal } from './uploads/upload-refused.js';
export type { Upload } from './uploads/upload-row.js';
export { loadHostKeys, type HostKeys } from './uploads/sftp/host-keys.js';
export { UploadSftpServer } from './uploads/sftp/sftp-server.js';
export { Uploads, type Receipt } from './uploads/uploads.js';
export { createPortsFactory, type HttpFactory } from './engine/source-ports.js';
export { knownTotal, progressIn, secondsLeft, type RunProgress } from './engine/run-progress.js';
export { SourceRecheck } from './engine/source-recheck.js';
export { observeSyncBacklog } from './engine/sync-backlog.js';
export { SyncMetrics } from './engine/sync-metrics.js';
export {
  isFinal,
  RUN_STATUSES,
  type RunError,
  type RunMode,
  type StreamProgress,
  type SyncRun,
} from './engine/sync-run.js';
export { RUN_ITEM_KINDS, SyncRuns, type SyncRunItem } from './engine/sync-runs.js';
export { SyncWorker } from './engine/sync-worker.js';
