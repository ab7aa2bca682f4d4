import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { WorkOS } from '@workos-inc/node';
import { compareWithRest, foldEvents, readRest, type ReceivedEvent } from '#simulator';
import { createScimDirectory, RestClient, type CreatedScimDirectory } from '../support/rest-client.js';
import { ServiceProcess } from '../support/service-process.js';
import { startWebhookSink, type WebhookSink } from '../support/webhook-sink.js';

const API_KEY = 'sk_test_power_cut_0123456789abcdef';
const WRITERS = 16;
const CUTS = 2;

/** What a writer was told is done. */
interface Acknowledged {
  readonly directory: CreatedScimDirectory;
  readonly id: string;
  active: boolean;
  deleted: boolean;
  /** A change whose answer never came: it may or may not have happened. */
  unsure: boolean;
}

let dataDir: string;
let service: ServiceProcess;
let sink: WebhookSink;
let rest: RestClient;
let directories: CreatedScimDirectory[];

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'rollcall-power-cut-'));
  service = new ServiceProcess({
    dataDir,
    port: await freePort(),
    env: {
      ROLLCALL_BOOTSTRAP_API_KEY: API_KEY,
      ROLLCALL_OUTBOUND_ALLOW: '127.0.0.0/8',
      ROLLCALL_SCIM_RATE_LIMIT: '0',
    },
  });
  await service.start();
  sink = await startWebhookSink();
  rest = new RestClient(service.baseUrl, API_KEY);
  directories = [
    await createScimDirectory(rest, service.baseUrl, 'okta scim v2.0'),
    await createScimDirectory(rest, service.baseUrl, 'azure scim v2.0'),
  ];
  await rest.call('POST', '/webhook_endpoints', { endpoint_url: sink.url, events: FOLLOWED });
}, 180_000);

afterAll(async () => {
  await service.stop();
  await sink.close();
  await rm(dataDir, { recursive: true, force: true });
}, 60_000);

const FOLLOWED = [
  'dsync.activated',
  'dsync.user.created',
  'dsync.user.updated',
  'dsync.user.deleted',
  'dsync.group.created',
  'dsync.group.user_added',
  'dsync.group.user_removed',
];

describe('power cuts under load', () => {
  it('loses no acknowledged write and no event, doubles nothing, and delivers everything', async () => {
    const acknowledged: Acknowledged[] = [];
    const running = { value: true };
    const feed = followFeed(running);
    const writers = Array.from({ length: WRITERS }, (_, writer) => write(writer, acknowledged, running));
    for (let cut = 0; cut < CUTS; cut++) {
      await pause(1_000 + Math.random() * 1_500);
      await service.killEverything();
      await service.start();
    }
    await pause(1_500);
    running.value = false;
    await Promise.all(writers);
    const read = await feed;

    expect(acknowledged.length).toBeGreaterThan(100);
    await expectAcknowledged(acknowledged);
    expect(new Set(read.map((event) => event.id)).size).toBe(read.length);
    for (const directory of directories) await expectWholeLog(directory, read);
    await expectFold(read);
    await expectDelivered(read);
  }, 240_000);
});

/** Onboards, deactivates, removes; a request without an answer is looked up again after the restart, as IdPs do. */
async function write(
  writer: number,
  acknowledged: Acknowledged[],
  running: { value: boolean },
): Promise<void> {
  const directory = directories[writer % directories.length] as CreatedScimDirectory;
  for (let n = 0; running.value; n++) {
    const userName = `writer${writer}.${n}@example.com`;
    const created = await scim(directory, 'POST /Users', { userName, externalId: `x-${writer}-${n}` });
    if (created?.status !== 201) {
      await pause(50);
      continue;
    }
    const known = { directory, id: String(created.body['id']), active: true, deleted: false, unsure: false };
    acknowledged.push(known);
    if (n % 3 === 1) await deactivate(known);
    if (n % 5 === 2) await remove(known);
  }
}

async function deactivate(known: Acknowledged): Promise<void> {
  const answer = await scim(known.directory, `PATCH /Users/${known.id}`, {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
    Operations: [{ op: 'replace', value: { active: false } }],
  });
  if (answer === undefined || answer.status >= 500) known.unsure = true;
  else known.active = false;
}

