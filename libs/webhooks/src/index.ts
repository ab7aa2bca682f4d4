export { EndpointSecrets } from './endpoints/endpoint-secrets.js';
export { WebhookEndpoints, type EndpointUrlCheck } from './endpoints/webhook-endpoints.js';
export {
  MASKED_SECRET,
  type DisabledReason,
  type NewWebhookEndpoint,
  type Ordering,
  type RotatedSecret,
  type WebhookEndpoint,
  type WebhookEndpointUpdate,
} from './endpoints/webhook-endpoint.js';
export { Attempts, type Attempt, type AttemptFilter } from './delivery/attempts.js';
export type { Page, PageRequest } from './paging.js';
export {
  createOutbound,
  type Outbound,
  type OutboundOptions,
  type OutboundTarget,
} from './outbound/outbound.js';
export type { PostResult } from './outbound/post-result.js';
export { Dispatcher, type DispatcherDependencies, type DispatcherOptions } from './delivery/dispatcher.js';
export type { DisableEndpoint, DisableNotices } from './delivery/disable-notices.js';
export { WebhookMetrics } from './delivery/webhook-metrics.js';
export type { Log } from './delivery/log.js';
export { WakeUp, type WakeUpDependencies } from './delivery/wake-up.js';
