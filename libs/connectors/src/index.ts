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
  Capabilities,
  ConnectorManifest,
  FormField,
  NeededScope,
  RequestLimits,
} from './sdk/manifest.js';
export { createSourceHttp, type SourceHttpPorts } from './sdk/http/create-source-http.js';
export type { SourceLog, SourcePorts } from './sdk/ports.js';
export { SOURCE_ERROR_CODES, SourceError, type SourceErrorCode } from './sdk/source-error.js';
export type {
  JsonAnswer,
  SourceAnswer,
  SourceHttp,
  SourceHttpOptions,
  SourceRequest,
  Verdict,
} from './sdk/http/source-http.js';
