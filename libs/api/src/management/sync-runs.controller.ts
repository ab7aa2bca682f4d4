import { Controller, Get, HttpCode, Post, Res, type OnModuleDestroy } from '@nestjs/common';
import { isFinal, RUN_ITEM_KINDS, RUN_STATUSES, SyncRuns } from '#connectors';
import { systemClock, type JsonObject } from '#kernel';
import type { FastifyReply } from 'fastify';
import { Scopes } from '../edge/access.js';
import { EnvironmentId } from '../edge/api-request.js';
import { closedObject, type Decoded } from '../edge/decoder.js';
import { Idempotent } from '../edge/idempotency.interceptor.js';
import { Filters, Input, PathId } from '../edge/input.js';
import { listBody } from '../edge/list-body.js';
import { pageQuery } from '../edge/page-query.js';
import { parameter, type QueryOf } from '../edge/query.js';
import { oneOf } from '../edge/values.js';
import { listOf, Operation, ref, STRING } from '../openapi/operation.js';
import { OpenStreams } from './open-streams.js';
import { followRun, type StreamMessage } from './sync-run-stream.js';
import { syncRunItemWire, syncRunWire } from './sync-wire.js';

const startRun = closedObject({ mode: oneOf(['full', 'incremental', 'preview']) });
const runsQuery = pageQuery('run', {
  status: parameter(oneOf(RUN_STATUSES), 'Show runs in this status only.'),
});
const itemsQuery = pageQuery(
  'run_item',
  {
    kind: parameter(oneOf(RUN_ITEM_KINDS), '`invalid`: could not be read. `change`: an example of a change.'),
  },
  'asc',
);

/** Pulls of polled directories: started, watched, approved and cancelled. */
@Controller('management/directories/:id/sync_runs')
export class SyncRunsController implements OnModuleDestroy {
  /** Streams that are open; a process that ends closes them, and clients come back to another one. */
  readonly #streams = new OpenStreams();

  constructor(private readonly runs: SyncRuns) {}

  onModuleDestroy(): void {
    this.#streams.end();
  }

  @Post()
  @Scopes('directories:write')
  @Idempotent()
  @Operation({
    id: 'startSyncRun',
    summary: 'Read a polled directory now',
    description:
      '`preview` changes nothing. The first run, and the first after a change of settings, is a full one that waits until it is applied.',
    returns: ref('SyncRun'),
    errors: { 409: 'A run is under way, the directory is paused, or it is not polled.' },
  })
  async start(
    @EnvironmentId() environmentId: string,
    @PathId('id', 'Directory') directoryId: string,
    @Input(startRun) body: Decoded<typeof startRun>,
  ): Promise<JsonObject> {
    return syncRunWire(await this.runs.request({ environmentId, directoryId }, body.mode), systemClock.now());
  }

  @Get()
  @Scopes('directories:read')
  @Operation({
    id: 'listSyncRuns',
    summary: 'List the runs of a polled directory',
    returns: listOf('SyncRun'),
  })
  async list(
    @EnvironmentId() environmentId: string,
    @PathId('id', 'Directory') directoryId: string,
    @Filters(runsQuery) query: QueryOf<typeof runsQuery>,
  ): Promise<JsonObject> {
    const now = systemClock.now();
    const page = await this.runs.list({ environmentId, directoryId }, query);
    return listBody(page, (run) => syncRunWire(run, now));
  }

  @Get(':run_id')
  @Scopes('directories:read')
  @Operation({ id: 'getSyncRun', summary: 'Get a run and how far it is', returns: ref('SyncRun') })
  async get(
    @EnvironmentId() environmentId: string,
    @PathId('id', 'Directory') directoryId: string,
    @PathId('run_id', 'Sync run') runId: string,
  ): Promise<JsonObject> {
    return syncRunWire(await this.runs.get({ environmentId, directoryId }, runId), systemClock.now());
  }

