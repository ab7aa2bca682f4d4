import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Directory } from '#model';
import { createTestDatabase, type TestDatabase } from '#testing';
import { UploadsWorld } from '../../test-support/upload-world.js';
import { Schedules } from '../engine/schedules.js';
import { installedConnectors } from '../providers/installed.js';
import type { SentFile } from './uploads.js';
import { UploadRefused } from './upload-refused.js';

let db: TestDatabase;
let world: UploadsWorld;
beforeAll(async () => {
  db = await createTestDatabase();
  world = new UploadsWorld(db.database);
}, 60_000);
afterAll(() => db.drop());

const sent = (
  content: Buffer | string | Readable,
  name = 'users.csv',
  said: Partial<SentFile> = {},
): SentFile => ({
  name,
  content: content instanceof Readable ? content : Readable.from([Buffer.from(content)]),
  isGzip: false,
  digests: new Map(),
  sha256: null,
  rows: null,
  ...said,
});

const keyOf = ({ environmentId, id }: Directory): { environmentId: string; directoryId: string } => ({
  environmentId,
  directoryId: id,
});

async function contentOf(directory: Directory, name: string): Promise<Buffer> {
  const files = world.box.filesOf(keyOf(directory));
  const file = (await files.list()).find((listed) => listed.name === name);
  const parts: Uint8Array[] = [];
  for await (const part of files.read(file?.id ?? '')) parts.push(part);
  return Buffer.concat(parts);
}

