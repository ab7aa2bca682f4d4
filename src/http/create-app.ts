import { Module, type DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { API_SERVER_OPTIONS, ApiModule, sendRequestIds } from '#api';
import { listDialects, ScimModule, ScimServer } from '#scim';
import type { Config } from '../config/index.js';
import { HealthController } from '../health/health.controller.js';
import { Health } from '../health/health.js';
import { NestLog } from '../logging/nest-log.js';
import { MetricsController } from '../metrics/metrics.controller.js';
import { Metrics } from '../metrics/metrics.js';
import type { Services } from '../services.js';
import { VERSION } from '../version.js';
import type { Webhooks } from '../webhooks.js';
import { scimExchangeReport } from './scim-exchange-report.js';
import { observeRequests } from './observe-requests.js';

/** Largest body of any route; SCIM and REST have smaller limits of their own. */
const BODY_LIMIT = 20 * 1024 * 1024;

export interface AppParts {
  readonly config: Config;
  readonly log: Logger;
  readonly services: Services;
  readonly metrics: Metrics;
  readonly health: Health;
  readonly webhooks: Webhooks;
  readonly publicUrl: string;
}

@Module({})
class AppModule {}

/** The HTTP side: SCIM, the uniform API, health and metrics on one Fastify server. */
export async function createApp(parts: AppParts): Promise<NestFastifyApplication> {
  const adapter = new FastifyAdapter({
    ...API_SERVER_OPTIONS,
    bodyLimit: BODY_LIMIT,
    // Longer than the usual 60 s of load balancers, so that it is never us who closes a connection they reuse.
    keepAliveTimeout: 72_000,
    requestTimeout: 60_000,
    // Draining waits for requests, not for connections that clients merely keep open.
    forceCloseConnections: 'idle',
  });
  const app = await NestFactory.create<NestFastifyApplication>(appModule(parts), adapter, {
    logger: new NestLog(parts.log),
    bodyParser: false,
  });
  const fastify = app.getHttpAdapter().getInstance() as unknown as FastifyInstance;
  takeBodiesAsBytes(fastify);
  sendRequestIds(fastify);
  observeRequests(fastify, parts);
  await app.init();
  return app;
}

function appModule(parts: AppParts): DynamicModule {
  const { services, metrics, webhooks, publicUrl } = parts;
  const scim = new ScimServer(
    { store: services.store, reader: services.reader, access: services.access },
    { publicUrl, onExchange: scimExchangeReport(parts.log, metrics) },
  );
  return {
    module: AppModule,
    imports: [
      ScimModule.forServer(scim),
      ApiModule.register({
        environments: services.environments,
        organizations: services.organizations,
        directories: services.directories,
        directoryTokens: services.directoryTokens,
        directoryLists: services.lists,
        eventFeed: services.feed,
        webhookEndpoints: webhooks.endpoints,
        attempts: webhooks.attempts,
        database: services.database,
        secretBox: services.secretBox,
        settings: { publicUrl, knownDialects: listDialects().map((dialect) => dialect.id), version: VERSION },
      }),
    ],
    controllers: [HealthController, MetricsController],
    providers: [
      { provide: Health, useValue: parts.health },
      { provide: Metrics, useValue: metrics },
    ],
  };
}

/** Every protocol reads its own bodies: SCIM and REST refuse bad JSON in different words. */
function takeBodiesAsBytes(fastify: FastifyInstance): void {
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
}
