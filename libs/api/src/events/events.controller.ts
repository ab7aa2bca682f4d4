import { Controller, Get, Header } from '@nestjs/common';
import { EventFeed } from '#events';
import { Scopes } from '../edge/access.js';
import { EnvironmentId } from '../edge/api-request.js';
import { Filters } from '../edge/input.js';
import type { QueryOf } from '../edge/query.js';
import { listOf, Operation } from '../openapi/operation.js';
import { eventListText } from './event-list.js';
import { eventsQuery, feedRequest } from './events.query.js';

@Controller('events')
export class EventsController {
  constructor(private readonly feed: EventFeed) {}

  @Get()
  @Scopes('events:read')
  @Header('content-type', 'application/json; charset=utf-8')
  @Operation({
    id: 'listEvents',
    summary: 'List events of the environment',
    description:
      'Oldest first unless `order` says otherwise. Follow `after` to tail the log; nothing is missed and nothing comes twice.',
    returns: listOf('Event'),
    errors: {
      400: '`invalid_events_request`: no event was named. `invalid_cursor`, `cursor_expired`: start again from the lists.',
    },
  })
  async list(
    @EnvironmentId() environmentId: string,
    @Filters(eventsQuery) query: QueryOf<typeof eventsQuery>,
  ): Promise<string> {
    const request = feedRequest(query);
    if (!request) return eventListText([], { before: null, after: null });
    const { bodies, before, after } = await this.feed.list(environmentId, request);
    return eventListText(bodies, { before, after });
  }
}
