import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createScimDirectory, RestClient, type CreatedScimDirectory } from '../support/rest-client.js';
import { startRollcall, type RunningRollcall } from '../support/start-rollcall.js';
import { request, SDK_VERSIONS } from './sdk-support.js';

let rollcall: RunningRollcall;
let directory: CreatedScimDirectory;

beforeAll(async () => {
  rollcall = await startRollcall();
}, 60_000);

afterAll(() => rollcall.stop(), 30_000);

beforeEach(async () => {
  const rest = new RestClient(rollcall.baseUrl, rollcall.apiKey);
  directory = await createScimDirectory(rest, rollcall.baseUrl, 'azure scim v2.0');
});

type Answer = Awaited<ReturnType<typeof request>>;

function manage(path: string, body?: object, method = body ? 'POST' : 'GET'): Promise<Answer> {
  const url = `/management/directories/${directory.id}${path}`;
  return request(rollcall, url, { method, ...(body && { body }) });
}

function scim(token: string, path = '/Users', init: RequestInit = {}): Promise<Response> {
  return fetch(directory.endpoint + path, { ...init, headers: { authorization: `Bearer ${token}` } });
}

/** Credentials are remembered for three seconds. */
async function untilStatus(token: string, status: number): Promise<Response> {
  let response = await scim(token);
  for (let tries = 0; tries < 50 && response.status !== status; tries += 1) {
    await sleep(100);
    response = await scim(token);
  }
  expect(response.status).toBe(status);
  return response;
}

describe('tokens of a directory', () => {
  it('are replaced with an overlap in which both work', async () => {
    const { json: before } = await manage('');
    const [old] = before.tokens as [{ id: string }];
    expect(old).toMatchObject({ expires_at: null, expires_in_days: null, expired: false });
    const rotated = await manage(`/tokens/${old.id}/rotate`, { overlap_hours: 49 });
    expect([rotated.status, rotated.json.replaced]).toMatchObject([
      201,
      { id: old.id, expires_in_days: 2, replaced_by: rotated.json.id },
    ]);
    const fresh = String(rotated.json.bearer_token);
    expect([(await scim(directory.token)).status, (await scim(fresh)).status]).toEqual([200, 200]);
    expect((await manage(`/tokens/${old.id}/rotate`, {})).status).toBe(409);
    const ended = await manage(`/tokens/${String(rotated.json.id)}/rotate`, { overlap_hours: 0 });
    expect(ended.status).toBe(201);
    await untilStatus(fresh, 401);
    expect((await scim(String(ended.json.bearer_token))).status).toBe(200);
  });

  it('are three at most, together with OAuth clients', async () => {
    expect((await manage('/tokens', {})).status).toBe(201);
    expect((await manage('/oauth_clients', {})).status).toBe(201);
    for (const path of ['/tokens', '/oauth_clients']) {
      const fourth = await manage(path, {});
      expect([fourth.status, fourth.json.code]).toEqual([422, 'too_many_credentials']);
      expect(fourth.json.message).toContain('Revoke one');
    }
  });

  it('that expire are told once, in the log of the environment, which official SDKs read', async () => {
    const expiresAt = new Date(Date.now() + 1_500).toISOString();
    const { json: token } = await manage('/tokens', { name: 'brief', expires_at: expiresAt });
    const url = `/events?events=directory.token_expired&order=desc&limit=100`;
    const notices = async (): Promise<unknown[]> => {
      const { json } = await request(rollcall, url);
      return (json.data as { data: { id: string } }[]).filter(({ data }) => data.id === token.id);
    };
    for (let tries = 0; tries < 200 && (await notices()).length === 0; tries += 1) await sleep(100);
    expect(await notices()).toMatchObject([
      {
        event: 'directory.token_expired',
        data: { directory_id: directory.id, name: 'brief', expires_in_days: 0 },
      },
    ]);
    for (const [version, sdk] of SDK_VERSIONS) {
      const { data } = await sdk(rollcall).events.listEvents({
        events: ['directory.token_expired', 'dsync.token.created'] as never[],
        limit: 100,
      });
      expect([version, data.length > 1]).toEqual([version, true]);
    }
    const shown = await manage('/tokens');
    expect(shown.json.data).toContainEqual(expect.objectContaining({ id: token.id, expired: true }));
  });

  it.each([[{ overlap_hours: -1 }], [{ overlap_hours: 721 }], [{ expires_at: '2020-01-01' }]])(
    'are not replaced by %j',
    async (body) => {
      const { json } = await manage('/tokens');
      const [{ id }] = json.data as [{ id: string }];
      expect((await manage(`/tokens/${id}/rotate`, body)).status).toBe(422);
    },
  );
});

