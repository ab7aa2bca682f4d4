/** Why an endpoint is switched off: by its owner, by its own `410 Gone`, or after days of nothing but failures. */
export type DisabledReason = 'manual' | 'gone' | 'failing';

/** `none`: as fast as the cap allows, in any order. `directory`: one at a time per directory, in log order. */
export type Ordering = 'none' | 'directory';

/** A customer's address for events. Times are ISO 8601 in UTC with milliseconds. */
export interface WebhookEndpoint {
  readonly id: string;
  readonly environmentId: string;
  readonly endpointUrl: string;
  /** Subscribed event types. */
  readonly events: readonly string[];
  /** Only events of these directories (and of the environment itself); null means all. */
  readonly directoryIds: readonly string[] | null;
  readonly status: 'enabled' | 'disabled';
  readonly disabledReason: DisabledReason | null;
  readonly ordering: Ordering;
  /** Most requests in flight at once, over all processes. */
  readonly concurrency: number;
  /** Names only: the values are write-only, they are usually bearer tokens. */
  readonly customHeaderNames: readonly string[];
  readonly createdAt: string;
  readonly updatedAt: string;
  /** The signing secret in the answer to a creation, `MASKED_SECRET` everywhere else; see `revealSecret`. */
  readonly secret: string;
}

/** Stands where a secret is not shown; SDK types require the field. */
export const MASKED_SECRET = 'whsec_********';

/** What a caller may choose at creation. */
export interface NewWebhookEndpoint {
  readonly endpointUrl: string;
  readonly events: readonly string[];
  readonly directoryIds?: readonly string[] | null;
  readonly ordering?: Ordering;
  readonly concurrency?: number;
  readonly customHeaders?: Readonly<Record<string, string>>;
}

/** What a caller may change; an absent key stays as it is, `customHeaders` replaces the whole set. */
export interface WebhookEndpointUpdate extends Partial<NewWebhookEndpoint> {
  readonly status?: 'enabled' | 'disabled';
}

/** A new secret and the moment from which the older ones no longer sign. */
export interface RotatedSecret {
  readonly secret: string;
  readonly previousExpiresAt: string;
}

export const DEFAULT_CONCURRENCY = 8;
