import { newId, idTime, textArray, type Queryable } from '#kernel';
import { eventBody, type NewEvent } from '#model';
import type { Stream } from './stream.js';

/** Where an event came to stand. */
export interface AppendedEvent {
  readonly id: string;
  readonly type: string;
  readonly sequence: number;
}

interface EventRow extends AppendedEvent {
  readonly body: string;
  readonly created_at: string;
}

/** Creates the counter of a new stream. */
export async function createStream(
  tx: Queryable,
  stream: Pick<Stream, 'environmentId' | 'streamId'>,
): Promise<void> {
  await tx.query({
    name: 'events_create_stream',
    text: 'INSERT INTO streams (environment_id, stream_id) VALUES ($1, $2) ON CONFLICT DO NOTHING',
    values: [stream.environmentId, stream.streamId],
  });
}

/** Last number given out in a stream; read it under the stream's lock. */
export async function readHead(
  tx: Queryable,
  stream: Pick<Stream, 'environmentId' | 'streamId'>,
): Promise<number> {
  const rows = await tx.query<{ sequence: number }>({
    name: 'events_read_head',
    text: 'SELECT sequence FROM streams WHERE environment_id = $1 AND stream_id = $2',
    values: [stream.environmentId, stream.streamId],
  });
  return rows[0]?.sequence ?? 0;
}

/**
 * Appends events in the caller's transaction, which holds the stream's lock (`lockStream`).
 * @param head last number given out, as `readHead` or the caller's own read under the lock says.
 */
export async function appendEvents(
  tx: Queryable,
  stream: Stream,
  batch: { readonly head: number; readonly events: readonly NewEvent[] },
): Promise<AppendedEvent[]> {
  const { events, written } = startAppend(tx, stream, batch);
  await written;
  return events;
}

/** The same for a pipelined transaction: the numbers are known at once, `written` is the statement under way. */
export function startAppend(
  tx: Queryable,
  stream: Stream,
  batch: { readonly head: number; readonly events: readonly NewEvent[] },
): { readonly events: AppendedEvent[]; readonly written: Promise<unknown> } {
  if (batch.events.length === 0) return { events: [], written: Promise.resolve() };
  const rows = batch.events.map((event, index) => eventRow(stream, event, batch.head + index + 1));
  const written = tx.query({
    name: 'events_append',
    text: APPEND,
    values: [
      stream.environmentId,
      stream.streamId,
      stream.organizationId,
      batch.head + rows.length,
      batch.head,
      textArray(rows.map((row) => row.id)),
      textArray(rows.map((row) => row.type)),
      textArray(rows.map((row) => row.body)),
      textArray(rows.map((row) => row.created_at)),
    ],
  });
  return { events: rows, written };
}

/** The stream comes from the row that is counted up: without one the statement fails, as a foreign key would. */
const APPEND = `
WITH counter AS (
  UPDATE streams SET sequence = $4 WHERE environment_id = $1 AND stream_id = $2 RETURNING stream_id
)
INSERT INTO events (environment_id, stream_id, sequence, id, type, organization_id, body, epoch, created_at)
SELECT $1, (SELECT stream_id FROM counter), $5 + e.place, e.id, e.type, $3, e.body, (SELECT max(epoch) FROM log_epochs), e.created_at::timestamptz
FROM unnest($6::text[], $7::text[], $8::text[], $9::text[]) WITH ORDINALITY AS e (id, type, body, created_at, place)`;

function eventRow(stream: Stream, event: NewEvent, sequence: number): EventRow {
  const id = newId('event');
  const createdAt = asTimestamp(idTime('event', id) as number);
  const body = eventBody({ ...event, id, sequence, directoryId: stream.directoryId, createdAt });
  return { id, type: event.type, sequence, body, created_at: createdAt };
}

let latest = { time: 0, text: '' };

/** Events of one millisecond share the text, which takes as long to write as the id. */
function asTimestamp(time: number): string {
  if (time !== latest.time) latest = { time, text: new Date(time).toISOString() };
  return latest.text;
}
