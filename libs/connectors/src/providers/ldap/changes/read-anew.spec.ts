import { describe, expect, it } from '@jest/globals';
import { PresenceFilter } from 'ldapts';
import type { EntryPage, LdapClient, LdapSession, Search } from '../client.js';
import { dialectOf, type ServerKind } from '../dialect.js';
import type { LdapEntry } from '../wire/answer.js';
import { readAnew, type ChangedPage } from './read-anew.js';
import type { ChangeKind, TrackerParts } from './tracker.js';

const CONTEXT = 'dc=example,dc=test';
const PEOPLE = `ou=people,${CONTEXT}`;

/** A server on which some are found below the base, and some only elsewhere. */
interface Found {
  readonly below: readonly LdapEntry[];
  readonly anywhere?: readonly LdapEntry[];
  readonly cut?: string;
}

function entry(id: string, objectClass = 'person'): LdapEntry {
  const attributes = new Map([
    ['nsuniqueid', [Buffer.from(id)]],
    ['objectclass', [Buffer.from(objectClass)]],
  ]);
  return { dn: `uid=${id},${PEOPLE}`, attributes, controls: new Map() };
}

function partsOf({ below, anywhere = [], cut }: Found, kind: ServerKind): TrackerParts {
  async function* entries({ bases }: Search): AsyncGenerator<EntryPage> {
    const isBase = bases[0] === PEOPLE;
    yield await Promise.resolve({
      entries: isBase ? below : anywhere,
      references: [],
      isLast: true,
      cut: (isBase ? cut : undefined) ?? null,
    });
  }
  const settings = { userFilter: null, groupFilter: null, overrides: { id: 'nsUniqueId' }, custom: {} };
  const session = { dialect: dialectOf(kind, settings), facts: { contexts: [CONTEXT] } };
  const filter = new PresenceFilter({ attribute: 'objectClass' });
  return {
    client: { entries } as unknown as LdapClient,
    session: session as unknown as LdapSession,
    tracked: { of: 'user', bases: [PEOPLE], filter, attributes: [] },
    now: new Date(0),
  };
}

async function read(
  found: Found,
  said: Record<string, ChangeKind>,
  kind: ServerKind = '389ds',
): Promise<ChangedPage[]> {
  const changes = { ids: new Map(Object.entries(said)), cursor: {}, statesRemovals: true };
  const pages: ChangedPage[] = [];
  for await (const page of readAnew(partsOf(found, kind), changes)) pages.push(page);
  return pages;
}

describe('readAnew', () => {
  it('takes nobody for gone who is found although said to be deleted', async () => {
    const pages = await read({ below: [entry('a')] }, { a: 'deleted' });
    expect(pages).toEqual([{ entries: [entry('a')], gone: [], cut: null }]);
  });

  it('says who was deleted and is not found', async () => {
    const pages = await read({ below: [entry('a')] }, { a: 'changed', b: 'deleted' });
    expect(pages.flatMap(({ gone }) => gone)).toEqual([{ id: 'b', reason: 'deleted' }]);
  });

  it('takes nobody for gone who has changed and is not seen anywhere', async () => {
    expect(await read({ below: [] }, { a: 'changed', b: 'moved' })).toEqual([]);
  });

  it('takes for out of scope who has changed and is seen elsewhere', async () => {
    const pages = await read({ below: [], anywhere: [entry('a')] }, { a: 'changed', b: 'changed' });
    expect(pages).toEqual([{ entries: [], gone: [{ id: 'a', reason: 'out_of_scope' }], cut: null }]);
  });

  it('leaves it to OpenLDAP to say who has left', async () => {
    expect(await read({ below: [], anywhere: [entry('a')] }, { a: 'changed' }, 'openldap')).toEqual([]);
  });

  it('wants everything read when a folder was moved, not when one was changed', async () => {
    const folder = { below: [], anywhere: [entry('a', 'organizationalUnit')] };
    await expect(read(folder, { a: 'moved' })).rejects.toMatchObject({ code: 'cursor_expired' });
    await expect(read(folder, { a: 'changed' })).resolves.toHaveLength(1);
  });

  it('takes nobody for gone after a limit', async () => {
    const pages = await read({ below: [entry('a')], cut: 'a limit' }, { a: 'changed', b: 'deleted' });
    expect(pages).toEqual([{ entries: [entry('a')], gone: [], cut: 'a limit' }]);
  });
});
