import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '#testing';
import { until } from '../../test-support/dispatch-world.js';
import { WakeUp, type WakeUpListener } from './wake-up.js';

class Ear implements WakeUpListener {
  readonly heard: string[] = [];
  all = 0;

  wake(environmentId: string, streamId: string): void {
    this.heard.push(`${environmentId}/${streamId}`);
  }

  wakeAll(): void {
    this.all++;
  }
}

describe('WakeUp', () => {
  let test: TestDatabase;
  const open: WakeUp[] = [];

  beforeAll(async () => {
    test = await createTestDatabase();
  });
  afterAll(() => test.drop());
  afterEach(() => Promise.all(open.splice(0).map((wakeUp) => wakeUp.stop())));

  async function start(listener?: Ear): Promise<WakeUp> {
    const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
    const createClient = (): pg.Client =>
      new pg.Client({ connectionString: test.url, application_name: 'wake-up-test' });
    const wakeUp = new WakeUp({ createClient, log, ...(listener ? { listener } : {}) });
    open.push(wakeUp);
    await wakeUp.start();
    return wakeUp;
  }

  it('tells its own process at once and the others soon, each thing once', async () => {
    const [here, there] = [new Ear(), new Ear()];
    const wakeUp = await start(here);
    await start(there);
    wakeUp.announce('environment_1', 'directory_1');
    expect(here.heard).toEqual(['environment_1/directory_1']);
    await until(() => there.heard.length > 0, 1_000);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(here.heard).toHaveLength(1);
    expect(there.heard).toEqual(['environment_1/directory_1']);
  });

  it('sends one notification for everything within 20 ms', async () => {
    const raw = new pg.Client({ connectionString: test.url });
    await raw.connect();
    const payloads: string[] = [];
    raw.on('notification', ({ payload }) => void payloads.push(payload ?? ''));
    await raw.query('LISTEN rollcall_events');
    const wakeUp = await start();
    for (let i = 0; i < 100; i++) wakeUp.announce('environment_1', `directory_${i % 5}`);
    await until(() => payloads.length > 0, 1_000);
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(payloads).toHaveLength(1);
    expect(JSON.parse(payloads[0] ?? '')).toHaveLength(5);
    await raw.end();
  });

  it('says "look everywhere" when the list would be too long', async () => {
    const ear = new Ear();
    await start(ear);
    const wakeUp = await start();
    const before = ear.all;
    for (let i = 0; i < 1_000; i++) wakeUp.announce('environment_1', `directory_${i}`);
    await until(() => ear.all > before, 1_000);
    expect(ear.heard).toEqual([]);
  });

  it('ignores notifications that are not ours', async () => {
    const ear = new Ear();
    await start(ear);
    await test.asOwner(`SELECT pg_notify('rollcall_events', p) FROM unnest($1::text[]) p`, [
      ['', '{', '{}', '7', '[1,["a"],[1,2],null]', '[["environment_1","directory_1"]]'],
    ]);
    await until(() => ear.heard.length > 0, 1_000);
    expect(ear.heard).toEqual(['environment_1/directory_1']);
  });

  it('connects again after its connection was cut, and then looks everywhere', async () => {
    const ear = new Ear();
    await start(ear);
    const other = await start();
    await test.asOwner(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'wake-up-test'`,
    );
    await until(() => ear.all === 2, 3_000);
    await until(() => {
      other.announce('environment_1', 'directory_1');
      return ear.heard.length > 0;
    }, 3_000);
    expect(ear.heard).toContain('environment_1/directory_1');
  });
});
