import { Controller, Delete, Get, HttpCode, Patch, Post } from '@nestjs/common';
import type { JsonObject } from '#kernel';
import { WebhookEndpoints } from '#webhooks';
import { Scopes } from '../edge/access.js';
import { EnvironmentId } from '../edge/api-request.js';
import type { Decoded } from '../edge/decoder.js';
import { Idempotent } from '../edge/idempotency.interceptor.js';
import { Filters, Input, PathId } from '../edge/input.js';
import { listBody } from '../edge/list-body.js';
import { pageQuery } from '../edge/page-query.js';
import type { QueryOf } from '../edge/query.js';
import { listOf, Operation, ref } from '../openapi/operation.js';
import {
  createWebhookEndpoint,
  endpointOptions,
  endpointUpdate,
  updateWebhookEndpoint,
} from './webhook-endpoint.input.js';
import { webhookEndpointWire } from './webhook-endpoint.wire.js';

const endpointsQuery = pageQuery('we', {});

const REFUSED = {
  409: '`duplicate_endpoint`: there is an endpoint with this URL.',
  422: '`invalid_url`: we would never send there. `invalid_request_parameters`: `errors` says what is wrong.',
};

@Controller('webhook_endpoints')
export class WebhookEndpointsController {
  constructor(private readonly endpoints: WebhookEndpoints) {}

  @Get()
  @Scopes('webhooks:read')
  @Operation({
    id: 'listWebhookEndpoints',
    summary: 'List webhook endpoints',
    returns: listOf('WebhookEndpoint'),
  })
  async list(
    @EnvironmentId() environmentId: string,
    @Filters(endpointsQuery) query: QueryOf<typeof endpointsQuery>,
  ): Promise<JsonObject> {
    const { items, before, after } = await this.endpoints.list(environmentId, query.page);
    return listBody({ data: items, before, after }, webhookEndpointWire);
  }

  @Post()
  @Scopes('webhooks:write')
  @Idempotent()
  @Operation({
    id: 'createWebhookEndpoint',
    summary: 'Create a webhook endpoint',
    description: 'The answer is the only place where the signing secret is shown.',
    returns: ref('WebhookEndpoint'),
    errors: REFUSED,
  })
  async create(
    @EnvironmentId() environmentId: string,
    @Input(createWebhookEndpoint) body: Decoded<typeof createWebhookEndpoint>,
  ): Promise<JsonObject> {
    const required = { endpointUrl: body.endpoint_url, events: body.events };
    const endpoint = await this.endpoints.create(environmentId, { ...required, ...endpointOptions(body) });
    return webhookEndpointWire(endpoint);
  }

  @Get(':id')
  @Scopes('webhooks:read')
  @Operation({
    id: 'getWebhookEndpoint',
    summary: 'Read a webhook endpoint',
    returns: ref('WebhookEndpoint'),
  })
  async get(
    @EnvironmentId() environmentId: string,
    @PathId('id', 'Webhook endpoint') id: string,
  ): Promise<JsonObject> {
    return webhookEndpointWire(await this.endpoints.get(environmentId, id));
  }

  @Patch(':id')
  @Scopes('webhooks:write')
  @Operation({
    id: 'updateWebhookEndpoint',
    summary: 'Change a webhook endpoint',
    returns: ref('WebhookEndpoint'),
    errors: REFUSED,
  })
  async update(
    @EnvironmentId() environmentId: string,
    @PathId('id', 'Webhook endpoint') id: string,
    @Input(updateWebhookEndpoint) body: Decoded<typeof updateWebhookEndpoint>,
  ): Promise<JsonObject> {
    return webhookEndpointWire(await this.endpoints.update(environmentId, id, endpointUpdate(body)));
  }

  @Delete(':id')
  @HttpCode(204)
  @Scopes('webhooks:write')
  @Operation({ id: 'deleteWebhookEndpoint', summary: 'Delete a webhook endpoint' })
  async remove(
    @EnvironmentId() environmentId: string,
    @PathId('id', 'Webhook endpoint') id: string,
  ): Promise<void> {
    await this.endpoints.remove(environmentId, id);
  }
}
