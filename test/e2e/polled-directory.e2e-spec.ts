import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ConnectorRegistry, SourceError } from '#connectors';
import { aSourceUser, InMemoryDoor, ScriptedSource } from '#testing';
import { RestClient } from '../support/rest-client.js';
import { startRollcall, type RunningRollcall } from '../support/start-rollcall.js';

interface Run {
  readonly id: string;
  readonly status: string;
  readonly pages: number;
  readonly counts: unknown;
}

let rollcall: RunningRollcall;
let rest: RestClient;
let source: ScriptedSource;
let organization: string;
const door = new InMemoryDoor();

beforeAll(async () => {
  source = new ScriptedSource({ streams: { users: [[aSourceUser('ada')], [aSourceUser('bob')]] } });
  rollcall = await startRollcall({}, { connectors: new ConnectorRegistry([source.connector()]), door });
  rest = new RestClient(rollcall.baseUrl, rollcall.apiKey);
  organization = (await rest.call<{ id: string }>('POST', '/organizations', { name: 'Acme' })).id;
}, 60_000);

let isStopped = false;
afterAll(async () => {
  if (!isStopped) await rollcall.stop();
}, 30_000);

async function connect(config: Record<string, unknown> = {}): Promise<string> {
  const created = await rest.call<{ directory: { id: string } }>('POST', '/management/directories', {
    organization_id: organization,
    name: 'People',
    type: 'bamboohr',
    config: { domain: 'example.com', api_token: 'sesame-secret', ...config },
  });
  expect(created).toMatchObject({
    directory: { type: 'bamboohr', provider: 'scripted', dialect: null, state: 'validating' },
    scim: null,
  });
  expect(JSON.stringify(created)).not.toContain('sesame');
  return created.directory.id;
}

