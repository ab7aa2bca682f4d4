import { Controller, Get, HttpCode, Post, Put } from '@nestjs/common';
import { ConnectionCheck, Connections, Schedules } from '#connectors';
import type { JsonObject } from '#kernel';
import { Scopes } from '../edge/access.js';
import { EnvironmentId } from '../edge/api-request.js';
import { array, clearable, closedObject, optional, type Decoded } from '../edge/decoder.js';
import { Idempotent } from '../edge/idempotency.interceptor.js';
import { Input, PathId } from '../edge/input.js';
import { completeListBody } from '../edge/list-body.js';
import { anyObject, flag, integer, text } from '../edge/values.js';
import { listOf, Operation, ref } from '../openapi/operation.js';
import { checkWire, credentialWire, scheduleWire } from './sync-wire.js';

const checkDirectory = closedObject({ config: optional(anyObject()) });
const changeCredentials = closedObject({ credentials: anyObject() });
/** Of an answer that is sent back with what was changed in it. */
const SHOWN = [
  'object',
  'directory_id',
  'next_incremental_at',
  'next_full_at',
  'last_succeeded_at',
  'needs_approval',
  'failures',
];
const changeSchedule = closedObject(
  {
    incremental_interval: clearable(integer(60, 604_800)),
    full_interval: clearable(integer(300, 2_592_000)),
    paused: optional(flag()),
    maintenance_windows: optional(
      array(
        closedObject({
          days: array(integer(1, 7), { min: 1, max: 7 }),
          from: text(5),
          to: text(5),
          time_zone: text(64),
        }),
        {
          max: 20,
        },
      ),
    ),
  },
  { shown: SHOWN },
);

const NOT_POLLED = { 409: 'The directory is not polled.' };

/** How a polled directory is connected, and when it is read. */
@Controller('management/directories/:id')
export class DirectoryConnectionController {
  constructor(
    private readonly connections: Connections,
    private readonly schedules: Schedules,
    private readonly connectionCheck: ConnectionCheck,
  ) {}

  @Get('credentials')
  @Scopes('directories:read')
  @Operation({
    id: 'listDirectoryCredentials',
    summary: 'List which credentials of a polled directory are stored, never their values',
    returns: listOf('StoredCredential'),
    errors: NOT_POLLED,
  })
  async listCredentials(
    @EnvironmentId() environmentId: string,
    @PathId('id', 'Directory') id: string,
  ): Promise<JsonObject> {
    return completeListBody(await this.connections.credentials(environmentId, id), credentialWire);
  }

  @Put('credentials')
  @Scopes('directories:write')
  @Operation({
    id: 'replaceDirectoryCredentials',
    summary: 'Replace credentials of a polled directory',
    description: 'Those that are not named stay. The directory is tried at once with the new ones.',
    returns: listOf('StoredCredential'),
    errors: NOT_POLLED,
  })
  async replaceCredentials(
    @EnvironmentId() environmentId: string,
    @PathId('id', 'Directory') id: string,
    @Input(changeCredentials) body: Decoded<typeof changeCredentials>,
  ): Promise<JsonObject> {
    const stored = await this.connections.changeCredentials(environmentId, id, body.credentials);
    return completeListBody(stored, credentialWire);
  }

  @Post('check')
  @HttpCode(200)
  @Scopes('directories:write')
  @Idempotent()
  @Operation({
    id: 'checkDirectory',
    summary: 'Test the connection of a polled directory',
    description: 'With `config`, as if those settings and credentials were stored; nothing is.',
    returns: ref('ConnectionCheck'),
    errors: NOT_POLLED,
  })
  async check(
    @EnvironmentId() environmentId: string,
    @PathId('id', 'Directory') id: string,
    @Input(checkDirectory) body: Decoded<typeof checkDirectory>,
  ): Promise<JsonObject> {
    const settings = await this.connections.settingsWith(environmentId, id, body.config ?? {});
    const { organizationId } = settings.directory;
    const request = { environmentId, organizationId, directoryId: id, answers: settings.answers };
    return checkWire(await this.connectionCheck.run(settings.connector, request));
  }

  @Get('schedule')
  @Scopes('directories:read')
  @Operation({
    id: 'getSyncSchedule',
    summary: 'Get when a directory is polled',
    returns: ref('SyncSchedule'),
    errors: NOT_POLLED,
  })
  async schedule(
    @EnvironmentId() environmentId: string,
    @PathId('id', 'Directory') directoryId: string,
  ): Promise<JsonObject> {
    return scheduleWire(directoryId, await this.schedules.get({ environmentId, directoryId }));
  }

  @Put('schedule')
  @Scopes('directories:write')
  @Operation({
    id: 'updateSyncSchedule',
    summary: 'Change when a directory is polled, or pause it',
    description: 'What is not named stays. null goes back to the interval of the connector.',
    returns: ref('SyncSchedule'),
    errors: NOT_POLLED,
  })
  async changeSchedule(
    @EnvironmentId() environmentId: string,
    @PathId('id', 'Directory') directoryId: string,
    @Input(changeSchedule) body: Decoded<typeof changeSchedule>,
  ): Promise<JsonObject> {
    const { incremental_interval, full_interval, paused, maintenance_windows } = body;
    const changed = await this.schedules.change(
      { environmentId, directoryId },
      {
        ...(incremental_interval !== undefined && { incrementalSeconds: incremental_interval }),
        ...(full_interval !== undefined && { fullSeconds: full_interval }),
        ...(paused !== undefined && { paused }),
        ...(maintenance_windows !== undefined && {
          windows: maintenance_windows.map(({ time_zone, ...window }) => ({
            ...window,
            timeZone: time_zone,
          })),
        }),
      },
    );
    return scheduleWire(directoryId, changed);
  }
}
