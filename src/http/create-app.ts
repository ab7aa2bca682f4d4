import { Module, type DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { ApiModule, sendRequestIds } from '#api';
import type { FailedLogins } from '#kernel';
import {
  answerUnrouted,
  dialectNames,
  refuseStrangers,
  ScimModule,
  ScimServer,
  TokenEndpoint,
  type RequestLog,
} from '#scim';
import type { Config } from '../config/index.js';
import { HealthController } from '../health/health.controller.js';
import { Health } from '../health/health.js';
import { NestLog } from '../logging/nest-log.js';
import { MetricsController } from '../metrics/metrics.controller.js';
import { Metrics } from '../metrics/metrics.js';
import type { Services } from '../services.js';
import { streamUploads } from './stream-uploads.js';
import type { Sync } from '../sync.js';
import { VERSION } from '../version.js';
import type { Webhooks } from '../webhooks.js';
import { HttpAdapter } from './http-adapter.js';
import { observeRequests } from './observe-requests.js';
import type { Sftp } from '../sftp.js';
import { scimExchangeReport } from './scim-exchange-report.js';

export interface AppParts {
  readonly config: Config;
  readonly log: Logger;
  readonly services: Services;
  readonly metrics: Metrics;
  readonly health: Health;
  readonly webhooks: Webhooks;
  readonly sync: Sync;
  readonly failedLogins: FailedLogins;
  readonly requestLog: RequestLog;
  readonly publicUrl: string;
  readonly sftp: Sftp | undefined;
}

@Module({})
class AppModule {}

/** The HTTP side: SCIM, the uniform API, health and metrics on one Fastify server. */
export async function createApp(parts: AppParts): Promise<NestFastifyApplication> {
  const { log, config } = parts;
  const scim = scimServer(parts);
  const module = appModule(parts, scim, tokenEndpoint(parts));
  const adapter = new HttpAdapter(config.trustedProxies);
  const options = { logger: new NestLog(log), bodyParser: false as const };
  const app = await NestFactory.create<NestFastifyApplication>(module, adapter, options);
  const fastify: FastifyInstance = app.getHttpAdapter().getInstance();
  takeBodiesAsBytes(fastify);
  streamUploads(fastify);
  sendRequestIds(fastify);
  observeRequests(fastify, parts);
  closeConnectionsWhileDraining(fastify, parts.health);
  refuseStrangers(fastify, scim);
  answerUnrouted(fastify, scim);
  await app.init();
  return app;
}

function scimServer(parts: AppParts): ScimServer {
  const { services, config, log, metrics, failedLogins, requestLog, publicUrl } = parts;
  return new ScimServer(
    { store: services.store, reader: services.reader, access: services.access },
    {
      publicUrl,
      rateLimit: { perSecond: config.scimRateLimit },
      failedLogins,
      onExchange: scimExchangeReport(log, metrics),
      requestLog,
    },
  );
}

function appModule(parts: AppParts, scim: ScimServer, tokens: TokenEndpoint): DynamicModule {
  const { services, metrics, webhooks, sync, sftp, publicUrl } = parts;
  return {
    module: AppModule,
    imports: [
      ScimModule.forServer(scim, tokens),
      ApiModule.register({
        environments: services.environments,
        organizations: services.organizations,
        directories: services.directories,
        directoryTokens: services.directoryTokens,
        oauthClients: services.oauthClients,
        directoryLists: services.lists,
        holds: services.holds,
        restores: services.restores,
        guardPolicies: services.guardPolicies,
        eventFeed: services.feed,
        requestLog: services.requestLogReader,
        webhookEndpoints: webhooks.endpoints,
        attempts: webhooks.attempts,
        connectors: sync.registry,
        connections: sync.connections,
        authorizations: sync.authorizations,
        connectionCheck: sync.connectionCheck,
        schedules: sync.schedules,
        syncRuns: sync.runs,
        uploads: sync.uploads,
        access: services.access,
        database: services.database,
        secretBox: services.secretBox,
        settings: { publicUrl, dialects: dialectNames(), version: VERSION, sftp: sftp?.address ?? null },
      }),
    ],
    controllers: [HealthController, MetricsController],
    providers: [
      { provide: Health, useValue: parts.health },
      { provide: Metrics, useValue: metrics },
    ],
  };
}

function tokenEndpoint({ services, metrics, log, failedLogins }: AppParts): TokenEndpoint {
  return new TokenEndpoint(services.access, {
    failedLogins,
    onAnswer: (result, failure) => {
      metrics.scimTokenRequests.inc({ result });
      if (failure !== undefined) log.error({ err: failure }, 'SCIM token endpoint failed');
    },
  });
}

/** Every protocol reads its own bodies: SCIM and REST refuse bad JSON in different words. */
function takeBodiesAsBytes(fastify: FastifyInstance): void {
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
}

/** A client that keeps its connection would find nobody at its next request, and keep the drain from ending. */
function closeConnectionsWhileDraining(fastify: FastifyInstance, health: Health): void {
  fastify.addHook('onSend', (_request, reply) => {
    if (health.isDraining) void reply.header('connection', 'close');
    return Promise.resolve();
  });
}
