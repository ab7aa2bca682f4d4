import pg from 'pg';
import type { Logger } from 'pino';
import { appendEvents, lockStream, readHead } from '#events';
import { poolOptions, systemClock, type Database } from '#kernel';
import {
  Attempts,
  createOutbound,
  Dispatcher,
  EndpointSecrets,
  WakeUp,
  WebhookEndpoints,
  WebhookMetrics,
  type DisableNotices,
} from '#webhooks';
import { refuseMissingKeys, type Config } from './config/index.js';
import type { Metrics } from './metrics/metrics.js';
import type { Services } from './services.js';

/** Rows of one step of housekeeping. */
const CHUNK = 500;

interface Parts {
  readonly config: Config;
  readonly log: Logger;
  readonly services: Services;
  readonly metrics: Metrics;
  readonly databaseUrl: string;
}

/** The webhook side of a process: endpoints for the API, the dispatcher in workers. */
export interface Webhooks {
  readonly endpoints: WebhookEndpoints;
  readonly attempts: Attempts;
  /** Says that a stream has new events; never throws, never waits. */
  wake(environmentId: string, streamId: string): void;
  /** @throws ConfigError when a key is missing that secrets of endpoints are sealed with. */
  start(): Promise<void>;
  /** Seals secrets of older keys with the first one. */
  resealSecrets(): Promise<void>;
  /** Lets what is in flight end. */
  stop(): Promise<void>;
}

export function createWebhooks({ config, log, services, metrics, databaseUrl }: Parts): Webhooks {
  const { database, secretBox } = services;
  const secrets = new EndpointSecrets(database, secretBox);
  const outbound = createOutbound({ allow: config.outboundAllow.join(',') });
  const clock = systemClock;
  let announce: WakeUp['announce'] = () => undefined;
  const wake: Webhooks['wake'] = (environmentId, streamId) => announce(environmentId, streamId);
  const dispatcher =
    config.roles === 'api'
      ? undefined
      : new Dispatcher({
          database,
          secretBox,
          clock,
          outbound,
          log,
          notices: disableNotices(database, wake),
          metrics: new WebhookMetrics(metrics.registry, database),
        });
  const wakeUp = new WakeUp({
    createClient: () =>
      new pg.Client(poolOptions(databaseUrl, { role: 'app', applicationName: 'rollcall wake-up' })),
    log,
    ...(dispatcher && { listener: dispatcher }),
  });
  announce = (environmentId, streamId) => wakeUp.announce(environmentId, streamId);
  return {
    endpoints: new WebhookEndpoints({ database, secretBox, clock, outbound }),
    attempts: new Attempts({ database }),
    wake,
    resealSecrets: async () => {
      while ((await secrets.reseal(CHUNK)) > 0) await new Promise(setImmediate);
    },
    start: async () => {
      refuseMissingKeys(await secrets.missingKeys(), 'secrets of webhook endpoints');
      await wakeUp.start();
      dispatcher?.start();
    },
    stop: async () => {
      await dispatcher?.stop();
      await wakeUp.stop();
      await outbound.close();
    },
  };
}

/** Switches an endpoint off and says so in the environment's log, in one transaction. */
function disableNotices(database: Database, wake: Webhooks['wake']): DisableNotices {
  return {
    onDisabled: async (endpoint, reason, disable) => {
      const { environmentId, id, endpointUrl } = endpoint;
      await database.transaction(async (tx) => {
        if (!(await disable(tx))) return;
        const stream = { environmentId, streamId: environmentId, directoryId: null, organizationId: null };
        const data = {
          object: 'webhook_endpoint',
          id,
          endpoint_url: endpointUrl,
          status: 'disabled',
          disabled_reason: reason,
        };
        await appendEvents(tx, stream, {
          head: await readHead(tx, stream),
          events: [{ type: 'webhook_endpoint.disabled', data }],
        });
      }, lockStream(environmentId));
      wake(environmentId, environmentId);
    },
  };
}
