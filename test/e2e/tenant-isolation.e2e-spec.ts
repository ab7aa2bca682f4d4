import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ConnectorRegistry, installedConnectors } from '#connectors';
import { ScriptedSource } from '#testing';
import { createScimDirectory, RestClient, type CreatedScimDirectory } from '../support/rest-client.js';
import { startRollcall, type RunningRollcall } from '../support/start-rollcall.js';

/** Everything that tenant A owns, by the prefix of its id. */
type Ids = Readonly<Record<string, string>>;

interface Answer {
  readonly status: number;
  readonly body: string;
}

let rollcall: RunningRollcall;
let ownIds: Ids;
let strangerKey: string;
let directoryOfA: CreatedScimDirectory;
let directoryOfB: CreatedScimDirectory;
let clientSecretOfA: string;
let paths: Record<string, Record<string, unknown>>;

beforeAll(async () => {
  const source = new ScriptedSource({ streams: { users: [[]] } });
  const connectors = new ConnectorRegistry([source.connector(), installedConnectors.get('csv-sftp')]);
  rollcall = await startRollcall({}, { connectors });
  const root = new RestClient(rollcall.baseUrl, rollcall.apiKey);
  const a = await newTenant(root, 'A');
  const b = await newTenant(root, 'B');
  strangerKey = b.key;
  directoryOfA = await createScimDirectory(a.rest, rollcall.baseUrl, 'okta scim v2.0');
  directoryOfB = await createScimDirectory(b.rest, rollcall.baseUrl, 'okta scim v2.0');
  ownIds = await fill(a.rest, directoryOfA);
  paths = (await root.call<{ paths: typeof paths }>('GET', '/openapi.json')).paths;
}, 60_000);

afterAll(() => rollcall.stop(), 30_000);

describe('a key of another tenant', () => {
  it('gets for every route and every id the answer that an unknown id gets', async () => {
    const routes = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => ({ path, method: method.toUpperCase() })),
    );
    const withIds = routes.filter(
      ({ path }) => path.includes('{') && !/^\/management\/(environments|connectors)/.test(path),
    );
    expect(withIds.length).toBeGreaterThan(15);
    for (const { path, method } of withIds) {
      const ids = { ...ownIds, directory: String(ownIds[directoryOf(path)]) };
      const theirs = await ask(method, fillPath(path, ids), bodyOf(path));
      const nobodys = await ask(method, fillPath(path, unknownIds(ids)), bodyOf(path));
      expect({ method, path, status: theirs.status }).toEqual({ method, path, status: nobodys.status });
      // Files are sent with a token of the directory, and an API key is none.
      expect(path.startsWith('/uploads/') ? [401] : [404, 400, 422]).toContain(theirs.status);
      expect(withoutIds(theirs.body)).toBe(withoutIds(nobodys.body));
    }
  });

  it('cannot list what is not its own, by any filter', async () => {
    for (const query of [
      `/directory_users?directory=${ownIds['directory']}`,
      `/directory_users?group=${ownIds['directory_group']}`,
      `/directory_groups?directory=${ownIds['directory']}`,
      `/directory_groups?user=${ownIds['directory_user']}`,
      `/management/events?directory=${ownIds['directory']}&after_sequence=0`,
    ]) {
      const answer = await ask('GET', query);
      const isEmpty = answer.status === 200 && answer.body.includes('"data":[]');
      expect({ query, hidden: answer.status === 404 || isEmpty }).toEqual({ query, hidden: true });
    }
    const feed = await ask('GET', '/events?events=dsync.user.created,dsync.activated');
    expect(feed.body).not.toContain(ownIds['directory']);
    for (const list of ['/directories', '/organizations', '/webhook_endpoints'])
      for (const id of Object.values(ownIds)) expect((await ask('GET', list)).body).not.toContain(id);
  });

  it('does not read a request of another directory through its own', async () => {
    const path = `/management/directories/${directoryOfB.id}/request_log`;
    expect(await ask('GET', path)).toMatchObject({ status: 200 });
    expect(await ask('GET', `${path}/${ownIds['scim_request']}`)).toMatchObject({ status: 404 });
  });

  it('manages no environment', async () => {
    const answer = await ask('POST', '/management/environments', { name: 'mine' });
    expect(answer.status).toBe(403);
  });
});