async function remove(known: Acknowledged): Promise<void> {
  const answer = await scim(known.directory, `DELETE /Users/${known.id}`);
  if (answer === undefined || answer.status >= 500) known.unsure = true;
  else known.deleted = true;
}

/** Undefined when no answer came. */
async function scim(
  directory: CreatedScimDirectory,
  request: `${'GET' | 'POST' | 'PATCH' | 'DELETE'} ${string}`,
  body?: unknown,
): Promise<{ status: number; body: Record<string, unknown> } | undefined> {
  const [method, path] = request.split(' ');
  try {
    const response = await fetch(`${directory.endpoint}${path}`, {
      ...(method === undefined ? {} : { method }),
      headers: { authorization: `Bearer ${directory.token}`, 'content-type': 'application/scim+json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>),
    };
  } catch {
    return undefined;
  }
}

/** A consumer that follows the cursor, through every cut, until all writers are done and nothing more comes. */
async function followFeed(running: { value: boolean }): Promise<ReceivedEvent[]> {
  const events: ReceivedEvent[] = [];
  let quietPolls = 0;
  while (running.value || quietPolls < 5) {
    const after = events.at(-1)?.id;
    const query = `events=${FOLLOWED.join(',')}&limit=100${after === undefined ? '' : `&after=${after}`}`;
    try {
      const page = await rest.call<{ data: ReceivedEvent[] }>('GET', `/events?${query}`);
      events.push(...page.data);
      quietPolls = running.value || page.data.length > 0 ? 0 : quietPolls + 1;
    } catch {
      quietPolls = 0;
    }
    await pause(20);
  }
  return events;
}

async function expectAcknowledged(acknowledged: readonly Acknowledged[]): Promise<void> {
  for (const known of acknowledged) {
    const found = await scim(known.directory, `GET /Users/${known.id}`);
    if (known.unsure) continue;
    expect({ id: known.id, status: found?.status }).toEqual({
      id: known.id,
      status: known.deleted ? 404 : 200,
    });
    if (!known.deleted) expect(found?.body['active']).toBe(known.active);
  }
}

/** The feed has every event of the directory's gapless log, in the order of the log. */
async function expectWholeLog(
  directory: CreatedScimDirectory,
  read: readonly ReceivedEvent[],
): Promise<void> {
  const log: ReceivedEvent[] = [];
  for (;;) {
    const after = log.at(-1)?.sequence ?? 0;
    const page = await rest.call<{ data: ReceivedEvent[] }>(
      'GET',
      `/management/events?directory=${directory.id}&after_sequence=${after}&limit=100`,
    );
    if (page.data.length === 0) break;
    log.push(...page.data);
  }
  expect(log.map((event) => event.sequence)).toEqual(log.map((_, index) => index + 1));
  const followed = log.filter((event) => FOLLOWED.includes(event.event)).map((event) => event.id);
  const seen = read.filter((event) => event.directory_id === directory.id).map((event) => event.id);
  expect(seen).toEqual(followed);
}

async function expectFold(read: readonly ReceivedEvent[]): Promise<void> {
  const url = new URL(service.baseUrl);
  const sdk = new WorkOS({
    apiKey: API_KEY,
    clientId: 'client_test',
    apiHostname: url.hostname,
    port: Number(url.port),
    https: false,
  });
  const folded = foldEvents(read);
  for (const directory of directories) {
    const state = folded.get(directory.id);
    if (!state) throw new Error('The feed has no event of a directory');
    const comparison = compareWithRest(state, await readRest(sdk.directorySync, directory.id));
    expect(comparison.differences).toEqual([]);
  }
}

async function expectDelivered(read: readonly ReceivedEvent[]): Promise<void> {
  const wanted = new Set(read.map((event) => event.id));
  const deadline = Date.now() + 90_000;
  const missing = (): Set<string> =>
    wanted.difference(new Set(sink.received.map(({ body }) => (JSON.parse(body) as ReceivedEvent).id)));
  while (missing().size > 0 && Date.now() < deadline) await pause(500);
  expect([...missing()]).toEqual([]);
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}