  @Get(':run_id/items')
  @Scopes('directories:read')
  @Operation({
    id: 'listSyncRunItems',
    summary: 'List records that a run could not read, and examples of what it changes',
    returns: listOf('SyncRunItem'),
  })
  async items(
    @EnvironmentId() environmentId: string,
    @PathId('id', 'Directory') directoryId: string,
    @PathId('run_id', 'Sync run') runId: string,
    @Filters(itemsQuery) query: QueryOf<typeof itemsQuery>,
  ): Promise<JsonObject> {
    const page = await this.runs.items({ environmentId, directoryId }, runId, query);
    return listBody(page, syncRunItemWire);
  }

  @Get(':run_id/stream')
  @Scopes('directories:read')
  @Operation({
    id: 'streamSyncRun',
    summary: 'Follow a run',
    description:
      'Server-sent events: `progress` with the run at every change, `end` with its last state. `Last-Event-ID` goes on where the client was; a stream without `end` was closed after a quarter of an hour and is to be asked for again.',
    mediaType: 'text/event-stream',
    returns: STRING,
    errors: { 503: '`too_many_streams`: 50 of the environment are open in this process.' },
  })
  async stream(
    @EnvironmentId() environmentId: string,
    @PathId('id', 'Directory') directoryId: string,
    @PathId('run_id', 'Sync run') runId: string,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const key = { environmentId, directoryId };
    // What is not there is refused in the ordinary way, before the stream begins.
    await this.runs.get(key, runId);
    const { abort, close } = this.#streams.open(environmentId);
    reply.hijack();
    reply.raw.once('close', () => abort.abort());
    reply.raw.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
      'x-request-id': reply.request.id,
    });
    try {
      const after = lastEventId(reply);
      for await (const message of followRun(() => this.runs.get(key, runId), { after, signal: abort.signal }))
        await write(reply, eventText(message));
    } catch {
      // The directory was deleted, or the database is away: the client asks again and hears it from there.
    } finally {
      close();
      reply.raw.end();
    }
  }

  @Post(':run_id/cancel')
  @HttpCode(202)
  @Scopes('directories:write')
  @Idempotent()
  @Operation({
    id: 'cancelSyncRun',
    summary: 'End a run before it changes anything',
    returns: ref('SyncRun'),
    errors: { 409: 'The run is being applied, or is over.' },
  })
  async cancel(
    @EnvironmentId() environmentId: string,
    @PathId('id', 'Directory') directoryId: string,
    @PathId('run_id', 'Sync run') runId: string,
  ): Promise<JsonObject> {
    return syncRunWire(await this.runs.cancel({ environmentId, directoryId }, runId), systemClock.now());
  }

  @Post(':run_id/apply')
  @HttpCode(202)
  @Scopes('directories:write')
  @Idempotent()
  @Operation({
    id: 'applySyncRun',
    summary: 'Let a preview through that waits for it',
    returns: ref('SyncRun'),
    errors: { 409: 'The run does not wait for approval.' },
  })
  async apply(
    @EnvironmentId() environmentId: string,
    @PathId('id', 'Directory') directoryId: string,
    @PathId('run_id', 'Sync run') runId: string,
  ): Promise<JsonObject> {
    return syncRunWire(await this.runs.approve({ environmentId, directoryId }, runId), systemClock.now());
  }
}

function lastEventId(reply: FastifyReply): number {
  const id = Number(reply.request.headers['last-event-id']);
  return Number.isInteger(id) ? id : -1;
}

function eventText(message: StreamMessage): string {
  if (message.kind === 'heartbeat') return ': still there\n\n';
  const { run } = message;
  const data = JSON.stringify(syncRunWire(run, systemClock.now()));
  return `id: ${run.revision}\nevent: ${isFinal(run.status) ? 'end' : 'progress'}\ndata: ${data}\n\n`;
}

/** Waits for a client that reads slowly. */
function write(reply: FastifyReply, text: string): Promise<void> {
  return new Promise((resolve) => {
    if (reply.raw.destroyed || reply.raw.write(text)) return resolve();
    reply.raw.once('drain', resolve);
    reply.raw.once('close', resolve);
  });
}
