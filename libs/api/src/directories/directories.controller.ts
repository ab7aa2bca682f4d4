import { Controller, Delete, Get, HttpCode } from '@nestjs/common';
import { Directories } from '#directory';
import { directoryWire } from '#model';
import type { JsonObject } from '#kernel';
import { Scopes } from '../edge/access.js';
import { EnvironmentId } from '../edge/api-request.js';
import { Filters, PathId } from '../edge/input.js';
import { listBody } from '../edge/list-body.js';
import { pageQuery } from '../edge/page-query.js';
import { parameter, type QueryOf } from '../edge/query.js';
import { domainName, text } from '../edge/values.js';
import { listOf, Operation, ref } from '../openapi/operation.js';

const directoriesQuery = pageQuery('directory', {
  organization_id: parameter(text(), 'Directories of this organization.'),
  search: parameter(text(), 'Part of the name.'),
  domain: parameter(domainName(), 'Directories of the organization that has this domain.'),
});

@Controller('directories')
export class DirectoriesController {
  constructor(private readonly directories: Directories) {}

  @Get()
  @Scopes('directories:read')
  @Operation({ id: 'listDirectories', summary: 'List directories', returns: listOf('Directory') })
  async list(
    @EnvironmentId() environmentId: string,
    @Filters(directoriesQuery) query: QueryOf<typeof directoriesQuery>,
  ): Promise<JsonObject> {
    const page = await this.directories.list(environmentId, {
      ...query.page,
      ...(query.organization_id !== undefined && { organizationId: query.organization_id }),
      ...(query.search !== undefined && { search: query.search }),
      ...(query.domain !== undefined && { domain: query.domain }),
    });
    const owners = [...new Set(page.data.map((directory) => directory.organizationId))];
    const domains = await this.directories.firstDomains(environmentId, owners);
    return listBody(page, (directory) => directoryWire(directory, domains.get(directory.organizationId)));
  }

  @Get(':id')
  @Scopes('directories:read')
  @Operation({
    id: 'getDirectory',
    summary: 'Read a directory',
    description: 'Carries in `metadata` how many users and groups the directory has; lists leave that out.',
    returns: ref('Directory'),
  })
  async get(
    @EnvironmentId() environmentId: string,
    @PathId('id', 'Directory') id: string,
  ): Promise<JsonObject> {
    const directory = await this.directories.get(environmentId, id);
    const [domains, counts] = await Promise.all([
      this.directories.firstDomains(environmentId, [directory.organizationId]),
      this.directories.counts(environmentId, id),
    ]);
    return {
      ...directoryWire(directory, domains.get(directory.organizationId)),
      metadata: {
        users: { active: counts.activeUsers, inactive: counts.inactiveUsers },
        groups: counts.groups,
      },
    };
  }

  @Delete(':id')
  @HttpCode(202)
  @Scopes('directories:write')
  @Operation({ id: 'deleteDirectory', summary: 'Delete a directory and everything in it' })
  async remove(@EnvironmentId() environmentId: string, @PathId('id', 'Directory') id: string): Promise<void> {
    await this.directories.remove(environmentId, id);
  }
}
