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
export { createOutbound, type Outbound, type OutboundOptions } from './outbound/outbound.js';