describe('an OAuth client of a directory', () => {
  async function fetchToken(
    fields: Record<string, string>,
    headers: Record<string, string> = {},
  ): Promise<Response> {
    const address = directory.endpoint.replace(/v2\.0\/(\w+)$/, 'oauth/$1/token');
    const body = new URLSearchParams({ grant_type: 'client_credentials', ...fields });
    return fetch(address, { method: 'POST', body, headers });
  }

  it('fetches access tokens that open the directory until the client is revoked', async () => {
    const { json: client } = await manage('/oauth_clients', { name: 'Entra' });
    expect(new URL(String(client.token_endpoint)).pathname).toMatch(/^\/scim\/oauth\/[a-z0-9]{16}\/token$/);
    const [id, secret] = [String(client.client_id), String(client.client_secret)];
    const inForm = await fetchToken({ client_id: id, client_secret: secret });
    expect([inForm.status, inForm.headers.get('cache-control')]).toEqual([200, 'no-store']);
    const basic = Buffer.from(`${id}:${secret}`).toString('base64');
    const answer = await fetchToken({}, { authorization: `Basic ${basic}` });
    const token = (await answer.json()) as { access_token: string; token_type: string; expires_in: number };
    expect(token).toMatchObject({ token_type: 'Bearer', expires_in: 3_600 });
    const created = await fetch(`${directory.endpoint}/Users`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token.access_token}`, 'content-type': 'application/scim+json' },
      body: JSON.stringify({ userName: 'ada@example.com' }),
    });
    expect(created.status).toBe(201);
    expect((await scim(secret)).status).toBe(401);
    const config = (await (await scim(token.access_token, '/ServiceProviderConfig')).json()) as object;
    expect(config).toMatchObject({
      authenticationSchemes: [{ type: 'oauthbearertoken' }, { type: 'oauth2' }, { type: 'httpbasic' }],
    });
    const shown = await manage('/oauth_clients');
    expect(shown.text).not.toContain(secret);
    expect((await manage(`/oauth_clients/${id}`, undefined, 'DELETE')).status).toBe(204);
    await untilStatus(token.access_token, 401);
    for (let tries = 0; tries < 50; tries += 1)
      if ((await fetchToken({ client_id: id, client_secret: secret })).status === 401) break;
      else await sleep(100);
    const refused = await fetchToken({ client_id: id, client_secret: secret });
    expect([refused.status, await refused.json()]).toMatchObject([401, { error: 'invalid_client' }]);
  });

  it('gets RFC 6749 errors for what it asks wrongly', async () => {
    const other = await fetchToken({ grant_type: 'password' }, { authorization: 'Basic YTpi' });
    expect([other.status, await other.json()]).toMatchObject([400, { error: 'unsupported_grant_type' }]);
    const nobody = await fetchToken({}, { authorization: 'Basic YTpi' });
    expect(nobody.headers.get('www-authenticate')).toContain('Basic');
    const unknown = await fetch(`${rollcall.baseUrl}/scim/oauth/nosuchkey/token`, {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
      headers: { authorization: 'Basic YTpi' },
    });
    expect([unknown.status, await unknown.text()]).toEqual([nobody.status, await nobody.text()]);
    const read = await fetch(`${rollcall.baseUrl}/scim/oauth/nosuchkey/token`);
    expect([read.status, read.headers.get('allow')]).toEqual([405, 'POST']);
  });
});

describe('a paused directory', () => {
  it('answers 503 and keeps everything until it is resumed', async () => {
    await scim(directory.token);
    const paused = await manage('/pause', { paused_by: 'Ada Winter', reason: 'Migration' });
    expect([paused.status, paused.json]).toMatchObject([
      200,
      {
        state: 'linked',
        paused_at: expect.any(String),
        pause: { paused_by: 'Ada Winter', reason: 'Migration' },
      },
    ]);
    expect((await manage('/pause', {})).status).toBe(409);
    const refused = await untilStatus(directory.token, 503);
    expect(refused.headers.get('retry-after')).toMatch(/^\d+$/);
    const body = (await refused.json()) as { schemas: string[]; detail: string };
    expect(body.schemas).toEqual(['urn:ietf:params:scim:api:messages:2.0:Error']);
    expect(body.detail).toContain('"Ada Winter"');
    for (const [version, sdk] of SDK_VERSIONS)
      expect([version, (await sdk(rollcall).directorySync.getDirectory(directory.id)).state]).toEqual([
        version,
        version === '8' ? 'active' : expect.stringMatching(/^(active|linked)$/),
      ]);
    const resumed = await manage('/resume', {});
    expect([resumed.status, resumed.json]).toMatchObject([200, { pause: null, paused_at: null }]);
    await untilStatus(directory.token, 200);
    expect((await manage('/resume', {})).status).toBe(409);
  });

  it('is told in events that the official SDKs can read past, and webhooks can be asked for', async () => {
    await scim(directory.token);
    await manage('/pause', {});
    for (const [version, sdk] of SDK_VERSIONS) {
      const events = ['dsync.activated', 'directory.paused'] as never[];
      const { data } = await sdk(rollcall).events.listEvents({ events, limit: 100, order: 'desc' });
      expect([version, data.length > 1]).toEqual([version, true]);
    }
    const endpoint = await request(rollcall, '/webhook_endpoints', {
      body: {
        endpoint_url: 'http://127.0.0.1:9999/notices',
        events: ['directory.token_expiring', 'directory.token_expired', 'directory.paused'],
      },
    });
    expect(endpoint.status).toBe(201);
  });

  it('is gone for good when it is deleted', async () => {
    await manage('/pause', {});
    await manage('', undefined, 'DELETE');
    const gone = await untilStatus(directory.token, 404);
    expect(await gone.json()).toMatchObject({
      status: '404',
      detail: expect.stringContaining('no directory'),
    });
  });
});

describe('a stranger', () => {
  /** First line of the answer to a request whose body never comes. */
  async function announce(header: string, token: string): Promise<string> {
    const { hostname, port, pathname } = new URL(directory.endpoint);
    const socket = connect(Number(port), hostname);
    socket.write(
      `POST ${pathname}/Groups HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\n${header}\r\ncontent-type: application/scim+json\r\n\r\n`,
    );
    const [data] = (await once(socket, 'data', { signal: AbortSignal.timeout(3_000) }).catch(() => [''])) as [
      Buffer,
    ];
    socket.destroy();
    return data.toString().split('\r\n', 1)[0] ?? '';
  }

  it.each(['content-length: 20000000', 'transfer-encoding: chunked'])(
    'is refused before a large body is read (%s); whoever has the token is not',
    async (header) => {
      expect(await announce(header, 'wrong')).toBe('HTTP/1.1 401 Unauthorized');
      expect(await announce(header, directory.token)).toBe('');
    },
  );
});

describe('the configuration', () => {
  it('keeps what a change does not name', async () => {
    const limits = { users: { count: 7, percent: 30 } };
    const guard = { groups: limits.users, memberships: limits.users, ...limits };
    expect((await manage('/guard', { push: guard }, 'PUT')).status).toBe(200);
    const first = await manage('', { config: { match_external_ids: true, note: 'x' } }, 'PATCH');
    expect(first.json).toMatchObject({ config: { match_external_ids: true, note: 'x' } });
    const second = await manage('', { config: { note: null, scim_strict: false } }, 'PATCH');
    expect(second.json).toMatchObject({
      config: { match_external_ids: true, scim_strict: false, guard: { push: guard } },
    });
    expect(second.json['config']).not.toHaveProperty('note');
    const wrong = await manage('', { config: { match_external_ids: 'yes' } }, 'PATCH');
    expect(wrong).toMatchObject({ status: 422 });
    expect(JSON.stringify(wrong.json)).toContain('config.match_external_ids');
    await manage('', { config: { match_external_ids: null, guard: null } }, 'PATCH');
  });
});

describe('wrong tokens', () => {
  it('are refused unread after too many of them, whatever address the sender claims', async () => {
    const other = await startRollcall({ DATABASE_URL: rollcall.databaseUrl, ROLLCALL_FAILED_LOGINS: '5' });
    const endpoint = other.baseUrl + new URL(directory.endpoint).pathname;
    const ask = (token: string, claimed: string): Promise<Response> =>
      fetch(`${endpoint}/Users`, {
        headers: { authorization: `Bearer ${token}`, 'x-forwarded-for': claimed },
      });
    try {
      expect((await ask(directory.token, '192.0.2.1')).status).toBe(200);
      const statuses: number[] = [];
      for (let tried = 0; tried < 8; tried += 1)
        statuses.push((await ask(`guess-${tried}`, `203.0.113.${tried}`)).status);
      expect(statuses.slice(0, 5)).toEqual([401, 401, 401, 401, 401]);
      expect(statuses.at(-1)).toBe(429);
      const refused = await ask('guess', '198.51.100.1');
      expect(refused.headers.get('retry-after')).toMatch(/^\d+$/);
      // It has worked before, so nobody can lock it out.
      expect((await ask(directory.token, '192.0.2.1')).status).toBe(200);
    } finally {
      await other.stop();
    }
  });

  it('are counted by the address that a trusted proxy names', async () => {
    const other = await startRollcall({
      DATABASE_URL: rollcall.databaseUrl,
      ROLLCALL_FAILED_LOGINS: '1',
      ROLLCALL_TRUSTED_PROXIES: '127.0.0.0/8',
    });
    const endpoint = other.baseUrl + new URL(directory.endpoint).pathname;
    const ask = (claimed: string): Promise<Response> =>
      fetch(`${endpoint}/Users`, { headers: { authorization: 'Bearer x', 'x-forwarded-for': claimed } });
    try {
      expect((await ask('203.0.113.1')).status).toBe(401);
      expect((await ask('203.0.113.1')).status).toBe(429);
      expect((await ask('203.0.113.2')).status).toBe(401);
      // What the client itself claims stands in front of what the proxy adds.
      expect((await ask('203.0.113.3, 203.0.113.1')).status).toBe(429);
    } finally {
      await other.stop();
    }
  });
});

describe('limits', () => {
  const setLimits = (body: object): Promise<Answer> => manage('', body, 'PATCH');

  it('hold for a directory, which says so in SCIM', async () => {
    const changed = await setLimits({ scim_rate_limit: 1, scim_rate_burst: 1 });
    expect(changed.json).toMatchObject({ scim_rate_limit: 1, scim_rate_burst: 1 });
    const refused = await untilStatus(directory.token, 429);
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(refused.headers.get('ratelimit-policy')).toBe('"directory";q=1;w=1');
    expect(refused.headers.get('ratelimit')).toBe('"directory";r=0;t=1');
    expect(await refused.json()).toMatchObject({
      status: '429',
      detail: expect.stringContaining('This directory'),
    });
    expect((await setLimits({ scim_rate_limit: null })).json).toMatchObject({ scim_rate_limit: null });
    expect((await setLimits({ scim_rate_limit: -1 })).status).toBe(422);
  });

  it('hold for an environment, and only the operator sets them', async () => {
    const environment = await request(rollcall, '/management/environments', { body: { name: 'limited' } });
    const url = `/management/environments/${String(environment.json.id)}`;
    const key = await request(rollcall, `${url}/api_keys`, { body: { name: 'app' } });
    const tenant = { baseUrl: rollcall.baseUrl, apiKey: String(key.json.key) };
    const denied = await request(tenant, url, { method: 'PATCH', body: { scim_rate_limit: 1 } });
    expect(denied.status).toBe(403);
    const limited = await request(rollcall, url, { method: 'PATCH', body: { scim_rate_limit: 1 } });
    expect(limited.json).toMatchObject({ name: 'limited', scim_rate_limit: 1 });
    const rest = new RestClient(tenant.baseUrl, tenant.apiKey);
    const [first, second] = [
      await createScimDirectory(rest, rollcall.baseUrl, 'okta scim v2.0'),
      await createScimDirectory(rest, rollcall.baseUrl, 'okta scim v2.0'),
    ];
    const answers: Response[] = [];
    for (const { endpoint, token } of [first, second, first, second, first, second, first, second])
      answers.push(await fetch(`${endpoint}/Users`, { headers: { authorization: `Bearer ${token}` } }));
    const refused = answers.find(({ status }) => status === 429);
    expect(await refused?.json()).toMatchObject({ detail: expect.stringContaining('All directories') });
    // The environment next to it does not notice.
    expect((await scim(directory.token)).status).toBe(200);
  });

  it('are counted for the operator', async () => {
    const metrics = await (await fetch(`${rollcall.baseUrl}/metrics`)).text();
    for (const reason of ['rate_limited', 'environment_rate_limited', 'paused'])
      expect(metrics).toContain(`rollcall_scim_refusals_total{reason="${reason}"}`);
    expect(metrics).toContain('rollcall_scim_token_requests_total{result="issued"}');
    expect(metrics).toContain('rollcall_scim_token_requests_total{result="invalid_client"}');
    expect(metrics).toContain('rollcall_scim_credential_expiry_notices_total');
  });
});