describe('a directory token', () => {
  it('opens its own directory only', async () => {
    const response = await fetch(`${directoryOfA.endpoint}/Users`, {
      headers: { authorization: `Bearer ${directoryOfB.token}` },
    });
    expect(response.status).toBe(401);
  });

  it('of an OAuth client is given out for its own directory only, and opens no other', async () => {
    const fetchToken = async (endpoint: string): Promise<Response> =>
      fetch(endpoint.replace(/v2\.0\/(\w+)$/, 'oauth/$1/token'), {
        method: 'POST',
        body: new URLSearchParams({
          grant_type: 'client_credentials',
          client_id: String(ownIds['oauth_client']),
          client_secret: clientSecretOfA,
        }),
      });
    expect((await fetchToken(directoryOfB.endpoint)).status).toBe(401);
    const { access_token } = (await (await fetchToken(directoryOfA.endpoint)).json()) as {
      access_token: string;
    };
    const statuses = [directoryOfA, directoryOfB].map(async ({ endpoint }) => {
      const response = await fetch(`${endpoint}/Users`, {
        headers: { authorization: `Bearer ${access_token}` },
      });
      return response.status;
    });
    expect(await Promise.all(statuses)).toEqual([200, 401]);
  });

  it('does not find the people of another directory by their id', async () => {
    for (const method of ['GET', 'DELETE', 'PATCH', 'PUT']) {
      const response = await fetch(`${directoryOfB.endpoint}/Users/${ownIds['directory_user']}`, {
        method,
        headers: {
          authorization: `Bearer ${directoryOfB.token}`,
          'content-type': 'application/scim+json',
        },
        ...(method === 'GET' || method === 'DELETE' ? {} : { body: bodyFor(method) }),
      });
      expect({ method, status: response.status }).toEqual({ method, status: 404 });
    }
  });

  it('treats a member of another directory like one that nobody knows', async () => {
    const response = await fetch(`${directoryOfB.endpoint}/Groups`, {
      method: 'POST',
      headers: { authorization: `Bearer ${directoryOfB.token}`, 'content-type': 'application/scim+json' },
      body: JSON.stringify({ displayName: 'Crew', members: [{ value: ownIds['directory_user'] }] }),
    });
    const group = (await response.json()) as { members: { display?: string }[] };
    expect(response.status).toBe(201);
    expect(group.members[0]?.display).toBeUndefined();
  });
});

function bodyFor(method: string): string {
  return method === 'PUT'
    ? JSON.stringify({ userName: 'taken.over@example.com' })
    : JSON.stringify({ Operations: [{ op: 'replace', path: 'active', value: false }] });
}

async function newTenant(root: RestClient, name: string): Promise<{ key: string; rest: RestClient }> {
  const environment = await root.call<{ id: string }>('POST', '/management/environments', { name });
  const { key } = await root.call<{ key: string }>(
    'POST',
    `/management/environments/${environment.id}/api_keys`,
    { name },
  );
  return { key, rest: new RestClient(rollcall.baseUrl, key) };
}

async function fill(rest: RestClient, directory: CreatedScimDirectory): Promise<Ids> {
  const scim = async (path: string, body: unknown): Promise<string> => {
    const response = await fetch(directory.endpoint + path, {
      method: 'POST',
      headers: { authorization: `Bearer ${directory.token}`, 'content-type': 'application/scim+json' },
      body: JSON.stringify(body),
    });
    return ((await response.json()) as { id: string }).id;
  };
  const user = await scim('/Users', { userName: 'ada@example.com' });
  const group = await scim('/Groups', { displayName: 'Team', members: [{ value: user }] });
  const organization = await rest.call<{ id: string }>('POST', '/organizations', {
    name: 'Acme',
    external_id: 'acme-00001',
  });
  const domain = await rest.call<{ id: string }>('POST', '/organization_domains', {
    organization_id: organization.id,
    domain: 'acme.test',
  });
  const endpoint = await rest.call<{ id: string }>('POST', '/webhook_endpoints', {
    endpoint_url: 'http://127.0.0.1:9999/',
    events: ['dsync.user.created'],
  });
  const tokens = await rest.call<{ data: { id: string }[] }>(
    'GET',
    `/management/directories/${directory.id}/tokens`,
  );
  const client = await rest.call<{ id: string; client_secret: string }>(
    'POST',
    `/management/directories/${directory.id}/oauth_clients`,
    {},
  );
  clientSecretOfA = client.client_secret;
  const polled = await rest.call<{ directory: { id: string } }>('POST', '/management/directories', {
    organization_id: organization.id,
    name: 'Polled',
    type: 'scripted',
    config: { domain: 'example.com', api_token: 'sesame' },
  });
  const uploaded = await rest.call<{
    directory: { id: string };
    uploads: { endpoint: string; bearer_token: string };
  }>('POST', '/management/directories', {
    organization_id: organization.id,
    name: 'Uploaded',
    type: 'csv-sftp',
    config: { delivery: 'upload' },
  });
  const { pathname } = new URL(uploaded.uploads.endpoint);
  const upload = await fetch(`${rollcall.baseUrl}${pathname}/users.csv`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${uploaded.uploads.bearer_token}` },
    body: 'id,email\n1,ada@example.com\n',
  });
  // A policy under which the first deactivation already waits.
  const none = { count: 0, percent: 0 };
  const push = { users: none, groups: none, memberships: none };
  await rest.call('PUT', `/management/directories/${directory.id}/guard`, { push });
  await scim('/Users', { userName: 'leaver@example.com' }).then((id) =>
    fetch(`${directory.endpoint}/Users/${id}`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${directory.token}` },
    }),
  );
  const holds = await rest.call<{ data: { id: string }[] }>(
    'GET',
    `/management/directories/${directory.id}/holds`,
  );
  return {
    polled: polled.directory.id,
    uploaded: uploaded.directory.id,
    upload: ((await upload.json()) as { id: string }).id,
    upload_key: String(pathname.split('/').at(-1)),
    run: await firstOf(rest, `/management/directories/${polled.directory.id}/sync_runs`),
    removal_hold: String(holds.data[0]?.id),
    directory: directory.id,
    directory_user: user,
    directory_group: group,
    org: organization.id,
    org_domain: domain.id,
    we: endpoint.id,
    scim_request: await firstOf(rest, `/management/directories/${directory.id}/request_log`),
    directory_token: String(tokens.data[0]?.id),
    oauth_client: client.id,
    external: 'acme-00001',
  };
}

