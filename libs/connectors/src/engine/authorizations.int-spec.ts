import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  CONTROL_ENTITIES,
  Directories,
  DirectoryAuthorizations,
  Environments,
  Organizations,
} from '#directory';
import { Database, SecretBox, systemClock, type JsonObject } from '#kernel';
import { createAddressPolicy } from '#outbound';
import {
  createTestDatabase,
  fakeGoogleRefreshToken,
  fakeGoogleWorkspace,
  fakeGusto,
  FakeTenant,
  startFakeGoogle,
  startFakeGusto,
  type ConsentPage,
  type FakeServer,
  type TestDatabase,
} from '#testing';
import { DyingDatabase } from '../../test-support/dying-database.js';
import { createSourceHttp, installedConnectors, type JsonAnswer, type SourceRequest } from '../index.js';
import { Authorizations, type ConsentAnswer, type ConsentLink } from './authorizations.js';
import { Connections } from './connections.js';
import { Credentials } from './credentials.js';
import { Schedules } from './schedules.js';

type Vendor = FakeServer & { readonly consent: ConsentPage };
interface Key {
  readonly environmentId: string;
  readonly directoryId: string;
}

const REDIRECT_URI = 'https://sync.example.com/connections/oauth/callback';
const K1 = `k1:${Buffer.alloc(32, 1).toString('base64')}`;
const K2 = `k2:${Buffer.alloc(32, 2).toString('base64')}`;

let db: TestDatabase;
let google: Vendor;
let gusto: Vendor;
let directories: Directories;
let environmentId: string;
let organizationId: string;

beforeAll(async () => {
  db = await createTestDatabase({ entities: CONTROL_ENTITIES });
  const tenant = (): FakeTenant => new FakeTenant({ users: 3, groups: 0, membersPerGroup: 0 }, systemClock);
  google = await startFakeGoogle(tenant(), { pageSize: 10 });
  gusto = await startFakeGusto(tenant(), { pageSize: 10 });
  directories = new Directories(db.dataSource, systemClock);
  environmentId = (await new Environments(db.dataSource, systemClock).create('test')).id;
  const organizations = new Organizations(db.dataSource, systemClock);
  organizationId = (await organizations.create(environmentId, { name: 'Acme' })).id;
});
afterAll(async () => {
  await db.drop();
  await google.close();
  await gusto.close();
});
afterEach(() => {
  google.calm();
  google.consent.decision = {};
});

/** Lets nobody send a statement before everybody has come to it. */
class Meeting extends Database {
  readonly #place: { readonly at: string; readonly of: number };
  readonly #all = Promise.withResolvers<void>();
  readonly #over = Promise.withResolvers<void>();
  #here = 0;
  #gone = 0;

  constructor(
    pool: ConstructorParameters<typeof Database>[0],
    place: { readonly at: string; readonly of: number },
  ) {
    super(pool);
    this.#place = place;
  }

  /** Everybody has an answer. */
  get over(): Promise<void> {
    return this.#over.promise;
  }

