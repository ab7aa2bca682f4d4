import type { JsonObject } from '#kernel';
import type { WebhookEndpoint } from '#webhooks';

/** A webhook endpoint as REST shows it. */
export function webhookEndpointWire(endpoint: WebhookEndpoint): JsonObject {
  return {
    object: 'webhook_endpoint',
    id: endpoint.id,
    endpoint_url: endpoint.endpointUrl,
    secret: endpoint.secret,
    status: endpoint.status,
    ...(endpoint.disabledReason === null ? {} : { disabled_reason: endpoint.disabledReason }),
    events: [...endpoint.events],
    directory_ids: endpoint.directoryIds === null ? null : [...endpoint.directoryIds],
    ordering: endpoint.ordering,
    concurrency: endpoint.concurrency,
    custom_header_names: [...endpoint.customHeaderNames],
    created_at: endpoint.createdAt,
    updated_at: endpoint.updatedAt,
  };
}