/** Some routes are answered by a polled directory only, some by one whose files are uploaded. */
function directoryOf(path: string): string {
  if (path.includes('/uploads')) return 'uploaded';
  return isPolled(path) ? 'polled' : 'directory';
}

/** Routes that only a polled directory answers. */
function isPolled(path: string): boolean {
  return /\/(sync_runs|schedule|credentials|check)\b/.test(path);
}

/** What gets past the reading of the body, so that the id decides. */
function bodyOf(path: string): unknown {
  if (!isPolled(path)) return undefined;
  return { mode: 'full', credentials: { api_token: 'stolen' }, paused: true };
}

/** The request log is written, and the first run begins, beside the requests. */
async function firstOf(rest: RestClient, path: string): Promise<string> {
  for (let i = 0; i < 400; i += 1) {
    const { data } = await rest.call<{ data: { id: string }[] }>('GET', path);
    if (data[0] !== undefined) return data[0].id;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`Nothing appears at ${path}`);
}

/** Which kind of id a path names with `{id}`. */
function kindOf(path: string): string {
  if (path.includes('/directory_users')) return 'directory_user';
  if (path.includes('/directory_groups')) return 'directory_group';
  if (path.includes('/organization_domains')) return 'org_domain';
  if (path.includes('/organizations')) return 'org';
  if (path.includes('/webhook_endpoints')) return 'we';
  if (path.includes('/holds/')) return 'removal_hold';
  if (path.includes('/directories')) return 'directory';
  throw new Error(`The test does not know what ${path} names`);
}

function fillPath(path: string, ids: Ids): string {
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    if (/external/.test(name)) return String(ids['external']);
    if (name === 'key') return String(ids['upload_key']);
    if (name === 'name') return 'users.csv';
    if (name === 'upload_id') return String(ids['upload']);
    if (name === 'run_id') return String(ids['run']);
    if (/entry/.test(name)) return String(ids['scim_request']);
    if (/token/.test(name)) return String(ids['directory_token']);
    if (/client/.test(name)) return String(ids['oauth_client']);
    return String(ids[kindOf(path)]);
  });
}

/** The same kinds, but nobody's. */
function unknownIds(ids: Ids): Ids {
  return Object.fromEntries(
    Object.entries(ids).map(([kind, id]) => [
      kind,
      `${id.slice(0, -4)}${id.endsWith('ZZZZ') ? 'YYYY' : 'ZZZZ'}`,
    ]),
  );
}

function withoutIds(body: string): string {
  return body.replaceAll(/[a-z_]+_[0-9A-Z]{26}/g, 'ID').replaceAll(/acme-\w+/g, 'ID');
}

async function ask(method: string, path: string, body?: unknown): Promise<Answer> {
  const response = await fetch(rollcall.baseUrl + path, {
    method,
    headers: { authorization: `Bearer ${strangerKey}`, 'content-type': 'application/json' },
    ...(method === 'GET' || method === 'DELETE' ? {} : { body: JSON.stringify(body ?? {}) }),
  });
  return { status: response.status, body: await response.text() };
}
