import { Controller, Get, HttpCode, Post } from '@nestjs/common';
import { ConnectionCheck, ConnectorRegistry } from '#connectors';
import { Organizations } from '#directory';
import type { JsonObject } from '#kernel';
import { consentRedirectUri } from '../connections/redirect-uri.js';
import { Scopes } from '../edge/access.js';
import { EnvironmentId } from '../edge/api-request.js';
import { ApiSettings } from '../edge/api-settings.js';
import { closedObject, optional, type Decoded } from '../edge/decoder.js';
import { Idempotent } from '../edge/idempotency.interceptor.js';
import { Input, PathId } from '../edge/input.js';
import { completeListBody } from '../edge/list-body.js';
import { anyObject, text } from '../edge/values.js';
import { listOf, Operation, ref } from '../openapi/operation.js';
import { checkWire, connectorWire } from './sync-wire.js';

const checkConnector = closedObject({ config: anyObject(), organization_id: optional(text()) });

@Controller('management/connectors')
export class ConnectorsController {
  constructor(
    private readonly registry: ConnectorRegistry,
    private readonly connectionCheck: ConnectionCheck,
    private readonly organizations: Organizations,
    private readonly settings: ApiSettings,
  ) {}

  @Get()
  @Scopes('directories:read')
  @Operation({
    id: 'listConnectors',
    summary: 'List the sources that can be polled, with the forms that connect them',
    returns: listOf('Connector'),
  })
  list(): JsonObject {
    const redirectUri = consentRedirectUri(this.settings.publicUrl);
    return completeListBody(this.registry.all(), (connector) => connectorWire(connector, redirectUri));
  }

  @Post(':id/check')
  @HttpCode(200)
  @Scopes('directories:write')
  @Idempotent()
  @Operation({
    id: 'checkConnector',
    summary: 'Test a connection before the directory exists',
    description:
      'Stores nothing, except that a credential which is good for one use is exchanged, and its successor kept (sealed, for seven days) for the directory in which the same one is entered. The answer is 200 whatever the source says; `ok` and `error` tell. With an organization, people whom it has already are named.',
    returns: ref('ConnectionCheck'),
  })
  async check(
    @EnvironmentId() environmentId: string,
    @PathId('id', 'Connector') id: string,
    @Input(checkConnector) body: Decoded<typeof checkConnector>,
  ): Promise<JsonObject> {
    const connector = this.registry.get(id);
    const organizationId = body.organization_id ?? null;
    if (organizationId !== null) await this.organizations.get(environmentId, organizationId);
    const report = await this.connectionCheck.run(connector, {
      environmentId,
      organizationId,
      directoryId: null,
      answers: body.config,
    });
    return checkWire(report);
  }
}
