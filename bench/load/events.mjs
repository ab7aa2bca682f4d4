const BASE32 = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const BODY_BYTES = 1_024;

/** An event id of the service's form for the n-th event of a moment: sorted by time, then by n. */
export function eventId(timeMs, n) {
  return `event_${base32(timeMs, 10)}${base32(n, 16)}`;
}

/** The text of an event in the envelope that the service sends, 1 KiB. */
export function eventBody({ id, timeMs, sequence, directoryId }) {
  const createdAt = new Date(timeMs).toISOString();
  const data = {
    object: 'directory_user',
    id: id.replace('event', 'directory_user'),
    directory_id: directoryId,
    idp_id: `00u${sequence}`,
    email: `person.${sequence}@corp.example.com`,
    first_name: 'Grace',
    last_name: 'Lindgren',
    job_title: 'Engineer',
    username: `person.${sequence}@corp.example.com`,
    state: 'active',
    raw_attributes: { note: '' },
    custom_attributes: {},
    created_at: createdAt,
    updated_at: createdAt,
  };
  const envelope = {
    id,
    event: 'dsync.user.created',
    data,
    created_at: createdAt,
    object: 'event',
    context: {},
    directory_id: directoryId,
    sequence,
  };
  data.raw_attributes.note = 'x'.repeat(Math.max(0, BODY_BYTES - JSON.stringify(envelope).length));
  return JSON.stringify(envelope);
}

/** `count` events that follow the sequence number `after`. */
export function makeEvents({ count, after = 0, directoryId = 'directory_bench' }) {
  const timeMs = Date.now();
  return Array.from({ length: count }, (_, index) => {
    const sequence = after + index + 1;
    const id = eventId(timeMs, sequence);
    return { id, sequence, timeMs, body: eventBody({ id, timeMs, sequence, directoryId }) };
  });
}

/** The deliveries of some events: every event goes to every endpoint. */
export function makeDeliveries({ deliveries, endpoints, after }) {
  const events = makeEvents({ count: deliveries / endpoints, after });
  return events.flatMap(({ id, body }) =>
    Array.from({ length: endpoints }, (_, endpoint) => ({ endpoint, id, body })),
  );
}

function base32(value, length) {
  let text = '';
  for (let rest = value; text.length < length; rest = Math.floor(rest / 32)) text = BASE32[rest % 32] + text;
  return text;
}
