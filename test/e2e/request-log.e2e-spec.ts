import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createScimDirectory, RestClient, type CreatedScimDirectory } from '../support/rest-client.js';
import { startRollcall, type RunningRollcall } from '../support/start-rollcall.js';

interface Entry {
  readonly id: string;
  readonly status: number;
  readonly summary: string;
  readonly request_id: string;
  readonly fix: string | null;
  readonly request_body?: string | null;
}

let rollcall: RunningRollcall;
let rest: RestClient;
let directory: CreatedScimDirectory;

beforeAll(async () => {
  rollcall = await startRollcall();
  rest = new RestClient(rollcall.baseUrl, rollcall.apiKey);
  directory = await createScimDirectory(rest, rollcall.baseUrl, 'okta scim v2.0');
}, 60_000);

afterAll(() => rollcall.stop(), 30_000);

function scim(
  path: string,
  { token = directory.token, json }: { token?: string; json?: unknown } = {},
): Promise<Response> {
  return fetch(directory.endpoint + path, {
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/scim+json' },
    ...(json === undefined ? {} : { method: 'POST', body: JSON.stringify(json) }),
  });
}

/** The log once it holds `count` entries that fit; it is written beside the requests. */
async function logged(query: string, count: number): Promise<Entry[]> {
  for (let i = 0; ; i += 1) {
    const path = `/management/directories/${directory.id}/request_log?order=asc&${query}`;
    const { data } = await rest.call<{ data: Entry[] }>('GET', path);
    if (data.length >= count || i === 200) return data;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

describe('the request log', () => {
  it('answers why nothing arrives, and what did', async () => {
    await scim('/Users', { token: 'not-the-token' });
    const created = await scim('/Users', {
      json: { userName: 'jane@acme.test', password: 'hunter2-CANARY' },
    });
    await scim('/Users', { json: { userName: 'jane@acme.test' } });
    const entries = await logged('', 3);
    expect(entries.map(({ summary }) => summary)).toEqual([
      'Somebody at 127.0.0.1 sent a wrong token → refused (401)',
      'Okta created jane@acme.test → event 3',
      'Okta tried to create jane@acme.test → refused (409 uniqueness)',
    ]);
    const requestId = created.headers.get('x-request-id') ?? '';
    const [found] = await logged(`request_id=${requestId}`, 1);
    const detail = await rest.call<Entry>(
      'GET',
      `/management/directories/${directory.id}/request_log/${found?.id}`,
    );
    expect(detail.request_body).toContain('[masked]');
    expect(detail.request_body).not.toContain('CANARY');
    expect((await logged('status=refused', 2)).every(({ fix }) => (fix ?? '').length > 20)).toBe(true);
  });

  it('shows the operator, and nobody else, requests that belong to no directory', async () => {
    const nowhere = directory.endpoint.replace(/[^/]+$/, 'nosuchdirectory1');
    const answer = await fetch(`${nowhere}/Users`, { headers: { authorization: 'Bearer x' } });
    expect(answer.status).toBe(404);
    interface Refused extends Entry {
      readonly address_key: string;
      readonly directory_id: string | null;
      readonly environment_id: string | null;
    }
    const refused = async (): Promise<Refused[]> =>
      (await rest.call<{ data: Refused[] }>('GET', '/management/refused_logins?order=asc')).data;
    for (let i = 0; i < 200 && (await refused()).length < 2; i += 1)
      await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await refused()).toMatchObject([
      {
        object: 'refused_login',
        directory_id: directory.id,
        summary: expect.stringContaining('wrong token'),
      },
      { address_key: 'nosuchdirectory1', directory_id: null, environment_id: null, peer: '127.0.0.1' },
    ]);
    const environment = await rest.call<{ id: string }>('POST', '/management/environments', { name: 'e' });
    const keys = `/management/environments/${environment.id}/api_keys`;
    const { key } = await rest.call<{ key: string }>('POST', keys, { name: 'app' });
    const denied = await fetch(`${rollcall.baseUrl}/management/refused_logins`, {
      headers: { authorization: `Bearer ${key}` },
    });
    expect(denied.status).toBe(403);
  });

  it('is complete when a process ends in order', async () => {
    const other = await startRollcall({ DATABASE_URL: rollcall.databaseUrl });
    const endpoint = other.baseUrl + new URL(directory.endpoint).pathname;
    await fetch(`${endpoint}/Schemas`, { headers: { authorization: `Bearer ${directory.token}` } });
    await other.stop();
    expect((await logged('user=read+/Schemas', 1)).map(({ summary }) => summary)).toEqual([
      'Okta read /Schemas',
    ]);
  });

  it('counts for the operator', async () => {
    const metrics = await (await fetch(`${rollcall.baseUrl}/metrics`)).text();
    expect(metrics).toMatch(/rollcall_request_log_written_total [1-9]/);
    expect(metrics).toMatch(/rollcall_request_log_queue_length 0/);
  });
});
