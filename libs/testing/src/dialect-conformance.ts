import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import type { JsonObject, JsonValue } from '#kernel';
import { ScimServer, type Dialect, type ScimResponse, type ScimVersion } from '#scim';
import { IN_MEMORY_TOKEN, InMemoryDirectory } from './in-memory-directory.js';

/** One exchange as an IdP plays it. `{{name}}` in path, query and body stands for the id of that user or group. */
export interface DialectFixture {
  readonly version?: ScimVersion;
  readonly method: string;
  readonly path: string;
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: JsonValue;
  readonly expectStatus: number;
  /** What the answer must contain; further attributes may be there. */
  readonly expectBody?: JsonObject;
  /** User names of the group's members afterwards. */
  readonly expectMembers?: readonly string[];
  /** What the addressed user or group must look like afterwards; further attributes may be there. */
  readonly expectResource?: JsonObject;
}

/**
 * The suite that every dialect passes, through the same server that answers in production, with a store in memory: its
 * fixtures, played in the order of their names into one directory, and then the life of one user in each version.
 */
export function dialectConformance(dialect: Pick<Dialect, 'id' | 'versions' | 'resolved'>): void {
  describe(`dialect ${dialect.id}`, () => {
    const store = new InMemoryDirectory({ dialect: dialect.id });
    const version = dialect.versions.includes('2.0') ? '2.0' : dialect.versions[0];
    const server = new ScimServer(store, { publicUrl: 'https://rollcall.example.com' });
    it.each(readFixtures(dialect.id))('%s', async (_name, fixture) => {
      const response = await play(server, store, { version, ...fixture });
      const unexpected = response.status === fixture.expectStatus ? undefined : response.body;
      expect({ status: response.status, unexpected }).toEqual({ status: fixture.expectStatus });
      if (fixture.expectBody) expect(JSON.parse(response.body ?? 'null')).toMatchObject(fixture.expectBody);
      checkAfterwards(store, fixture, response);
    });
    it.each(dialect.versions)('carries a user through their life in SCIM %s', async (spoken) => {
      const fresh = new InMemoryDirectory({ dialect: dialect.id });
      const hearing = new ScimServer(fresh, { publicUrl: 'https://rollcall.example.com' });
      for (const exchange of lifeOfUser(spoken, dialect.resolved[spoken])) {
        const response = await play(hearing, fresh, { version: spoken, ...exchange });
        const { expectStatus: status, expectBody } = exchange;
        expect(response).toMatchObject({ status });
        if (expectBody) expect(JSON.parse(response.body ?? 'null')).toMatchObject(expectBody);
      }
    });
  });
}

/** What every IdP does, in the words of the standards: it must work whatever the dialect. */
function lifeOfUser(version: ScimVersion, { deleteAnswer }: Dialect['resolved']['2.0']): DialectFixture[] {
  const schemas = [
    version === '1.1' ? 'urn:scim:schemas:core:1.0' : 'urn:ietf:params:scim:schemas:core:2.0:User',
  ];
  const user = { schemas, userName: 'Ada@example.com', name: { givenName: 'Ada', familyName: 'Aho' } };
  const lookUp = { method: 'GET', path: '/Users', query: 'filter=userName eq "ada@EXAMPLE.com"' };
  const one = { path: '/Users/{{Ada@example.com}}' };
  return [
    { ...lookUp, expectStatus: 200, expectBody: { totalResults: 0 } },
    { method: 'POST', path: '/Users', body: user, expectStatus: 201, expectBody: user },
    { method: 'POST', path: '/Users', body: user, expectStatus: 409 },
    { ...one, method: 'PUT', body: { ...user, active: false }, expectStatus: 200 },
    { ...lookUp, expectStatus: 200, expectBody: { totalResults: 1, Resources: [{ active: false }] } },
    { ...one, method: 'DELETE', expectStatus: deleteAnswer === 'ok' ? 200 : 204 },
    { ...lookUp, expectStatus: 200, expectBody: { totalResults: 0 } },
    { ...one, method: 'GET', expectStatus: 404 },
  ];
}

function readFixtures(id: string): [string, DialectFixture][] {
  const folder = new URL(`../../scim/src/dialects/${id}/fixtures/`, import.meta.url);
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => [name, JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as DialectFixture]);
}

async function play(
  server: ScimServer,
  store: InMemoryDirectory,
  fixture: DialectFixture,
): Promise<ScimResponse> {
  const body = fixture.body === undefined ? undefined : fillIn(JSON.stringify(fixture.body), store);
  return server.handle({
    version: fixture.version ?? '2.0',
    externalKey: store.directory.externalKey,
    method: fixture.method,
    path: fillIn(fixture.path, store),
    query: fillIn(fixture.query ?? '', store),
    headers: { authorization: `Bearer ${IN_MEMORY_TOKEN}`, ...fixture.headers },
    body: body === undefined ? undefined : Buffer.from(body),
    requestId: 'fixture',
  });
}

/** Replaces `{{name}}` by the id behind that name. */
function fillIn(text: string, store: InMemoryDirectory): string {
  if (!text.includes('{{')) return text;
  return text.replace(/\{\{([^}]+)\}\}/g, (_all, name: string) => findByName(store, name)?.id ?? name);
}

function findByName(store: InMemoryDirectory, name: string): { id: string; raw: JsonObject } | undefined {
  const user = [...store.users.values()].find((candidate) => candidate.userName === name);
  return user ?? [...store.groups.values()].find((candidate) => candidate.name === name);
}

function checkAfterwards(store: InMemoryDirectory, fixture: DialectFixture, response: ScimResponse): void {
  const location = response.headers['location'];
  const id =
    location === undefined ? undefined : decodeURIComponent(location.slice(location.lastIndexOf('/') + 1));
  if (fixture.expectResource !== undefined)
    expect((store.users.get(id ?? '') ?? store.groups.get(id ?? ''))?.raw).toMatchObject(
      fixture.expectResource,
    );
  if (fixture.expectMembers === undefined) return;
  const names = [...(store.members.get(id ?? '') ?? [])].map(
    (value) => store.users.get(value)?.userName ?? value,
  );
  expect(names.sort()).toEqual([...fixture.expectMembers].sort());
}
