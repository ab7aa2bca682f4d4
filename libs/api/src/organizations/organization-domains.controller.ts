import { Controller, Delete, Get, HttpCode, Post } from '@nestjs/common';
import { Organizations } from '#directory';
import { organizationDomainWire } from '#model';
import type { JsonObject } from '#kernel';
import { Scopes } from '../edge/access.js';
import { EnvironmentId } from '../edge/api-request.js';
import { object, type Decoded } from '../edge/decoder.js';
import { Idempotent } from '../edge/idempotency.interceptor.js';
import { Input, PathId } from '../edge/input.js';
import { domainName, text } from '../edge/values.js';
import { Operation, ref } from '../openapi/operation.js';

const addDomain = object({ organization_id: text(), domain: domainName() });

@Controller('organization_domains')
export class OrganizationDomainsController {
  constructor(private readonly organizations: Organizations) {}

  @Post()
  @Scopes('organizations:write')
  @Idempotent()
  @Operation({
    id: 'createOrganizationDomain',
    summary: 'Add a domain to an organization',
    returns: ref('OrganizationDomain'),
    errors: { 404: 'There is no such organization.', 409: '`domain_already_exists`: the domain is taken.' },
  })
  async create(
    @EnvironmentId() environmentId: string,
    @Input(addDomain) body: Decoded<typeof addDomain>,
  ): Promise<JsonObject> {
    const domain = await this.organizations.addDomain(environmentId, body.organization_id, body.domain);
    return organizationDomainWire(domain);
  }

  @Get(':id')
  @Scopes('organizations:read')
  @Operation({ id: 'getOrganizationDomain', summary: 'Read a domain', returns: ref('OrganizationDomain') })
  async get(
    @EnvironmentId() environmentId: string,
    @PathId('id', 'Organization domain') id: string,
  ): Promise<JsonObject> {
    return organizationDomainWire(await this.organizations.getDomain(environmentId, id));
  }

  @Post(':id/verify')
  @Scopes('organizations:write')
  @Idempotent()
  @Operation({
    id: 'verifyOrganizationDomain',
    summary: 'Verify a domain',
    returns: ref('OrganizationDomain'),
    errors: { 400: '`domain_already_verified`' },
  })
  async verify(
    @EnvironmentId() environmentId: string,
    @PathId('id', 'Organization domain') id: string,
  ): Promise<JsonObject> {
    return organizationDomainWire(await this.organizations.verifyDomain(environmentId, id));
  }

  @Delete(':id')
  @HttpCode(204)
  @Scopes('organizations:write')
  @Operation({ id: 'deleteOrganizationDomain', summary: 'Remove a domain' })
  async remove(
    @EnvironmentId() environmentId: string,
    @PathId('id', 'Organization domain') id: string,
  ): Promise<void> {
    await this.organizations.removeDomain(environmentId, id);
  }
}
