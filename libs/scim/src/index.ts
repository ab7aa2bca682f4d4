export { ScimServer, type ScimServerOptions } from './http/scim-server.js';
export { readToken } from './http/credentials.js';
export { TokenEndpoint, type TokenIssuer } from './oauth/token-endpoint.js';
export { answerUnrouted } from './answer-unrouted.js';
export { refuseStrangers } from './refuse-strangers.js';
export { refuseUnread } from './http/refuse-unread.js';
export type { ScimExchange, ScimRequest, ScimResponse } from './http/messages.js';
export type {
  ScimAccess,
  ScimDirectory,
  ScimPorts,
  ScimReader,
  ScimSearch,
  ScimStore,
} from './http/ports.js';
export { ScimController } from './scim.controller.js';
export { ScimModule } from './scim.module.js';
export { dialectNames, listDialects } from './dialects/installed.js';
export { checkScimSettings } from './check-settings.js';
export type { Dialect, ScimVersion } from './dialects/contract.js';
export type { DialectSwitches } from './dialects/switches.js';
export { RequestLog } from './request-log/request-log.js';
export type { RequestLogDetail, RequestLogEntry } from './request-log/request-log-entry.js';
export { RequestLogMetrics } from './request-log/request-log-metrics.js';
export {
  RequestLogReader,
  type RefusedLogin,
  type RequestLogFilter,
} from './request-log/request-log-reader.js';
