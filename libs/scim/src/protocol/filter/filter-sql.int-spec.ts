import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  CONTROL_ENTITIES,
  Directories,
  DirectoryReader,
  DirectoryStore,
  Environments,
  FIRST_SEARCH_PARAMETER,
  Organizations,
  type DirectoryRef,
} from '#directory';
import { foldKey, systemClock, type JsonObject } from '#kernel';
import { createTestDatabase, type TestDatabase } from '#testing';
import { toGroupInput } from '../../mapping/group-input.js';
import { toUserInput } from '../../mapping/user-input.js';
import { GROUP_URN } from '../schema/urns.js';
import { writeResource } from '../write-resource.js';
import { matchesFilter } from './evaluate.js';
import { arbitraryFilter, arbitraryUserResource } from './filter-arbitraries.js';
import { parseFilter } from './parse.js';
import { printFilter } from './print.js';
import { sortToSql } from './sort-to-sql.js';
import { filterToSql } from './to-sql.js';

const DIRECTORIES = 4;
const EVERYTHING = { offset: 0, limit: 1_000 };

interface Population {
  readonly ref: DirectoryRef;
  /** The users as clients see them. */
  readonly resources: readonly JsonObject[];
}

let db: TestDatabase;
let reader: DirectoryReader;
const populations: Population[] = [];

beforeAll(async () => {
  db = await createTestDatabase({ entities: CONTROL_ENTITIES });
  reader = new DirectoryReader(db.database);
  const store = new DirectoryStore({ database: db.database, clock: systemClock });
  const directories = new Directories(db.dataSource, systemClock);
  const environment = await new Environments(db.dataSource, systemClock).create('test');
  const organization = await new Organizations(db.dataSource, systemClock).create(environment.id, {
    name: 'A',
  });
  const input = {
    organizationId: organization.id,
    type: 'generic scim v2.0',
    dialect: 'generic',
    provider: null,
  };
  for (let seed = 1; seed <= DIRECTORIES; seed++) {
    const { directory } = await directories.create(environment.id, { ...input, name: `D${seed}` });
    const ref = { environmentId: environment.id, directoryId: directory.id };
    populations.push({ ref, resources: await populate(store, ref, seed) });
  }
});

afterAll(() => db.drop());

async function populate(store: DirectoryStore, ref: DirectoryRef, seed: number): Promise<JsonObject[]> {
  // The store takes no blank names.
  const people = fc.uniqueArray(arbitraryUserResource.filter(hasName), {
    minLength: 20,
    maxLength: 24,
    selector: (resource) => foldKey(resource['userName'] as string),
  });
  const [resources = []] = fc.sample(people, { seed, numRuns: 1 });
  const ids: string[] = [];
  for (const resource of resources) {
    const { user } = await store.apply(ref, { kind: 'create_user', user: toUserInput(resource) });
    ids.push(String(user?.id));
  }
  // Each group has the one before as a member, so that people are in groups directly and by way of others.
  const groups: string[] = [];
  for (const [index, displayName] of ['work', 'Ab', 'ß'].entries()) {
    const { group } = await store.apply(ref, {
      kind: 'create_group',
      group: toGroupInput({ schemas: [GROUP_URN], displayName }),
      members: [...ids.filter((_id, place) => place % (index + 2) === 0), ...groups.slice(-1)],
    });
    groups.push(String(group?.id));
  }
  return asSeen(ref);
}

function hasName(resource: JsonObject): boolean {
  return (resource['userName'] as string).trim() !== '';
}

async function asSeen(ref: DirectoryRef): Promise<JsonObject[]> {
  const { items } = await reader.searchUsers(ref, EVERYTHING);
  const groups = await reader.groupsOf(
    ref,
    items.map((user) => user.id),
  );
  return items.map((user) =>
    writeResource({
      resourceType: 'User',
      raw: user.raw,
      id: user.id,
      baseUrl: 'https://rollcall.example.com',
      createdAt: user.createdAt,
      lastModified: user.updatedAt,
      version: user.version,
      groups: (groups.get(user.id) ?? []).map(({ id, name, direct }) => ({
        value: id,
        display: name,
        direct,
      })),
    }),
  );
}

describe('a filter in SQL', () => {
  it('finds exactly the users that the evaluation in memory finds', async () => {
    const population = fc.constantFrom(...Array.from({ length: DIRECTORIES }, (_, index) => index));
    await fc.assert(
      fc.asyncProperty(arbitraryFilter, population, async (filter, index) => {
        const { ref, resources } = populations[index] as Population;
        const where = filterToSql(filter, 'User', { firstParameter: FIRST_SEARCH_PARAMETER });
        const { items, total } = await reader.searchUsers(ref, { where, ...EVERYTHING });
        const expected = resources.filter((resource) => matchesFilter(filter, { type: 'User', resource }));
        expect({ filter: printFilter(filter), ids: items.map((user) => user.id).sort() }).toEqual({
          filter: printFilter(filter),
          ids: expected.map((resource) => resource['id'] as string).sort(),
        });
        expect(total).toBe(expected.length);
      }),
      { numRuns: 1_000 },
    );
  });

  it.each(["'; DROP TABLE directory_users; --", '$1', '\\', '%', '_', '\u0000', '\\u0000', '"'])(
    'takes the literal %j for text only',
    async (text) => {
      const { ref } = populations[0] as Population;
      for (const attribute of ['userName', 'title', 'emails.value', 'id', 'externalId'])
        for (const operator of ['eq', 'co', 'sw', 'ew', 'gt']) {
          const search = async (): Promise<unknown> => {
            const filter = parseFilter(`${attribute} ${operator} ${JSON.stringify(text)}`);
            const where = filterToSql(filter, 'User', { firstParameter: FIRST_SEARCH_PARAMETER });
            return reader.searchUsers(ref, { where, ...EVERYTHING });
          };
          const outcome = await search().catch((error: Error) => error.name);
          expect(['object', 'ScimError']).toContain(typeof outcome === 'object' ? 'object' : outcome);
        }
    },
  );

  it.each([
    'userName',
    'emails',
    'name.familyName',
    'meta.created',
    'active',
    'title',
    'externalId',
    'urn:example:custom:1.0:User:badge',
  ])('sorts by %s, every user once, and pages by cursor in the same order', async (attribute) => {
    const { ref, resources } = populations[0] as Population;
    for (const order of ['ascending', 'descending'] as const) {
      const orderBy = sortToSql({ sortBy: attribute, sortOrder: order }, 'User', FIRST_SEARCH_PARAMETER);
      const { items } = await reader.searchUsers(ref, { orderBy, ...EVERYTHING });
      expect(new Set(items.map((user) => user.id)).size).toBe(resources.length);
      const paged: string[] = [];
      for (let after: string | undefined = ''; after !== undefined; after = paged[paged.length - 1]) {
        const page = await reader.searchUsers(ref, {
          orderBy,
          after,
          offset: 0,
          limit: 7,
          skipTotal: true,
        });
        if (page.items.length === 0) break;
        paged.push(...page.items.map((user) => user.id));
      }
      expect(paged).toEqual(items.map((user) => user.id));
    }
  });

  it('says when the place of a sorted page is gone', async () => {
    const { ref } = populations[0] as Population;
    const orderBy = sortToSql({ sortBy: 'title', sortOrder: 'ascending' }, 'User', 3);
    await expect(
      reader.searchUsers(ref, { orderBy, after: 'directory_user_gone', offset: 0, limit: 7 }),
    ).rejects.toThrow('is gone');
  });
});
