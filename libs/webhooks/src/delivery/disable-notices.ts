import type { Queryable } from '#kernel';
import type { DisabledReason, WebhookEndpoint } from '../endpoints/webhook-endpoint.js';

/** Switches the endpoint off inside the given transaction; false when it was off (or gone) already. */
export type DisableEndpoint = (tx: Queryable) => Promise<boolean>;

/**
 * Port to the event log, supplied by the composition. It opens a transaction (taking the log's lock first), calls
 * `disable` in it and, when that says true, appends `webhook_endpoint.disabled` to the log of the environment: the
 * notice and the state appear together or not at all, and exactly once.
 */
export interface DisableNotices {
  onDisabled(endpoint: WebhookEndpoint, reason: DisabledReason, disable: DisableEndpoint): Promise<void>;
}

/** The state change of a `DisableEndpoint`. */
export function disableEndpoint(
  endpoint: WebhookEndpoint,
  reason: DisabledReason,
  now: Date,
): DisableEndpoint {
  return async (tx) => {
    const rows = await tx.query({
      text: `UPDATE webhook_endpoints SET status = 'disabled', disabled_reason = $3, updated_at = $4
        WHERE environment_id = $1 AND id = $2 AND status = 'enabled' RETURNING id`,
      values: [endpoint.environmentId, endpoint.id, reason, now],
    });
    return rows.length > 0;
  };
}
