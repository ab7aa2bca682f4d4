import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { installedConnectors } from '#connectors';
import { systemClock, type JsonObject } from '#kernel';
import {
  fakeGoogleRefreshToken,
  fakeGusto,
  fakeRipplingOAuth,
  FakeTenant,
  startFakeGoogle,
  startFakeGusto,
  startFakeRippling,
  type ConsentPage,
  type FakeServer,
} from '#testing';
import { consentAt, open, visitConsentPage, type SeenPage } from '../support/browser.js';
import { RestClient } from '../support/rest-client.js';
import { startRollcall, type RunningRollcall } from '../support/start-rollcall.js';

interface Link {
  readonly authorization_url: string;
  readonly redirect_uri: string;
  readonly scopes: string[];
  readonly expires_at: string;
}

interface Standing {
  readonly state: string;
  readonly authorization: {
    readonly status: string;
    readonly message: string;
    readonly problem: string | null;
    readonly link_expires_at: string | null;
  };
}

type Vendor = FakeServer & { readonly consent: ConsentPage };

const USERS = 12;
const GOOGLE = 'https://www.googleapis.com/auth/admin.directory';
let vendors: Record<'google-workspace' | 'gusto' | 'rippling', Vendor>;
let google: Vendor;
let rollcall: RunningRollcall;
let rest: RestClient;
let organization: string;
let printed: string[];
const write = process.stdout.write.bind(process.stdout);

/** What the form is answered with, but for the refresh token. */
function answers(provider: string, changes: JsonObject = {}): JsonObject {
  const fakes = { 'google-workspace': fakeGoogleRefreshToken, gusto: fakeGusto, rippling: fakeRipplingOAuth };
  const { refresh_token: _, ...config } = fakes[provider as keyof typeof fakes].answers('');
  return { ...config, ...changes };
}

beforeAll(async () => {
  printed = [];
  process.stdout.write = (text: string | Uint8Array) => printed.push(text.toString()) > 0;
  const tenant = (): FakeTenant =>
    new FakeTenant({ users: USERS, groups: 2, membersPerGroup: 3 }, systemClock);
  google = await startFakeGoogle(tenant(), { pageSize: 50 });
  vendors = {
    'google-workspace': google,
    gusto: await startFakeGusto(tenant(), { pageSize: 50 }),
    rippling: await startFakeRippling(tenant(), { pageSize: 50 }),
  };
  const origins = {
    ...fakeGoogleRefreshToken.hosts?.(google.url),
    ...fakeGusto.hosts?.(vendors.gusto.url),
    ...fakeRipplingOAuth.hosts?.(vendors.rippling.url),
  };
  const pairs = Object.entries(origins).map(([from, to]) => `${from}=${to}`);
  rollcall = await startRollcall(
    { ROLLCALL_SOURCE_ORIGINS: pairs.join(','), LOG_LEVEL: 'debug', LOG_FORMAT: 'json' },
    { connectors: installedConnectors },
  );
  rest = new RestClient(rollcall.baseUrl, rollcall.apiKey);
  organization = (await rest.call<{ id: string }>('POST', '/organizations', { name: 'Acme' })).id;
}, 60_000);

afterAll(async () => {
  process.stdout.write = write;
  await rollcall.stop();
  await Promise.all(Object.values(vendors).map((vendor) => vendor.close()));
}, 30_000);

async function create(
  provider: string,
  changes: JsonObject = {},
): Promise<{ id: string; link: Link; created: unknown }> {
  const created = await rest.call<{ directory: { id: string }; authorization: Link }>(
    'POST',
    '/management/directories',
    { organization_id: organization, name: 'People', type: provider, config: answers(provider, changes) },
  );
  return { id: created.directory.id, link: created.authorization, created };
}

const begin = (id: string): Promise<Link> =>
  rest.call('POST', `/management/directories/${id}/authorizations`, {});
const show = (id: string): Promise<Standing> => rest.call('GET', `/management/directories/${id}`);
const consent = (link: Link): Promise<SeenPage> => consentAt(google.url, link.authorization_url);

async function fields(id: string): Promise<string[]> {
  const { data } = await rest.call<{ data: { field: string }[] }>(
    'GET',
    `/management/directories/${id}/credentials`,
  );
  return data.map(({ field }) => field);
}

