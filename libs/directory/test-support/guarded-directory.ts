import { foldKey, newId, systemClock, type Clock, type JsonObject } from '#kernel';
import type { Change, GroupInput, MemberOperation, UserInput } from '#model';
import type { TestDatabase } from '#testing';
import { DirectoryStore } from '../src/apply/directory-store.js';
import type { DirectoryRef } from '../src/apply/head.js';
import { Holds } from '../src/holds/holds.js';
import { Restores } from '../src/holds/restores.js';
import { DirectoryLists } from '../src/query/directory-lists.js';
import { DirectoryReader } from '../src/query/directory-reader.js';

/** One directory in a real database with everything that works on it. */
export interface GuardedDirectory {
  readonly ref: DirectoryRef;
  readonly store: DirectoryStore;
  readonly holds: Holds;
  readonly restores: Restores;
  readonly reader: DirectoryReader;
  readonly lists: DirectoryLists;
  /** Bodies of its events, in order. */
  log(): Promise<JsonObject[]>;
  hire(count: number): Promise<string[]>;
}

export async function guardedDirectory(
  db: TestDatabase,
  options: {
    readonly guard?: JsonObject;
    readonly clock?: Clock;
    /** An environment that is there already. */
    readonly environmentId?: string;
  } = {},
): Promise<GuardedDirectory> {
  const ref = {
    environmentId: options.environmentId ?? newId('environment'),
    directoryId: newId('directory'),
  };
  const { environmentId, directoryId } = ref;
  const run = (text: string, values: unknown[]): Promise<unknown> => db.database.query({ text, values });
  await run('INSERT INTO environments (id, name) VALUES ($1, $1) ON CONFLICT DO NOTHING', [environmentId]);
  await run('INSERT INTO streams (environment_id, stream_id) VALUES ($1, $2)', [environmentId, directoryId]);
  await run(
    `INSERT INTO directories (environment_id, id, organization_id, name, type, dialect, external_key, state, config,
      created_at, updated_at) VALUES ($1, $2, 'org_x', 'D', 'generic scim v2.0', 'generic', $2, 'linked', $3, now(), now())`,
    [environmentId, directoryId, JSON.stringify({ guard: options.guard ?? {} })],
  );
  const parts = { database: db.database, clock: options.clock ?? systemClock };
  const store = new DirectoryStore(parts);
  return {
    ref,
    store,
    holds: new Holds(parts),
    restores: new Restores(parts),
    reader: new DirectoryReader(db.database),
    lists: new DirectoryLists(db.database),
    log: async () => {
      const rows = await db.database.query<{ body: string }>({
        text: 'SELECT body FROM events WHERE environment_id = $1 AND stream_id = $2 ORDER BY sequence',
        values: [environmentId, directoryId],
      });
      return rows.map((row) => JSON.parse(row.body) as JsonObject);
    },
    hire: async (count) => {
      const names = Array.from({ length: count }, (_, index) => `person${index}@example.com`);
      const results = await Promise.all(names.map((name) => store.apply(ref, hire(name))));
      return results.map((result) => String(result.user?.id));
    },
  };
}

export function hire(userName: string, more: Partial<UserInput> = {}): Change {
  const raw = { userName, active: more.active ?? true };
  return {
    kind: 'create_user',
    user: {
      externalId: null,
      userName,
      email: userName,
      emails: [{ primary: true, value: userName }],
      firstName: null,
      lastName: null,
      name: null,
      jobTitle: null,
      active: true,
      stateReason: null,
      raw,
      customAttributes: {},
      folded: { userName: foldKey(userName) },
      ...more,
    },
  };
}

/** Changes attributes of a user, in the source's document, too. */
export function update(id: string, fields: Partial<UserInput>): Change {
  return {
    kind: 'update_user',
    id,
    update: (current) => {
      const { active = current.active, userName = current.userName } = fields;
      return { ...current, ...fields, raw: { ...current.raw, userName, active }, folded: {} };
    },
  };
}

export function deactivate(id: string): Change {
  return update(id, { active: false });
}

export function makeGroup(name: string, values: readonly string[]): Change {
  const group: GroupInput = { externalId: null, name, raw: { displayName: name }, folded: {} };
  return { kind: 'create_group', group, members: values };
}

/** @param named whom the operations name, as somebody says who knows it beforehand. */
export function members(
  id: string,
  operations: readonly MemberOperation[],
  named: readonly string[] = [],
): Change {
  return {
    kind: 'update_group',
    id,
    named,
    update: (current) => ({ group: { ...current, folded: {} }, members: operations }),
  };
}
