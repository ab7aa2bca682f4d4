import type { WebhookEndpointUpdate } from '#webhooks';
import { array, clearable, object, optional, refuse, type Decoded, type Decoder } from '../edge/decoder.js';
import { isJsonObject } from '#kernel';
import { integer, oneOf, text } from '../edge/values.js';

const headers: Decoder<Readonly<Record<string, string>>> = {
  schema: { type: 'object', additionalProperties: { type: 'string' } },
  decode: (value, field) => {
    if (!isJsonObject(value) || Object.values(value).some((item) => typeof item !== 'string'))
      throw refuse(field, 'must be an object of strings');
    return value as Record<string, string>;
  },
};

const url = text(2_048);
const events = array(text(100), { min: 1, max: 100 });

const options = {
  directory_ids: clearable(array(text(), { min: 1, max: 1_000 })),
  ordering: optional(oneOf(['none', 'directory'])),
  concurrency: optional(integer(1, 256)),
  custom_headers: optional(headers),
};

export const createWebhookEndpoint = object({ endpoint_url: url, events, ...options });
export const updateWebhookEndpoint = object({
  endpoint_url: optional(url),
  events: optional(events),
  status: optional(oneOf(['enabled', 'disabled'])),
  ...options,
});

/** The body of a change as the service takes it; what was not sent is absent. */
export function endpointUpdate(body: Decoded<typeof updateWebhookEndpoint>): WebhookEndpointUpdate {
  return {
    ...(body.endpoint_url !== undefined && { endpointUrl: body.endpoint_url }),
    ...(body.events !== undefined && { events: body.events }),
    ...(body.status !== undefined && { status: body.status }),
    ...endpointOptions(body),
  };
}

/** The fields both bodies share. */
export function endpointOptions(
  body: Omit<Decoded<typeof createWebhookEndpoint>, 'endpoint_url' | 'events'>,
): Pick<WebhookEndpointUpdate, 'directoryIds' | 'ordering' | 'concurrency' | 'customHeaders'> {
  return {
    ...(body.directory_ids !== undefined && { directoryIds: body.directory_ids }),
    ...(body.ordering !== undefined && { ordering: body.ordering }),
    ...(body.concurrency !== undefined && { concurrency: body.concurrency }),
    ...(body.custom_headers !== undefined && { customHeaders: body.custom_headers }),
  };
}
