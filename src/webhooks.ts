import type { Logger } from 'pino';
import { systemClock } from '#kernel';
import { Attempts, createOutbound, WebhookEndpoints } from '#webhooks';
import type { Config } from './config/index.js';
import type { Metrics } from './metrics/metrics.js';
import type { Services } from './services.js';

interface Parts {
  readonly config: Config;
  readonly log: Logger;
  readonly services: Services;
  readonly metrics: Metrics;
  readonly databaseUrl: string;
}

/** The webhook side of a process: endpoints for the API, and in workers the dispatcher. */
export interface Webhooks {
  readonly endpoints: WebhookEndpoints;
  readonly attempts: Attempts;
  /** Says that a stream has new events. */
  wake(environmentId: string, streamId: string): void;
  start(options: { readonly deliver: boolean }): Promise<void>;
  stop(): Promise<void>;
}

export function createWebhooks({ config, services }: Parts): Webhooks {
  const outbound = createOutbound({ allow: config.outboundAllow.join(',') });
  const { database, secretBox } = services;
  return {
    endpoints: new WebhookEndpoints({ database, secretBox, clock: systemClock, outbound }),
    attempts: new Attempts({ database }),
    wake: () => undefined,
    start: () => Promise.resolve(),
    stop: () => outbound.close(),
  };
}
