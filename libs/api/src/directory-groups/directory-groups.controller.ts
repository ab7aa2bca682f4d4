import { Controller, Get } from '@nestjs/common';
import { DirectoryLists } from '#directory';
import { directoryGroupWire } from '#model';
import { NotFoundError, type JsonObject } from '#kernel';
import { Scopes } from '../edge/access.js';
import { EnvironmentId } from '../edge/api-request.js';
import { Filters, PathId } from '../edge/input.js';
import { listBody } from '../edge/list-body.js';
import { missingFilter } from '../edge/missing-filter.js';
import { pageQuery } from '../edge/page-query.js';
import { parameter, type QueryOf } from '../edge/query.js';
import { text } from '../edge/values.js';
import { listOf, Operation, ref } from '../openapi/operation.js';

const groupsQuery = pageQuery('directory_group', {
  directory: parameter(text(), 'Groups of this directory.'),
  user: parameter(text(), 'Groups that this user is a member of.'),
});

@Controller('directory_groups')
export class DirectoryGroupsController {
  constructor(private readonly lists: DirectoryLists) {}

  @Get()
  @Scopes('directories:read')
  @Operation({
    id: 'listDirectoryGroups',
    summary: 'List the groups of a directory or user',
    description: '`directory` or `user` is required.',
    returns: listOf('DirectoryGroup'),
    errors: { 404: 'There is no such directory or user.' },
  })
  async list(
    @EnvironmentId() environmentId: string,
    @Filters(groupsQuery) query: QueryOf<typeof groupsQuery>,
  ): Promise<JsonObject> {
    const filter = groupsFilter(query);
    await this.#requireUserInDirectory(environmentId, query);
    return listBody(
      await this.lists.listGroups(environmentId, { ...query.page, ...filter }),
      directoryGroupWire,
    );
  }

  @Get(':id')
  @Scopes('directories:read')
  @Operation({ id: 'getDirectoryGroup', summary: 'Read a group', returns: ref('DirectoryGroup') })
  async get(
    @EnvironmentId() environmentId: string,
    @PathId('id', 'Directory group') id: string,
  ): Promise<JsonObject> {
    return directoryGroupWire(await this.lists.getGroup(environmentId, id));
  }

  async #requireUserInDirectory(
    environmentId: string,
    query: { readonly directory: string | undefined; readonly user: string | undefined },
  ): Promise<void> {
    if (query.directory === undefined || query.user === undefined) return;
    const user = await this.lists.getUser(environmentId, query.user);
    if (user.directoryId === query.directory) return;
    throw new NotFoundError(`Directory user not found: '${user.id}'.`, { entityId: user.id });
  }
}

/** With both, the user decides; the caller has checked that it lies in the directory. */
function groupsFilter(query: QueryOf<typeof groupsQuery>): { directoryId: string } | { userId: string } {
  if (query.user !== undefined) return { userId: query.user };
  if (query.directory !== undefined) return { directoryId: query.directory };
  throw missingFilter('directory', 'user');
}
