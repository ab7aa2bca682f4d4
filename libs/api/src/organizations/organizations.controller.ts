import { Controller, Delete, Get, HttpCode, Post, Put } from '@nestjs/common';
import { Organizations } from '#directory';
import { organizationWire } from '#model';
import type { JsonObject } from '#kernel';
import { Scopes } from '../edge/access.js';
import { EnvironmentId } from '../edge/api-request.js';
import type { Decoded } from '../edge/decoder.js';
import { Idempotent } from '../edge/idempotency.interceptor.js';
import { Filters, Input, PathId } from '../edge/input.js';
import { listBody } from '../edge/list-body.js';
import { pageQuery } from '../edge/page-query.js';
import { listParameter, parameter, type QueryOf } from '../edge/query.js';
import { domainName, text } from '../edge/values.js';
import { listOf, Operation, ref } from '../openapi/operation.js';
import {
  createOrganization,
  newMetadata,
  organizationDetails,
  updateOrganization,
} from './organization.input.js';

const organizationsQuery = pageQuery('org', {
  domains: listParameter(domainName(), 'Organizations that have any of these domains.'),
  search: parameter(text(), 'Part of the name.'),
});

const TAKEN = { 409: 'A domain belongs to another organization.' };

@Controller('organizations')
export class OrganizationsController {
  constructor(private readonly organizations: Organizations) {}

  @Get()
  @Scopes('organizations:read')
  @Operation({ id: 'listOrganizations', summary: 'List organizations', returns: listOf('Organization') })
  async list(
    @EnvironmentId() environmentId: string,
    @Filters(organizationsQuery) query: QueryOf<typeof organizationsQuery>,
  ): Promise<JsonObject> {
    const { page, domains, search } = query;
    const filters = { ...(domains.length > 0 && { domains }), ...(search !== undefined && { search }) };
    return listBody(await this.organizations.list(environmentId, { ...page, ...filters }), organizationWire);
  }

  @Post()
  @Scopes('organizations:write')
  @Idempotent()
  @Operation({
    id: 'createOrganization',
    summary: 'Create an organization',
    returns: ref('Organization'),
    errors: TAKEN,
  })
  async create(
    @EnvironmentId() environmentId: string,
    @Input(createOrganization) body: Decoded<typeof createOrganization>,
  ): Promise<JsonObject> {
    const input = { name: body.name, ...organizationDetails(body), metadata: newMetadata(body.metadata) };
    return organizationWire(await this.organizations.create(environmentId, input));
  }

  @Get('external_id/:external_id')
  @Scopes('organizations:read')
  @Operation({
    id: 'getOrganizationByExternalId',
    summary: 'Read the organization with an external id',
    returns: ref('Organization'),
  })
  async getByExternalId(
    @EnvironmentId() environmentId: string,
    @PathId('external_id', 'Organization') externalId: string,
  ): Promise<JsonObject> {
    return organizationWire(await this.organizations.getByExternalId(environmentId, externalId));
  }

  @Get(':id')
  @Scopes('organizations:read')
  @Operation({ id: 'getOrganization', summary: 'Read an organization', returns: ref('Organization') })
  async get(
    @EnvironmentId() environmentId: string,
    @PathId('id', 'Organization') id: string,
  ): Promise<JsonObject> {
    return organizationWire(await this.organizations.get(environmentId, id));
  }

  @Put(':id')
  @Scopes('organizations:write')
  @Operation({
    id: 'updateOrganization',
    summary: 'Change an organization',
    description: 'Only the fields that are sent change. Domains, when sent, replace the whole set.',
    returns: ref('Organization'),
    errors: TAKEN,
  })
  async update(
    @EnvironmentId() environmentId: string,
    @PathId('id', 'Organization') id: string,
    @Input(updateOrganization) body: Decoded<typeof updateOrganization>,
  ): Promise<JsonObject> {
    const input = {
      ...(body.name !== undefined && { name: body.name }),
      ...organizationDetails(body),
      ...(body.metadata !== undefined && { metadata: body.metadata }),
    };
    return organizationWire(await this.organizations.update(environmentId, id, input));
  }

  @Delete(':id')
  @HttpCode(202)
  @Scopes('organizations:write')
  @Operation({
    id: 'deleteOrganization',
    summary: 'Delete an organization',
    description: 'Its directories are deleted with it.',
  })
  async remove(
    @EnvironmentId() environmentId: string,
    @PathId('id', 'Organization') id: string,
  ): Promise<void> {
    await this.organizations.remove(environmentId, id);
  }
}
