import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { newId, type InvalidInputError } from '#kernel';
import { createTestDatabase, type TestDatabase } from '#testing';
import { appendEvents, createStream } from './append.js';
import { EventFeed } from './event-feed.js';
import { lockStream } from './stream.js';

const STREAM = 'directory_1';
const DAY_MS = 86_400_000;

/** The feed after old events were dropped. What it does with events that are there is tested where they are made. */
describe('EventFeed after retention', () => {
  let test: TestDatabase;
  let feed: EventFeed;
  let environmentId: string;
  let ids: string[];

  beforeAll(async () => {
    test = await createTestDatabase();
    feed = new EventFeed(test.database, 90);
    await test.asOwner(
      `INSERT INTO log_epochs (epoch, cluster_identity) VALUES (1, 'one') ON CONFLICT DO NOTHING`,
    );
  });
  afterAll(() => test.drop());

  beforeEach(async () => {
    environmentId = newId('environment');
    const stream = { environmentId, streamId: STREAM, directoryId: STREAM, organizationId: null };
    await test.pool.query('INSERT INTO environments (id, name) VALUES ($1, $1)', [environmentId]);
    ids = await test.database.transaction(async (tx) => {
      await createStream(tx, stream);
      const events = Array.from({ length: 5 }, () => ({ type: 'dsync.user.created', data: {} }) as const);
      return (await appendEvents(tx, stream, { head: 0, events })).map(({ id }) => id);
    }, lockStream(STREAM));
    await untilShown();
  });
  afterEach(() => test.asOwner('DELETE FROM events'));

  const forget = (upTo: number): Promise<unknown> =>
    test.asOwner('DELETE FROM events WHERE environment_id = $1 AND sequence <= $2', [environmentId, upTo]);

  /** The feed waits for every transaction of the server that began earlier, also for those of other databases. */
  const untilShown = async (): Promise<void> => {
    for (let tries = 0; tries < 400; tries++) {
      if ((await list(ids[0] as string)).bodies.length === 4) return;
      await sleep(25);
    }
    throw new Error('The feed does not show what was committed.');
  };

  const sequences = async (afterSequence: number): Promise<number[]> => {
    const { bodies } = await feed.listStream(environmentId, STREAM, { afterSequence, limit: 100 });
    return bodies.map((body) => JSON.parse(body).sequence as number);
  };

  const list = (after: string): ReturnType<EventFeed['list']> =>
    feed.list(environmentId, { types: ['dsync.user.created'], order: 'asc', limit: 10, after });

  const codeOf = (work: Promise<unknown>): Promise<unknown> =>
    work.then(
      () => 'none',
      (error: InvalidInputError) => error.code,
    );

  it('says that a cursor is too old, not that it is wrong', async () => {
    const old = `event_${encodeTime(Date.now() - 91 * DAY_MS)}0000000000000000`;
    const young = `event_${encodeTime(Date.now() - 89 * DAY_MS)}0000000000000000`;
    expect(await codeOf(list(old))).toBe('cursor_expired');
    expect(await codeOf(list(young))).toBe('invalid_cursor');
    expect(await codeOf(list('event_1'))).toBe('invalid_cursor');
  });

  it('follows a cursor that is still there behind the gap', async () => {
    await forget(3);
    expect((await list(ids[3] as string)).bodies).toHaveLength(1);
  });

  it('begins a log at its oldest event', async () => {
    await forget(3);
    expect(await sequences(0)).toEqual([4, 5]);
  });

  it('never reads on behind a gap as if there were none', async () => {
    await forget(3);
    expect(await codeOf(sequences(2))).toBe('cursor_expired');
    expect(await sequences(3)).toEqual([4, 5]);
    await forget(5);
    expect(await codeOf(sequences(4))).toBe('cursor_expired');
    expect(await sequences(5)).toEqual([]);
    expect(await sequences(0)).toEqual([]);
  });

  it('knows nothing of a stream that does not exist', async () => {
    expect(
      (await feed.listStream(environmentId, 'directory_2', { afterSequence: 4, limit: 1 })).bodies,
    ).toEqual([]);
  });
});

/** Time part of a ULID. */
function encodeTime(ms: number): string {
  const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
  let text = '';
  for (let rest = ms; text.length < 10; rest = Math.floor(rest / 32))
    text = (ALPHABET[rest % 32] as string) + text;
  return text;
}