async function eventually<T>(read: () => Promise<T>, isReached: (value: T) => boolean): Promise<T> {
  for (let round = 0; round < 200; round += 1) {
    const value = await read();
    if (isReached(value)) return value;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('it did not happen');
}

async function nobodyConnected(id: string, problem: string | null): Promise<void> {
  expect(await fields(id)).toEqual(['client_secret']);
  expect(await show(id)).toMatchObject({
    state: 'unlinked',
    authorization: { status: 'waiting_for_consent', problem },
  });
}

describe('the consent of an admin', () => {
  it.each(['google-workspace', 'gusto', 'rippling'] as const)(
    'connects %s: link, consent, check, first run, people',
    async (provider) => {
      const vendor = vendors[provider];
      const { id, link, created } = await create(provider);
      expect(created).toMatchObject({ directory: { state: 'unlinked' }, scim: null });
      const waiting = await show(id);
      expect(waiting.authorization).toMatchObject({
        status: 'waiting_for_consent',
        message: expect.stringContaining('has to open the link'),
        link_expires_at: link.expires_at,
      });
      const path = `/management/directories/${id}`;
      await expect(rest.call('POST', `${path}/sync_runs`, { mode: 'full' })).rejects.toThrow(
        /409.*waits for the consent/,
      );
      expect(await rest.call('POST', `${path}/check`, {})).toMatchObject({
        ok: false,
        error: { code: 'consent_missing' },
      });

      const page = await consentAt(vendor.url, link.authorization_url);
      expect([page.status, page.text]).toEqual([200, expect.stringContaining('is connected')]);
      expect(await show(id)).toMatchObject({ authorization: { status: 'authorized', problem: null } });
      expect(await rest.call('POST', `${path}/check`, {})).toMatchObject({ ok: true, error: null });
      const { data } = await eventually(
        () => rest.call<{ data: { id: string; status: string }[] }>('GET', `${path}/sync_runs`),
        ({ data: runs }) => runs[0]?.status === 'awaiting_approval',
      );
      await rest.call('POST', `${path}/sync_runs/${data[0]?.id}/apply`);
      const people = await eventually(
        () => rest.call<{ data: unknown[] }>('GET', `/directory_users?directory=${id}&limit=100`),
        (found) => found.data.length === USERS,
      );
      expect(people.data).toHaveLength(USERS);
      expect((await show(id)).state).toBe('linked');
    },
    60_000,
  );

  it('is asked for with the least that is needed, and with what the vendor takes', async () => {
    const { link } = await create('google-workspace');
    const url = new URL(link.authorization_url);
    expect(`${url.origin}${url.pathname}`).toBe('https://accounts.google.com/o/oauth2/v2/auth');
    expect(Object.fromEntries(url.searchParams)).toEqual({
      response_type: 'code',
      client_id: 'fake.apps.example.com',
      redirect_uri: `${rollcall.baseUrl}/connections/oauth/callback`,
      scope: `${GOOGLE}.user.readonly ${GOOGLE}.group.readonly ${GOOGLE}.group.member.readonly`,
      access_type: 'offline',
      prompt: 'consent',
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge_method: 'S256',
      state: expect.stringMatching(/^[\w-]{43}$/),
    });
    const seconds = (Date.parse(link.expires_at) - Date.now()) / 1_000;
    expect(seconds).toBeGreaterThan(3_500);
    expect(seconds).toBeLessThanOrEqual(3_601);
    const gusto = new URL((await create('gusto', { environment: 'demo' })).link.authorization_url);
    expect([gusto.origin, gusto.searchParams.has('scope')]).toEqual(['https://api.gusto-demo.com', false]);
  });

  it('is told to whoever manages connectors, before there is one', async () => {
    const { data } = await rest.call<{ data: { id: string; authorization: unknown }[] }>(
      'GET',
      '/management/connectors',
    );
    const of = (id: string): unknown => data.find((connector) => connector.id === id)?.authorization;
    expect(of('google-workspace')).toEqual({
      refresh_token_field: 'refresh_token',
      when: { key: 'auth_mode', is: 'refresh_token' },
      redirect_uri: `${rollcall.baseUrl}/connections/oauth/callback`,
    });
    expect(of('workday')).toBeNull();
  });

  it('is an event when it is asked for and when it is given', async () => {
    const { id, link } = await create('google-workspace');
    await consent(link);
    const { data } = await eventually(
      () =>
        rest.call<{ data: { event: string; data: JsonObject }[] }>(
          'GET',
          '/events?events=directory.authorization_requested,directory.authorized&order=desc',
        ),
      (found) => found.data[0]?.event === 'directory.authorized',
    );
    const mine = data.filter((event) => event.data['id'] === id);
    expect(mine.map(({ event }) => event)).toEqual([
      'directory.authorized',
      'directory.authorization_requested',
    ]);
    expect(mine[1]?.data).toMatchObject({
      requested_by: expect.any(String),
      expires_at: link.expires_at,
      provider: 'google-workspace',
    });
  });
});

describe('a consent that goes wrong', () => {
  let directory: { id: string; link: Link };

  beforeEach(async () => {
    directory = await create('google-workspace');
  });
  afterEach(() => {
    google.consent.decision = {};
    google.calm();
  });

  it('because it was denied: nothing is stored, and the link is good for a second thought', async () => {
    google.consent.decision = { error: 'access_denied' };
    const page = await consent(directory.link);
    expect([page.status, page.text]).toEqual([400, expect.stringContaining('The consent was denied')]);
    await nobodyConnected(directory.id, 'denied');
    google.consent.decision = {};
    expect((await consent(directory.link)).status).toBe(200);
  });

  it('because a needed scope was not ticked: it is named, and nothing is stored', async () => {
    google.consent.decision = { grants: [`${GOOGLE}.user.readonly`, `${GOOGLE}.group.readonly`] };
    const page = await consent(directory.link);
    expect(page.status).toBe(400);
    expect(page.text).toContain(`${GOOGLE}.group.member.readonly`);
    expect(page.text).not.toContain(`${GOOGLE}.user.readonly`);
    await nobodyConnected(directory.id, 'scope_missing');
    expect((await show(directory.id)).authorization.message).toContain(`${GOOGLE}.group.member.readonly`);
  });

  it('because the link was used already', async () => {
    const first = await consent(directory.link);
    const again = await open(first.url);
    expect([again.status, again.text]).toEqual([410, expect.stringContaining('was used already')]);
    const anew = await consent(directory.link);
    expect(anew.status).toBe(410);
    expect(google.calls.filter(({ call }) => call === 'token').length).toBeGreaterThan(0);
  });

  it('because a newer link has replaced it', async () => {
    const newer = await begin(directory.id);
    expect((await consent(directory.link)).status).toBe(404);
    await nobodyConnected(directory.id, null);
    expect((await consent(newer)).status).toBe(200);
  });

  it('because a code comes with the state of another directory: neither is connected', async () => {
    const other = await create('google-workspace');
    const [mine, theirs] = await Promise.all(
      [directory, other].map(({ link }) => visitConsentPage(google.url, link.authorization_url)),
    );
    const mixed = new URL(String(mine));
    mixed.searchParams.set('state', String(new URL(String(theirs)).searchParams.get('state')));
    const page = await open(mixed.href);
    expect([page.status, page.text]).toEqual([400, expect.stringContaining('belongs to another link')]);
    await nobodyConnected(other.id, 'code_refused');
    await nobodyConnected(directory.id, null);
  });

  it.each([
    '',
    '?code=4/abc',
    '?code=4/abc&state=',
    '?state=a&state=b&code=c',
    '?state=%00',
    '?code=a&state=b',
  ])('because nobody made such a link: %s', async (query) => {
    const page = await open(`${rollcall.baseUrl}/connections/oauth/callback${query}`);
    expect([page.status, page.text]).toEqual([404, expect.stringContaining('not known')]);
  });

  it('because the code was used or is too old', async () => {
    google.consent.decision = { codeSeconds: -1 };
    const page = await consent(directory.link);
    expect([page.status, page.text]).toEqual([400, expect.stringContaining('refused the code')]);
    await nobodyConnected(directory.id, 'code_refused');
    google.consent.decision = {};
    expect((await consent(directory.link)).status).toBe(200);
  });

  it('because no code came', async () => {
    const state = new URL(directory.link.authorization_url).searchParams.get('state');
    const page = await open(`${directory.link.redirect_uri}?state=${state}`);
    expect([page.status, page.text]).toEqual([400, expect.stringContaining('Something is missing')]);
  });

  it('because the client secret is wrong: it is replaced, and the same link works', async () => {
    const wrong = await create('google-workspace', { client_secret: 'mistyped-secret' });
    const page = await consent(wrong.link);
    expect([page.status, page.text]).toEqual([400, expect.stringContaining('client secret')]);
    await rest.call('PUT', `/management/directories/${wrong.id}/credentials`, {
      credentials: { client_secret: 'fake-google-secret' },
    });
    expect((await consent(wrong.link)).status).toBe(200);
  });

  it('because the vendor is away: reloading the page is enough', async () => {
    google.fail({ call: 'token', fault: { kind: 'status', status: 503 } });
    const page = await consent(directory.link);
    expect([page.status, page.text]).toEqual([503, expect.stringContaining('reload this page')]);
    await nobodyConnected(directory.id, 'vendor_unavailable');
    const attempts = google.calls.filter(({ call }) => call === 'token');
    expect((await open(page.url)).status).toBe(200);
    // Nobody may send a code twice on their own: it may have arrived the first time.
    expect(attempts.filter(({ fault }) => fault === 'status')).toHaveLength(1);
  });

  it('because the directory was deleted meanwhile', async () => {
    await rest.call('DELETE', `/management/directories/${directory.id}`);
    const page = await consent(directory.link);
    expect([page.status, page.text]).toEqual([410, expect.stringContaining('nothing to connect any more')]);
  });

  it('because the connection signs in otherwise by now', async () => {
    const key = fakeGoogleWorkspaceKey();
    await rest.call('PATCH', `/management/directories/${directory.id}`, { config: key });
    const page = await consent(directory.link);
    expect([page.status, page.text]).toEqual([400, expect.stringContaining('settings have changed')]);
    await expect(begin(directory.id)).rejects.toThrow(/409.*auth_mode.*refresh_token/);
  });

  it('without anything in the page that could be sent on, run or kept', async () => {
    const state = new URL(directory.link.authorization_url).searchParams.get('state');
    const evil = encodeURIComponent('<script>alert(1)</script>');
    const page = await open(`${directory.link.redirect_uri}?state=${state}&error=${evil}`);
    expect(page.text).not.toMatch(/script|alert|href|src=/i);
    expect(Object.fromEntries(page.headers)).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
    });
    const policy = String(page.headers.get('content-security-policy'));
    expect(policy).toMatch(/^default-src 'none'; style-src 'sha256-[\w+/=]+'; /);
    expect(policy).not.toContain('unsafe');
    const head = await fetch(`${directory.link.redirect_uri}?state=${state}&code=x`, { method: 'HEAD' });
    expect(head.status).toBe(405);
  });
});

