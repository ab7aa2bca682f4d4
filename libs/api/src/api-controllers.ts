import type { Type } from '@nestjs/common';
import { OAuthCallbackController } from './connections/oauth-callback.controller.js';
import { DirectoriesController } from './directories/directories.controller.js';
import { DirectoryGroupsController } from './directory-groups/directory-groups.controller.js';
import { DirectoryUsersController } from './directory-users/directory-users.controller.js';
import { EventsController } from './events/events.controller.js';
import { DirectoryPausesController } from './management/directory-pauses.controller.js';
import { ConnectorsController } from './management/connectors.controller.js';
import { DirectoryAuthorizationsController } from './management/directory-authorizations.controller.js';
import { DirectoryConnectionController } from './management/directory-connection.controller.js';
import { DirectoryTokensController } from './management/directory-tokens.controller.js';
import { DirectoryUploadsController } from './management/directory-uploads.controller.js';
import { EnvironmentsController } from './management/environments.controller.js';
import { ManagedDirectoriesController } from './management/managed-directories.controller.js';
import { ManagedEventsController } from './management/managed-events.controller.js';
import { OAuthClientsController } from './management/oauth-clients.controller.js';
import { SyncRunsController } from './management/sync-runs.controller.js';
import { RefusedLoginsController } from './management/refused-logins.controller.js';
import { RequestLogController } from './management/request-log.controller.js';
import { RemovalHoldsController } from './management/removal-holds.controller.js';
import { RemovalPolicyController } from './management/removal-policy.controller.js';
import { WebhookAttemptsController } from './management/webhook-attempts.controller.js';
import { DocumentationController } from './openapi/documentation.controller.js';
import { OrganizationDomainsController } from './organizations/organization-domains.controller.js';
import { OrganizationsController } from './organizations/organizations.controller.js';
import { PortalController } from './portal/portal.controller.js';
import { UploadsController } from './uploads/uploads.controller.js';
import { WebhookEndpointsController } from './webhook-endpoints/webhook-endpoints.controller.js';

/** Every controller of the REST API. */
export const API_CONTROLLERS: readonly Type[] = [
  OrganizationsController,
  OrganizationDomainsController,
  DirectoriesController,
  DirectoryUsersController,
  DirectoryGroupsController,
  EventsController,
  WebhookEndpointsController,
  PortalController,
  EnvironmentsController,
  ManagedDirectoriesController,
  DirectoryPausesController,
  DirectoryTokensController,
  OAuthClientsController,
  RefusedLoginsController,
  RequestLogController,
  RemovalHoldsController,
  RemovalPolicyController,
  ManagedEventsController,
  ConnectorsController,
  DirectoryConnectionController,
  DirectoryAuthorizationsController,
  SyncRunsController,
  DirectoryUploadsController,
  UploadsController,
  OAuthCallbackController,
  WebhookAttemptsController,
  DocumentationController,
];