describe('uploaded files', () => {
  it('come back as they were sent, whatever their size', async () => {
    const directory = await world.directory();
    for (const size of [1, 1_048_576, 1_048_577, 5_000_000]) {
      const content = randomBytes(size);
      const { upload } = await world.uploads.receive(directory, sent(content));
      expect(upload).toMatchObject({
        bytes: size,
        sha256: createHash('sha256').update(content).digest('hex'),
      });
      expect((await contentOf(directory, 'users.csv')).equals(content)).toBe(true);
    }
    // What was replaced takes no room any more.
    const parts = await world.sql('SELECT FROM uploaded_parts WHERE directory_id = $1', [directory.id]);
    expect(parts).toHaveLength(5);
  });

  it('are not there before they are whole', async () => {
    const directory = await world.directory();
    const content = Readable.from(
      (async function* () {
        yield Buffer.from('id,email\n');
        expect(await world.box.stored(keyOf(directory))).toEqual([]);
        throw Object.assign(new Error('reset'), { code: 'ECONNRESET' });
      })(),
    );
    const refused = await world.uploads.receive(directory, sent(content)).catch((error: unknown) => error);
    expect(refused).toMatchObject({ reason: 'incomplete' });
    expect(await world.box.stored(keyOf(directory))).toEqual([]);
    expect(await world.queue(directory)).toEqual({ due: null, again: false, runs: [] });
  });

  it('are waited for when the schedule is changed before the first one has come', async () => {
    const directory = await world.directory();
    await new Schedules(db.database, installedConnectors).change(keyOf(directory), { fullSeconds: 3_600 });
    expect(await world.queue(directory)).toEqual({ due: null, again: false, runs: [] });
  });

  it('are received once when they are sent twice at the same time', async () => {
    const directory = await world.directory();
    const all = await Promise.all(
      [1, 2, 3, 4].map(() => world.uploads.receive(directory, sent('id,email\n1,a\n'))),
    );
    expect(all.filter(({ isNew }) => isNew)).toHaveLength(1);
    expect(new Set(all.map(({ upload }) => upload.id)).size).toBe(1);
    expect((await world.queue(directory)).runs).toEqual(['queued']);
  });

  it('are another delivery when the same content comes again hours later', async () => {
    const directory = await world.directory();
    const first = await world.uploads.receive(directory, sent('id,email\n1,a\n'));
    await db.database.query({
      text: `UPDATE uploaded_files SET received_at = received_at - interval '7 hours' WHERE id = $1`,
      values: [first.upload.id],
    });
    const second = await world.uploads.receive(directory, sent('id,email\n1,a\n'));
    expect(second.isNew).toBe(true);
    expect(second.upload.id).not.toBe(first.upload.id);
  });

  it('are received once when both are copied before either is there', async () => {
    const directory = await world.directory();
    const { sending } = await db.database.transaction(async (tx) => {
      await tx.query({
        text: 'SELECT FROM sync_schedules WHERE directory_id = $1 FOR UPDATE',
        values: [directory.id],
      });
      const both = [1, 2].map(() => world.uploads.receive(directory, sent('id,email\n1,a\n')));
      // Long enough for both to come to the lock; if one does not, the test proves less.
      await new Promise((resolve) => setTimeout(resolve, 500));
      return { sending: both };
    });
    const receipts = await Promise.all(sending);
    expect(receipts.filter(({ isNew }) => isNew)).toHaveLength(1);
    expect(
      await world.sql('SELECT FROM uploaded_files WHERE directory_id = $1', [directory.id]),
    ).toHaveLength(1);
  }, 30_000);

  it('are another upload when a checksum comes later', async () => {
    const directory = await world.directory();
    const text = 'id,email\n1,a\n';
    const sha256 = createHash('sha256').update(text).digest('hex');
    expect((await world.uploads.receive(directory, sent(text))).upload.isChecked).toBe(false);
    const second = await world.uploads.receive(directory, sent(text, 'users.csv', { sha256, rows: 1 }));
    expect(second).toMatchObject({ isNew: true, upload: { isChecked: true, rows: 1 } });
    const [file] = await world.box.filesOf(keyOf(directory)).list();
    expect(file?.mark).toEqual({ sha256, rows: 1 });
  });

  it('start one run when the last of them has come', async () => {
    const directory = await world.directory();
    await world.uploads.receive(directory, sent('group_id,group_name\na,A\n', 'groups.csv'));
    const first = await world.queue(directory);
    expect(first.runs).toEqual(['queued']);
    expect(first.due).toBeGreaterThan(5);
    await world.uploads.receive(directory, sent('id,email\n1,a\n'));
    await world.uploads.receive(directory, sent('', 'done'));
    const last = await world.queue(directory);
    // At once, ahead of everything that is only scheduled.
    expect(last).toMatchObject({ runs: ['queued'], due: null });
    expect(world.due).toBeGreaterThan(2);
  });

  it('are finished by each marker anew', async () => {
    const directory = await world.directory();
    const first = await world.uploads.receive(directory, sent('', 'done'));
    const again = await world.uploads.receive(directory, sent('', 'done'));
    expect(again).toMatchObject({ isNew: true, run: { state: 'queued' } });
    expect(again.upload.id).not.toBe(first.upload.id);
  });

  it.each(['fetching', 'planning', 'applying'])('are read again after a run that is %s', async (status) => {
    const directory = await world.directory();
    await world.uploads.receive(directory, sent('id,email\n1,a\n'));
    await world.sql('UPDATE sync_runs SET status = $2 WHERE directory_id = $1', [directory.id, status]);
    await world.sql(
      `UPDATE sync_schedules SET lease_until = now() + interval '1 minute' WHERE directory_id = $1`,
      [directory.id],
    );
    const { run } = await world.uploads.receive(directory, sent('id,email\n1,a\n2,b\n'));
    expect(run).toMatchObject({ state: 'follows' });
    expect(await world.queue(directory)).toMatchObject({ again: true, runs: [status] });
  });

  it('do not wait for a run that is writing', async () => {
    const directory = await world.directory();
    await db.database.transaction(async (tx) => {
      await tx.query({
        text: 'SELECT FROM sync_schedules WHERE directory_id = $1 FOR KEY SHARE',
        values: [directory.id],
      });
      expect(await world.uploads.receive(directory, sent('id,email\n1,a\n'))).toMatchObject({ isNew: true });
    });
  });

  it('replace a preview that nobody has looked at', async () => {
    const directory = await world.directory();
    await world.uploads.receive(directory, sent('id,email\n1,a\n'));
    await world.sql(`UPDATE sync_runs SET status = 'awaiting_approval' WHERE directory_id = $1`, [
      directory.id,
    ]);
    const { run } = await world.uploads.receive(directory, sent('id,email\n1,a\n2,b\n'));
    expect(run).toMatchObject({ state: 'queued' });
    expect((await world.queue(directory)).runs).toEqual(['cancelled', 'queued']);
  });

  it('are kept while the schedule is paused, and start nothing', async () => {
    const directory = await world.directory();
    await world.sql('UPDATE sync_schedules SET paused = true WHERE directory_id = $1', [directory.id]);
    const { run } = await world.uploads.receive(directory, sent('id,email\n1,a\n'));
    expect(run).toEqual({ id: null, state: 'paused' });
    expect((await world.queue(directory)).runs).toEqual([]);
  });

  it('are removed when they are old, with their content', async () => {
    const directory = await world.directory();
    await world.uploads.receive(directory, sent('id,email\n1,a\n'));
    await world.uploads.receive(directory, sent('id,email\n1,a\n', 'users.20260101.csv'));
    await world.sql(
      `UPDATE uploaded_files SET received_at = now() - interval '31 days' WHERE directory_id = $1 AND name = 'users.csv'`,
      [directory.id],
    );
    expect(await world.box.removeExpired(30, 10)).toBe(1);
    expect((await world.box.stored(keyOf(directory))).map(({ name }) => name)).toEqual([
      'users.20260101.csv',
    ]);
    expect(await contentOf(directory, 'users.csv')).toHaveLength(0);
  });

  it('are refused beyond what a directory may send in a day, and nothing is lost', async () => {
    const directory = await world.directory();
    await world.uploads.receive(directory, sent('id,email\n1,a\n'));
    await world.sql('UPDATE uploaded_files SET bytes = 5368709110 WHERE directory_id = $1', [directory.id]);
    const refused = await world.uploads
      .receive(directory, sent('id,email\n1,a\n2,b\n'))
      .catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(UploadRefused);
    expect(refused).toMatchObject({ reason: 'too_many' });
    expect(await world.box.stored(keyOf(directory))).toHaveLength(1);
    const left = await world.sql(
      `SELECT FROM uploaded_files WHERE directory_id = $1 AND state = 'incoming'`,
      [directory.id],
    );
    expect(left).toEqual([]);
  });

  it('do not pile up under ever new names: the oldest go', async () => {
    const directory = await world.directory();
    await world.uploads.receive(directory, sent('id,email\n1,a\n', 'users.20260101.csv'));
    await world.sql(
      `UPDATE uploaded_files SET bytes = 2147483648, received_at = now() - interval '2 days' WHERE directory_id = $1`,
      [directory.id],
    );
    await world.uploads.receive(directory, sent('id,email\n1,a\n', 'users.20260102.csv'));
    expect((await world.box.stored(keyOf(directory))).map(({ name }) => name)).toEqual([
      'users.20260102.csv',
    ]);
    expect(await contentOf(directory, 'users.20260101.csv')).toHaveLength(0);
  });

  it('are taken only so many at a time', async () => {
    const directory = await world.directory();
    const gate = Promise.withResolvers<void>();
    const slow = (): Readable =>
      Readable.from(
        (async function* () {
          await gate.promise;
          yield Buffer.from('id,email\n1,a\n');
        })(),
      );
    const waiting = [1, 2, 3, 4].map((number) =>
      world.uploads.receive(directory, sent(slow(), `users.2026010${number}.csv`)),
    );
    await expect(world.uploads.receive(directory, sent('id,email\n1,a\n'))).rejects.toMatchObject({
      reason: 'too_many',
    });
    gate.resolve();
    await Promise.all(waiting);
    expect(await world.uploads.receive(directory, sent('id,email\n1,a\n'))).toMatchObject({ isNew: true });
  });
});
