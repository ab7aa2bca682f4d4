import { Controller, Get } from '@nestjs/common';
import { DirectoryLists } from '#directory';
import { NotFoundError, type JsonObject } from '#kernel';
import { Scopes } from '../edge/access.js';
import { EnvironmentId } from '../edge/api-request.js';
import { Filters, PathId } from '../edge/input.js';
import { listBody } from '../edge/list-body.js';
import type { QueryOf } from '../edge/query.js';
import { listOf, Operation, ref } from '../openapi/operation.js';
import { usersFilter, usersQuery } from './directory-users.query.js';
import { userWithGroupsWire } from './user-with-groups.wire.js';

@Controller('directory_users')
export class DirectoryUsersController {
  constructor(private readonly lists: DirectoryLists) {}

  @Get()
  @Scopes('directories:read')
  @Operation({
    id: 'listDirectoryUsers',
    summary: 'List the users of a directory or group',
    description: '`directory` or `group` is required. Inactive users are listed, too.',
    returns: listOf('DirectoryUser'),
    errors: { 404: 'There is no such directory or group.' },
  })
  async list(
    @EnvironmentId() environmentId: string,
    @Filters(usersQuery) query: QueryOf<typeof usersQuery>,
  ): Promise<JsonObject> {
    const filter = usersFilter(query);
    await this.#requireGroupInDirectory(environmentId, query);
    const page = await this.lists.listUsers(environmentId, { ...query.page, ...filter });
    const ids = page.data.map((user) => user.id);
    const groups = await this.lists.groupsOfUsers(environmentId, ids);
    return listBody(page, (user) => userWithGroupsWire(user, groups.get(user.id)));
  }

  @Get(':id')
  @Scopes('directories:read')
  @Operation({ id: 'getDirectoryUser', summary: 'Read a user', returns: ref('DirectoryUser') })
  async get(
    @EnvironmentId() environmentId: string,
    @PathId('id', 'Directory user') id: string,
  ): Promise<JsonObject> {
    const user = await this.lists.getUser(environmentId, id);
    const groups = await this.lists.groupsOfUsers(environmentId, [user.id]);
    return userWithGroupsWire(user, groups.get(user.id));
  }

  async #requireGroupInDirectory(
    environmentId: string,
    query: { readonly directory: string | undefined; readonly group: string | undefined },
  ): Promise<void> {
    if (query.directory === undefined || query.group === undefined) return;
    const group = await this.lists.getGroup(environmentId, query.group);
    if (group.directoryId === query.directory) return;
    throw new NotFoundError(`Directory group not found: '${group.id}'.`, { entityId: group.id });
  }
}