describe('a consent that has ended', () => {
  it('is given anew while everything else stays', async () => {
    const { id, link } = await create('google-workspace');
    await consent(link);
    const renewed = await begin(id);
    expect((await show(id)).authorization).toMatchObject({
      status: 'authorized',
      message: expect.stringContaining('the one before is used'),
    });
    expect((await consent(renewed)).status).toBe(200);
    expect((await show(id)).authorization.link_expires_at).toBeNull();
  });
});

describe('the guide', () => {
  const blocks = (language: string): string[] => {
    const guide = readFileSync('docs/polled-directories.md', 'utf8').split('## Consent of an admin')[1] ?? '';
    const pattern = new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``, 'g');
    return [...(guide.split('\n## ')[0] ?? '').matchAll(pattern)].map(([, text]) => String(text));
  };
  /** Sends what a command of the guide sends. */
  const follow = <T>(command: string, ids: Readonly<Record<string, string>>): Promise<T> => {
    const [, path] = /https:\/\/sync\.example\.com(\S+)/.exec(command) ?? [];
    const [, body] = /-d '([^]*)'/.exec(command) ?? [];
    const named = (text: string): string =>
      text.replaceAll(/(org|directory)_01M8…/g, (_, kind: string) => String(ids[kind]));
    return rest.call<T>('POST', named(String(path)), JSON.parse(named(String(body))));
  };

  it('can be followed to the letter, and shows what comes', async () => {
    const [connect, renew] = blocks('sh') as [string, string];
    const [answer, status] = blocks('json') as [string, string];
    type Created = { directory: { id: string; state: string }; authorization: Link };
    const shown = JSON.parse(answer) as Created;
    const created = await follow<Created>(connect, { org: organization });
    expect(created.directory.state).toBe(shown.directory.state);
    expect(Object.keys(created.authorization)).toEqual(
      expect.arrayContaining(Object.keys(shown.authorization)),
    );
    const renewed = await follow<Link>(renew, { directory: created.directory.id });
    const { origin, searchParams } = new URL(renewed.authorization_url);
    expect(origin).toBe('https://accounts.google.com');
    await open(`${renewed.redirect_uri}?state=${searchParams.get('state')}&error=access_denied`);
    const { expires_at: link_expires_at, redirect_uri } = renewed;
    const { authorization } = await show(created.directory.id);
    expect(authorization).toEqual({ ...(JSON.parse(status) as JsonObject), link_expires_at, redirect_uri });
  });
});

it('leaves no code, state, token or secret in the log, or readable afterwards', async () => {
  const { id, link } = await create('google-workspace');
  const page = await consent(link);
  const { searchParams } = new URL(page.url);
  const secrets = [
    String(searchParams.get('code')),
    String(searchParams.get('state')),
    '1//fake-google-refresh',
    'fake-google-secret',
    'fake-google-token',
  ];
  await rest.call('POST', `/management/directories/${id}/check`, {});
  const log = printed.join('');
  expect(log).toContain('an admin has consented');
  expect(log).toContain('/connections/oauth/callback');
  for (const secret of secrets) expect(log).not.toContain(secret);
  const shown = JSON.stringify([
    await show(id),
    await fields(id),
    await rest.call('GET', '/events?events=directory.authorization_requested,directory.authorized'),
  ]);
  for (const secret of secrets) expect(shown).not.toContain(secret);
});

function fakeGoogleWorkspaceKey(): JsonObject {
  const file = { client_email: 'sync@fake.iam.example.com', private_key: 'a key' };
  return {
    auth_mode: 'service_account',
    admin_email: 'admin@example.com',
    service_account_json: JSON.stringify(file),
  };
}
