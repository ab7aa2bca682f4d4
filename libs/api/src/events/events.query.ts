import { InvalidInputError } from '#kernel';
import type { FeedRequest } from '#events';
import { pageQuery } from '../edge/page-query.js';
import { listParameter, parameter, type QueryOf } from '../edge/query.js';
import { instant, text } from '../edge/values.js';
import { eventName, isEmitted } from './event-name.js';

/** Oldest first unless asked otherwise: consumers that send no order follow `after` forward. */
export const eventsQuery = pageQuery(
  'event',
  {
    events: listParameter(eventName(), 'Names of the events to list; required.'),
    range_start: parameter(
      instant(),
      'Events recorded at or after this time. Without effect next to `after`.',
    ),
    range_end: parameter(instant(), 'Events recorded at or before this time.'),
    organization_id: parameter(text(), 'Events of this organization.'),
  },
  'asc',
);

/** What to read from the log; undefined when nothing can match. */
export function feedRequest(query: QueryOf<typeof eventsQuery>): FeedRequest | undefined {
  if (query.events.length === 0)
    throw new InvalidInputError(
      'Name at least one event in the "events" parameter, for example events=dsync.user.created.',
      {
        code: 'invalid_events_request',
      },
    );
  const types = query.events.filter(isEmitted);
  if (types.length === 0) return undefined;
  const { range_end: rangeEnd, organization_id: organizationId } = query;
  // A client that keeps range_start on later pages means the position its cursor gives.
  const rangeStart = query.page.after === undefined ? query.range_start : undefined;
  return {
    ...query.page,
    types,
    ...(rangeStart && { rangeStart }),
    ...(rangeEnd && { rangeEnd }),
    ...(organizationId !== undefined && { organizationId }),
  };
}
