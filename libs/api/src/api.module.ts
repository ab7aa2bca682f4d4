import { Module, type DynamicModule, type Provider } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import {
  Directories,
  DirectoryAccess,
  DirectoryLists,
  DirectoryTokens,
  Environments,
  GuardPolicies,
  Holds,
  OAuthClients,
  Organizations,
  Restores,
} from '#directory';
import {
  Authorizations,
  ConnectionCheck,
  Connections,
  ConnectorRegistry,
  Schedules,
  SyncRuns,
  Uploads,
} from '#connectors';
import { EventFeed } from '#events';
import type { Database, SecretBox } from '#kernel';
import { RequestLogReader } from '#scim';
import { Attempts, WebhookEndpoints } from '#webhooks';
import { API_CONTROLLERS } from './api-controllers.js';
import { ApiKeyGuard } from './edge/api-key.guard.js';
import { ApiSettings } from './edge/api-settings.js';
import { IdempotencyInterceptor } from './edge/idempotency.interceptor.js';
import { IdempotencyStore } from './edge/idempotency-store.js';
import { RestExceptionFilter } from './edge/rest-exception.filter.js';
import { ManagedDirectoryView } from './management/managed-directory-view.provider.js';
import { PolledDirectoryView } from './management/polled-directory-view.provider.js';
import { buildOpenApi } from './openapi/build-openapi.js';
import { OpenApiDocument } from './openapi/openapi-document.js';

/** Everything the REST API works with; the composition makes it. */
export interface ApiModuleOptions {
  readonly environments: Environments;
  readonly organizations: Organizations;
  readonly directories: Directories;
  readonly directoryTokens: DirectoryTokens;
  readonly oauthClients: OAuthClients;
  readonly directoryLists: DirectoryLists;
  readonly holds: Holds;
  readonly restores: Restores;
  readonly guardPolicies: GuardPolicies;
  readonly eventFeed: EventFeed;
  readonly requestLog: RequestLogReader;
  readonly webhookEndpoints: WebhookEndpoints;
  readonly attempts: Attempts;
  readonly connectors: ConnectorRegistry;
  readonly connections: Connections;
  readonly authorizations: Authorizations;
  readonly connectionCheck: ConnectionCheck;
  readonly schedules: Schedules;
  readonly syncRuns: SyncRuns;
  readonly uploads: Uploads;
  /** Signs in those who upload. */
  readonly access: DirectoryAccess;
  /** Where idempotency keys are kept. */
  readonly database: Database;
  /** Seals the answers kept under idempotency keys: some hold a secret that is shown once. */
  readonly secretBox: SecretBox;
  readonly settings: Pick<ApiSettings, 'publicUrl' | 'dialects' | 'version' | 'sftp'>;
}

/**
 * The uniform REST API. Its error filter is the application's default; controllers of other protocols bind their own.
 */
@Module({})
export class ApiModule {
  static register(options: ApiModuleOptions): DynamicModule {
    return {
      module: ApiModule,
      controllers: [...API_CONTROLLERS],
      providers: providersOf(options),
      exports: [IdempotencyStore],
    };
  }
}

function providersOf(options: ApiModuleOptions): Provider[] {
  return [
    { provide: Environments, useValue: options.environments },
    { provide: Organizations, useValue: options.organizations },
    { provide: Directories, useValue: options.directories },
    { provide: DirectoryTokens, useValue: options.directoryTokens },
    { provide: OAuthClients, useValue: options.oauthClients },
    { provide: DirectoryLists, useValue: options.directoryLists },
    { provide: Holds, useValue: options.holds },
    { provide: Restores, useValue: options.restores },
    { provide: GuardPolicies, useValue: options.guardPolicies },
    { provide: EventFeed, useValue: options.eventFeed },
    { provide: RequestLogReader, useValue: options.requestLog },
    { provide: WebhookEndpoints, useValue: options.webhookEndpoints },
    { provide: Attempts, useValue: options.attempts },
    { provide: ConnectorRegistry, useValue: options.connectors },
    { provide: Connections, useValue: options.connections },
    { provide: Authorizations, useValue: options.authorizations },
    { provide: ConnectionCheck, useValue: options.connectionCheck },
    { provide: Schedules, useValue: options.schedules },
    { provide: SyncRuns, useValue: options.syncRuns },
    { provide: Uploads, useValue: options.uploads },
    { provide: DirectoryAccess, useValue: options.access },
    { provide: OpenApiDocument, useFactory: () => new OpenApiDocument(buildOpenApi(options.settings)) },
    { provide: ApiSettings, useValue: new ApiSettings(options.settings) },
    {
      provide: IdempotencyStore,
      useFactory: () => new IdempotencyStore(options.database, options.secretBox),
    },
    { provide: APP_FILTER, useClass: RestExceptionFilter },
    PolledDirectoryView,
    ManagedDirectoryView,
    ApiKeyGuard,
    IdempotencyInterceptor,
  ];
}
