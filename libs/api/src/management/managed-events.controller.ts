import { Controller, Get, Header } from '@nestjs/common';
import { EventFeed } from '#events';
import { isId } from '#kernel';
import { Scopes } from '../edge/access.js';
import { EnvironmentId } from '../edge/api-request.js';
import { refuse } from '../edge/decoder.js';
import { Filters } from '../edge/input.js';
import { numberParameter, parameter, query, type QueryOf } from '../edge/query.js';
import { text } from '../edge/values.js';
import { eventListText } from '../events/event-list.js';
import { Operation, record, ref } from '../openapi/operation.js';

const streamQuery = query({
  directory: parameter(
    text(),
    'Log of this directory, also after its deletion. Without it: log of the environment.',
  ),
  after_sequence: numberParameter(
    { min: 0, max: Number.MAX_SAFE_INTEGER, default: 0 },
    'Show what follows this sequence number.',
  ),
  limit: numberParameter({ min: 1, max: 100, default: 10 }, 'How many items a page has.'),
});

@Controller('management/events')
export class ManagedEventsController {
  constructor(private readonly feed: EventFeed) {}

  @Get()
  @Scopes('events:read')
  @Header('content-type', 'application/json; charset=utf-8')
  @Operation({
    id: 'listStreamEvents',
    summary: 'Read one log by sequence number',
    description:
      'Every event of every type, in order and without gaps. Ask again with the last sequence number until nothing comes.',
    returns: record({
      object: { type: 'string', const: 'list' },
      data: { type: 'array', items: ref('Event') },
      list_metadata: record({ last_sequence: { type: ['integer', 'null'] } }),
    }),
    errors: { 400: '`cursor_expired`: what follows is no longer kept. Start again from the lists.' },
  })
  async list(
    @EnvironmentId() environmentId: string,
    @Filters(streamQuery) request: QueryOf<typeof streamQuery>,
  ): Promise<string> {
    const { directory, after_sequence: afterSequence, limit } = request;
    if (directory !== undefined && !isId('directory', directory))
      throw refuse('directory', 'must be the id of a directory');
    const streamId = directory ?? environmentId;
    const page = await this.feed.listStream(environmentId, streamId, { afterSequence, limit });
    return eventListText(page.bodies, { last_sequence: page.lastSequence });
  }
}