  override async query<R extends object>(statement: Parameters<Database['query']>[0]): Promise<R[]> {
    if (!statement.text.includes(this.#place.at)) return super.query<R>(statement);
    if (++this.#here === this.#place.of) this.#all.resolve();
    await this.#all.promise;
    const rows = await super.query<R>(statement);
    if (++this.#gone === this.#place.of) this.#over.resolve();
    return rows;
  }
}

interface World {
  readonly database?: Database;
  readonly keys?: string;
  /** Networks that may be reached. */
  readonly allowed?: string;
  readonly timeoutMs?: number;
  /** What happens while the vendor is asked. */
  readonly meanwhile?: () => Promise<unknown>;
}

function authorizations({
  database = db.database,
  keys = K1,
  allowed,
  timeoutMs,
  meanwhile,
}: World = {}): Authorizations {
  const secretBox = new SecretBox(keys);
  const ignore = (): void => undefined;
  const origins = new Map(
    Object.entries({ ...fakeGoogleRefreshToken.hosts?.(google.url), ...fakeGusto.hosts?.(gusto.url) }),
  );
  const guard = {
    policy: createAddressPolicy(allowed ?? '127.0.0.0/8'),
    resolver: { resolve: () => Promise.resolve(['127.0.0.1']) },
  };
  return new Authorizations({
    database,
    secretBox,
    registry: installedConnectors,
    directories,
    credentials: new Credentials({ database, secretBox }),
    journal: new DirectoryAuthorizations(db.dataSource, systemClock),
    http: (options, { signal, log }) => {
      const ports = { clock: systemClock, signal, log, guard, origins, tries: 1 };
      const client = createSourceHttp(options, ports);
      const json = async (request: SourceRequest): Promise<JsonAnswer> => {
        await meanwhile?.();
        return client.json(request);
      };
      return { json, text: (request) => client.text(request), stream: (request) => client.stream(request) };
    },
    log: { debug: ignore, info: ignore, warn: ignore, error: ignore },
    ...(timeoutMs !== undefined && { timeoutMs }),
  });
}

function connections(): Connections {
  const credentials = new Credentials({ database: db.database, secretBox: new SecretBox(K1) });
  return new Connections({ registry: installedConnectors, directories, credentials });
}

async function create(provider: string, config: JsonObject): Promise<Key> {
  const input = { organizationId, name: 'People', provider, config };
  const { directory } = await connections().create(environmentId, input);
  return { environmentId, directoryId: directory.id };
}

function begin(key: Key, seconds = 3_600): Promise<ConsentLink> {
  return authorizations().begin(key, { redirectUri: REDIRECT_URI, seconds, apiKeyId: 'api_key_1' });
}

/** What an admin comes back with. */
async function consent(vendor: Vendor, { authorizationUrl }: ConsentLink): Promise<ConsentAnswer> {
  const { origin } = new URL(authorizationUrl);
  const answer = await fetch(authorizationUrl.replace(origin, vendor.url), { redirect: 'manual' });
  const { searchParams } = new URL(String(answer.headers.get('location')));
  const of = (name: string): string | undefined => searchParams.get(name) ?? undefined;
  return { state: of('state'), code: of('code'), error: of('error') };
}

async function finish(answer: ConsentAnswer, world: World = {}): Promise<string | null> {
  return (await authorizations(world).finish(answer, REDIRECT_URI)).problem;
}

async function sql<R = Record<string, unknown>>(text: string, values: readonly unknown[]): Promise<R[]> {
  return (await db.database.query({ text, values })) as R[];
}

async function open(key: Key): Promise<Record<string, string>> {
  return new Credentials({ database: db.database, secretBox: new SecretBox(K1) }).open(key);
}

async function forgetToken({ directoryId }: Key): Promise<void> {
  await sql('DELETE FROM directory_credentials WHERE directory_id = $1 AND field = $2', [
    directoryId,
    'refresh_token',
  ]);
}

/** As if the one who holds the link had died long ago. */
async function afterAMinute({ directoryId }: Key): Promise<void> {
  await sql(
    `UPDATE directory_authorizations SET claimed_until = now() - interval '1 second'
      WHERE directory_id = $1 AND claimed_until > now()`,
    [directoryId],
  );
}

const tokenCalls = (): number => google.calls.filter(({ call }) => call === 'token').length;

describe('a consent to Google', () => {
  let key: Key;
  let link: ConsentLink;

  beforeEach(async () => {
    const { refresh_token: _, ...config } = fakeGoogleRefreshToken.answers('');
    key = await create('google-workspace', config);
    link = await begin(key);
  });

  it('is stored sealed, with no state, code or proof key beside it, and starts the first run', async () => {
    const before = await sql('SELECT due_at = $1 AS waits FROM sync_schedules WHERE directory_id = $2', [
      'infinity',
      key.directoryId,
    ]);
    expect(before).toEqual([{ waits: true }]);
    const answer = await consent(google, link);
    expect(await finish(answer)).toBeNull();
    expect((await open(key))['refresh_token']).toBe('1//fake-google-refresh');
    const rows = await sql(
      `SELECT to_jsonb(a)::text AS text FROM directory_authorizations a WHERE directory_id = $1
        UNION ALL SELECT to_jsonb(c)::text FROM directory_credentials c WHERE directory_id = $1
        UNION ALL SELECT body FROM events WHERE environment_id = $2`,
      [key.directoryId, environmentId],
    );
    const verifier = google.consent.visits.at(-1)?.get('code_challenge');
    const stored = JSON.stringify(rows);
    for (const secret of [answer.state, answer.code, '1//fake-google-refresh', verifier])
      expect(stored).not.toContain(secret);
    const after = await sql('SELECT due_at <= now() AS is_due FROM sync_schedules WHERE directory_id = $1', [
      key.directoryId,
    ]);
    expect(after).toEqual([{ is_due: true }]);
  });

  it('comes too late: nobody is asked, and the status says so', async () => {
    const answer = await consent(google, link);
    await sql(
      `UPDATE directory_authorizations SET expires_at = now() - interval '1 second' WHERE directory_id = $1`,
      [key.directoryId],
    );
    expect(await finish(answer)).toBe('expired_link');
    expect(tokenCalls()).toBe(0);
    const status = await authorizations().status(await directories.get(environmentId, key.directoryId));
    expect(status).toMatchObject({
      status: 'waiting_for_consent',
      message: expect.stringContaining('The link has expired'),
      linkExpiresAt: null,
    });
  });

  it('that comes three times at once is exchanged once', async () => {
    const answer = await consent(google, link);
    const database = new Meeting(db.pool, { at: 'SET claimed_until = now() +', of: 3 });
    const outcomes = await Promise.all(
      [1, 2, 3].map(() => finish(answer, { database, meanwhile: () => database.over })),
    );
    const others = outcomes.filter((problem) => problem !== null);
    expect(others).toHaveLength(2);
    // Whoever comes second may see the first one at work, or ready.
    for (const problem of others) expect(problem).toMatch(/^(in_progress|used_link)$/);
    expect(tokenCalls()).toBe(1);
  });

  it.each([false, true])(
    'survives a process that dies at any statement before the exchange (answer lost: %s)',
    async (isAfter) => {
      const counting = new DyingDatabase(db.pool);
      expect(await finish(await consent(google, link), { database: counting })).toBeNull();
      const { statements } = counting;
      expect(statements).toBeGreaterThan(2);
      for (let dyingAt = 1; dyingAt <= statements; dyingAt += 1) {
        await forgetToken(key);
        const again = await begin(key);
        const answer = await consent(google, again);
        const dying = Object.assign(new DyingDatabase(db.pool), { dyingAt, isAfter });
        await expect(finish(answer, { database: dying })).rejects.toThrow('killed');
        expect(await open(key)).not.toHaveProperty('refresh_token');
        await afterAMinute(key);
        // The code was never sent, so reloading the page is enough.
        expect(await finish(answer)).toBeNull();
      }
    },
  );

  it('survives a process that dies between the exchange and storing: the same link works again', async () => {
    const answer = await consent(google, link);
    const write = jest.spyOn(Credentials.prototype, 'write').mockRejectedValueOnce(new Error('killed'));
    await expect(finish(answer)).rejects.toThrow('killed');
    write.mockRestore();
    const [row] = await sql('SELECT completed_at FROM directory_authorizations WHERE directory_id = $1', [
      key.directoryId,
    ]);
    expect(row).toEqual({ completed_at: null });
    expect((await directories.get(environmentId, key.directoryId)).state).toBe('unlinked');
    expect(await finish(answer)).toBe('in_progress');
    await afterAMinute(key);
    // The vendor has seen the code; the admin is told to open the link again.
    expect(await finish(answer)).toBe('code_refused');
    expect(await finish(await consent(google, link))).toBeNull();
  });

  it('that fails after its time leaves the link to whoever holds it by then', async () => {
    google.consent.decision = { codeSeconds: -1 };
    const takenOver = (): Promise<unknown> =>
      sql(
        `UPDATE directory_authorizations SET tries = tries + 1, claimed_until = now() + interval '30 seconds'
          WHERE directory_id = $1`,
        [key.directoryId],
      );
    const answer = await consent(google, link);
    expect(await finish(answer, { meanwhile: takenOver })).toBe('code_refused');
    expect(await finish(answer)).toBe('in_progress');
  });

  it('whose link was replaced while the vendor was asked is not stored', async () => {
    const answer = await consent(google, link);
    const problem = await finish(answer, { meanwhile: () => begin(key) });
    expect([problem, tokenCalls()]).toEqual(['unknown_link', 1]);
    expect(await open(key)).not.toHaveProperty('refresh_token');
  });

  it('to a directory that is deleted while the vendor is asked is not stored', async () => {
    const answer = await consent(google, link);
    const problem = await finish(answer, {
      meanwhile: () => directories.remove(environmentId, key.directoryId),
    });
    expect([problem, tokenCalls()]).toEqual(['directory_gone', 1]);
    expect(await open(key)).not.toHaveProperty('refresh_token');
  });

  it('is not sent to an address that is not allowed', async () => {
    const answer = await consent(google, link);
    expect(await finish(answer, { allowed: '10.0.0.0/8' })).toBe('vendor_unavailable');
    expect(tokenCalls()).toBe(0);
    expect(await open(key)).not.toHaveProperty('refresh_token');
    expect(await finish(answer)).toBeNull();
  });

  it('is sent to the vendor ten times at most', async () => {
    google.consent.decision = { codeSeconds: -1 };
    const problems: (string | null)[] = [];
    for (let attempt = 0; attempt < 11; attempt += 1)
      problems.push(await finish(await consent(google, link)));
    expect(problems).toEqual([...Array.from({ length: 10 }, () => 'code_refused'), 'too_many_tries']);
    expect(tokenCalls()).toBe(10);
  });

  it('outlives a new secret key, and ends with the removal of the old one', async () => {
    const answer = await consent(google, link);
    const both = `${K2},${K1}`;
    // What a worker does with all that is stored; a link lives for an hour at most.
    await new Credentials({ database: db.database, secretBox: new SecretBox(both) }).reseal(100);
    expect(await finish(answer, { keys: K2 })).toBe('expired_link');
    expect(await finish(answer, { keys: both })).toBeNull();
  });

  it('that the source refuses later has ended: the status says how to get a new one', async () => {
    expect(await finish(await consent(google, link))).toBeNull();
    await sql(`UPDATE directories SET state = 'invalid_credentials' WHERE id = $1`, [key.directoryId]);
    const status = async (): Promise<unknown> =>
      authorizations().status(await directories.get(environmentId, key.directoryId));
    expect(await status()).toMatchObject({
      status: 'consent_ended',
      message: expect.stringContaining('POST /management/directories/<id>/authorizations'),
    });
    const renewed = await begin(key);
    expect(await status()).toMatchObject({
      status: 'consent_ended',
      message: expect.stringContaining('has to open the link'),
      linkExpiresAt: renewed.expiresAt,
    });
    expect(await finish(await consent(google, renewed))).toBeNull();
  });

  it('waits for no vendor for ever', async () => {
    const answer = await consent(google, link);
    expect(await finish(answer, { timeoutMs: 0 })).toBe('vendor_unavailable');
    expect(await finish(answer)).toBeNull();
  });
});

describe('a consent to Gusto', () => {
  it('replaces what the connection signed in with, and says which redirect URI it belongs to', async () => {
    const key = await create('gusto', { ...fakeGusto.answers(''), redirect_uri: 'https://old.example.com/' });
    const link = await begin(key);
    expect(await finish(await consent(gusto, link))).toBeNull();
    expect((await open(key))['refresh_token']).toBe('fake-gusto-oauth-refresh-1');
    const { config } = await directories.get(environmentId, key.directoryId);
    expect(config['redirect_uri']).toBe(REDIRECT_URI);
    // What a run replaces from now on comes from this one, and entering the first one again is something new.
    const [row] = await sql(
      'SELECT entered FROM directory_credentials WHERE directory_id = $1 AND field = $2',
      [key.directoryId, 'refresh_token'],
    );
    expect(row).toEqual({ entered: expect.stringMatching(/^[0-9a-f]{64}$/) });
  });
});

describe('a directory that waits for consent', () => {
  const due = async ({ directoryId }: Key): Promise<unknown> =>
    (
      await sql<{ is_due: boolean }>(
        'SELECT due_at <= now() AS is_due FROM sync_schedules WHERE directory_id = $1',
        [directoryId],
      )
    )[0]?.is_due;
  let key: Key;

  beforeEach(async () => {
    const { refresh_token: _, ...config } = fakeGusto.answers('');
    key = await create('gusto', config);
  });

  it('is not started by a change of its schedule, a pause that ends, or another client secret', async () => {
    const schedules = new Schedules(db.database, installedConnectors);
    for (const change of [{ fullSeconds: 600 }, { paused: true }, { paused: false }]) {
      await schedules.change(key, change);
      expect(await due(key)).toBe(false);
    }
    await connections().changeCredentials(environmentId, key.directoryId, { client_secret: 'new' });
    expect(await due(key)).toBe(false);
  });

  it.each(['settings', 'credentials'])(
    'is started by a refresh token that is entered with the %s',
    async (by) => {
      const token = { refresh_token: 'fake-gusto-first-refresh' };
      const { directoryId } = key;
      await (by === 'settings'
        ? connections().changeSettings(environmentId, directoryId, { config: token })
        : connections().changeCredentials(environmentId, directoryId, token));
      expect(await due(key)).toBe(true);
    },
  );

  it('is one again that changes to consent, and no run of it begins', async () => {
    const other = await create('google-workspace', fakeGoogleWorkspace.answers(''));
    expect(await due(other)).toBe(true);
    const { refresh_token: _, ...config } = fakeGoogleRefreshToken.answers('');
    await connections().changeSettings(environmentId, other.directoryId, { config });
    expect(await due(other)).toBe(false);
    const directory = await directories.get(environmentId, other.directoryId);
    expect(await authorizations().status(directory)).toMatchObject({
      status: 'waiting_for_consent',
      message: expect.stringContaining('No link has been made yet'),
    });
  });
});

describe('a connection that does not sign in by consent', () => {
  it('has no link and no status', async () => {
    const key = await create('bamboohr', { subdomain: 'acme', api_key: 'sesame' });
    await expect(begin(key)).rejects.toThrow('BambooHR has no consent page');
    expect(await authorizations().status(await directories.get(environmentId, key.directoryId))).toBeNull();
  });

  it('of Rippling says which answer is missing, before anything is created', async () => {
    const config = { api: 'platform', auth_mode: 'oauth', client_id: 'c', client_secret: 's' };
    await expect(create('rippling', config)).rejects.toMatchObject({
      problems: [{ field: 'config.app_name', message: expect.stringContaining('App Shop') }],
    });
    const key = await create('rippling', { ...config, app_name: 'ExampleApp' });
    const { authorizationUrl, scopes } = await begin(key);
    expect(authorizationUrl).toMatch(
      /^https:\/\/app\.rippling\.com\/apps\/PLATFORM\/ExampleApp\/authorize\?/,
    );
    expect(scopes).toEqual([]);
  });
});