/** The feed shows an event once no older transaction is under way, so a moment after it was written. */
async function connectionEvents(directory: string, count: number): Promise<string[]> {
  let names: string[] = [];
  for (let round = 0; round < 200 && names.length < count; round += 1) {
    const { data } = await rest.call<{ data: { event: string; data: { id: string } }[] }>(
      'GET',
      '/events?events=directory.connection_failed,directory.connection_recovered&order=asc',
    );
    names = data.filter((event) => event.data.id === directory).map(({ event }) => event);
    if (names.length < count) await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return names;
}

async function runWhen(directory: string, isReached: (run: Run) => boolean): Promise<Run> {
  for (let round = 0; round < 200; round += 1) {
    const { data } = await rest.call<{ data: Run[] }>(
      'GET',
      `/management/directories/${directory}/sync_runs`,
    );
    const found = data.find(isReached);
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('the run did not get there');
}

/** Reads server-sent events until the stream ends. */
async function events(
  path: string,
  lastEventId?: string,
): Promise<{ id: string; event: string; run: Run }[]> {
  const response = await fetch(rollcall.baseUrl + path, {
    headers: {
      authorization: `Bearer ${rollcall.apiKey}`,
      ...(lastEventId !== undefined && { 'last-event-id': lastEventId }),
    },
  });
  expect(response.headers.get('content-type')).toContain('text/event-stream');
  const messages = (await response.text()).split('\n\n').filter((text) => text.startsWith('id: '));
  return messages.map((text) => {
    const [id, event, data] = text.split('\n').map((line) => line.slice(line.indexOf(': ') + 2));
    return { id: String(id), event: String(event), run: JSON.parse(String(data)) as Run };
  });
}

describe('a polled directory', () => {
  it('is offered with its form', async () => {
    const { data } = await rest.call<{ data: { id: string; form: { key: string; secret: boolean }[] }[] }>(
      'GET',
      '/management/connectors',
    );
    expect(data.map(({ id }) => id)).toEqual(['scripted']);
    expect(data[0]?.form.map(({ key, secret }) => [key, secret])).toEqual([
      ['domain', false],
      ['api_token', true],
    ]);
  });

  it('can be tested before it exists, and afterwards', async () => {
    const config = { domain: 'example.com', api_token: 'sesame-secret' };
    expect(await rest.call('POST', '/management/connectors/scripted/check', { config })).toMatchObject({
      ok: true,
      samples: [{ idp_id: 'ada', email: 'ada@example.com', already_known_as: [] }],
    });
    const directory = await connect();
    source.script.check = () =>
      Promise.reject(new SourceError('invalid_credentials', 'The token was revoked.'));
    expect(await rest.call('POST', `/management/directories/${directory}/check`, {})).toMatchObject({
      ok: false,
      error: { code: 'invalid_credentials', message: 'The token was revoked.' },
    });
    delete source.script.check;
  });

  it('shows its first run before it changes anything, live, and applies it when told so', async () => {
    const directory = await connect();
    const waiting = await runWhen(directory, (run) => run.status === 'awaiting_approval');
    expect(waiting.counts).toEqual({ users: { create: 2, remove: 0 } });
    expect(door.applied.get(directory)?.size ?? 0).toBe(0);
    const path = `/management/directories/${directory}/sync_runs/${waiting.id}`;
    expect(await rest.call('GET', `${path}/items`)).toMatchObject({
      data: [{ kind: 'change', detail: { id: 'ada' } }, { detail: { id: 'bob' } }],
    });
    const following = events(`${path}/stream`);
    await rest.call('POST', `${path}/apply`);
    const told = await following;
    expect(told.at(-1)).toMatchObject({ event: 'end', run: { status: 'succeeded', pages: 2 } });
    expect(told.every(({ id }, index) => index === 0 || Number(id) > Number(told[index - 1]?.id))).toBe(true);
    // Who comes back with the last id hears the end once more, and nothing before it.
    expect(await events(`${path}/stream`, told.at(-1)?.id)).toMatchObject([{ event: 'end' }]);
    expect([...(door.applied.get(directory) ?? [])]).toEqual(['ada', 'bob']);
    expect(await rest.call('GET', `/directories/${directory}`)).toMatchObject({ state: 'linked' });
    const log = await rest.call<{ data: { event: string }[] }>(
      'GET',
      `/management/events?directory=${directory}&after_sequence=0`,
    );
    expect(log.data.map(({ event }) => event)).toEqual(['dsync.activated']);
  });

  it('runs when somebody says so, pauses, and keeps its secrets to itself', async () => {
    const directory = await connect({ auto_apply: true });
    await runWhen(directory, (run) => run.status === 'succeeded');
    const base = `/management/directories/${directory}`;
    const run = await rest.call<Run>('POST', `${base}/sync_runs`, { mode: 'incremental' });
    await runWhen(directory, ({ id, status }) => id === run.id && status === 'succeeded');
    const stored = await rest.call('PUT', `${base}/credentials`, {
      credentials: { api_token: 'sesame-two' },
    });
    expect(stored).toMatchObject({ data: [{ field: 'api_token' }] });
    expect(JSON.stringify(stored)).not.toContain('sesame');
    await rest.call('PUT', `${base}/schedule`, {
      paused: true,
      full_interval: 3_600,
      maintenance_windows: [{ days: [6, 7], from: '22:00', to: '06:00', time_zone: 'Europe/Vienna' }],
    });
    expect(await rest.call('GET', `${base}/schedule`)).toMatchObject({
      paused: true,
      full_interval: 3_600,
      incremental_interval: 900,
      maintenance_windows: [{ days: [6, 7], time_zone: 'Europe/Vienna' }],
    });
    await expect(rest.call('POST', `${base}/sync_runs`, { mode: 'full' })).rejects.toThrow('409');
  });

  it('that refuses its credentials says so once, and again when it recovers', async () => {
    const directory = await connect({ auto_apply: true });
    await runWhen(directory, (run) => run.status === 'succeeded');
    const base = `/management/directories/${directory}`;
    source.script.fault = () => {
      throw new SourceError('invalid_credentials', 'The token was revoked.');
    };
    const failing = await rest.call<Run>('POST', `${base}/sync_runs`, { mode: 'full' });
    await runWhen(directory, ({ id, status }) => id === failing.id && status === 'failed');
    expect(await rest.call('GET', `/directories/${directory}`)).toMatchObject({
      state: 'invalid_credentials',
    });
    delete source.script.fault;
    await rest.call('PUT', `${base}/credentials`, { credentials: { api_token: 'sesame-three' } });
    await runWhen(directory, ({ id, status }) => id > failing.id && status === 'succeeded');
    expect(await rest.call('GET', `/directories/${directory}`)).toMatchObject({ state: 'linked' });
    expect(await connectionEvents(directory, 2)).toEqual([
      'directory.connection_failed',
      'directory.connection_recovered',
    ]);
  });

  it('has metrics', async () => {
    const text = await (await fetch(`${rollcall.baseUrl}/metrics`)).text();
    expect(text).toMatch(/rollcall_sync_runs_total\{provider="scripted",outcome="succeeded"\} [1-9]/);
    expect(text).toMatch(/rollcall_sync_freshness_seconds\{quantile="1"\}/);
    for (const state of [
      'due',
      'failing',
      'invalid_credentials',
      'awaiting_approval',
      'waiting_for_consent',
      'paused',
    ])
      expect(text).toMatch(new RegExp(`rollcall_sync_directories\\{state="${state}"\\} \\d`));
  });

  it('closes open streams when the process ends, which they do not hold up', async () => {
    const directory = await connect();
    const waiting = await runWhen(directory, (run) => run.status === 'awaiting_approval');
    const response = await fetch(
      `${rollcall.baseUrl}/management/directories/${directory}/sync_runs/${waiting.id}/stream`,
      { headers: { authorization: `Bearer ${rollcall.apiKey}` } },
    );
    const reader = response.body?.getReader();
    const first = new TextDecoder().decode((await reader?.read())?.value);
    expect(first).toContain('event: progress');
    isStopped = true;
    await rollcall.stop();
    expect((await reader?.read())?.done).toBe(true);
  });
});
