import { RetryableError, textArray, type Database } from '#kernel';
import type { DirectoryRef } from '../apply/head.js';
import { Coalescer, type Waiting } from '../coalescer.js';
import { USER_COLUMNS } from '../rows/user-row.js';
import { GROUPS_COLUMN, type UserGroupsRow } from './user-groups.js';

interface Wanted {
  readonly ref: DirectoryRef;
  readonly userNameKey: string;
}

type WaitingLookUp = Waiting<Wanted, UserGroupsRow | undefined>;

const ONE_STATEMENT = 'user name';

/**
 * Looks users up by name. An IdP asks for everybody before it creates them, so these are half of all requests while
 * people are onboarded. Those that arrive while a statement is under way share the next one, whichever directory they
 * are about; alone, each cost more in system calls than in reading.
 */
export class UserLookUps {
  readonly #database: Database;
  readonly #coalescer: Coalescer<Wanted, UserGroupsRow | undefined>;

  constructor(database: Database) {
    this.#database = database;
    this.#coalescer = new Coalescer((_key, take) => this.#run(take()));
  }

  /** The row of the live user with this folded name, groups included. */
  byUserName(ref: DirectoryRef, userNameKey: string): Promise<UserGroupsRow | undefined> {
    return this.#coalescer.submit(ONE_STATEMENT, { ref, userNameKey });
  }

  async #run(waiting: readonly WaitingLookUp[]): Promise<void> {
    try {
      const found = await this.#find(waiting.map(({ request }) => request));
      waiting.forEach(({ resolve }, index) => resolve(found.get(index)));
    } catch (error) {
      if (waiting.length === 1 || error instanceof RetryableError) throw error;
      // One that the database refuses must not fail its neighbours.
      for (const one of waiting) await this.#run([one]).catch(one.reject);
    }
  }

  async #find(wanted: readonly Wanted[]): Promise<Map<number, UserGroupsRow>> {
    const rows = await this.#database.query<UserGroupsRow & { position: number }>({
      name: 'directory_look_up_users',
      text: LOOK_UP,
      values: [
        textArray(wanted.map(({ ref }) => ref.environmentId)),
        textArray(wanted.map(({ ref }) => ref.directoryId)),
        textArray(wanted.map(({ userNameKey }) => userNameKey)),
      ],
    });
    return new Map(rows.map((row) => [row.position - 1, row]));
  }
}

/** LATERAL with OFFSET 0 stays a look-up by index, also when it was planned while the table was empty. */
const LOOK_UP = `SELECT wanted.position, ${USER_COLUMNS}, ${GROUPS_COLUMN}
  FROM unnest($1::text[], $2::text[], $3::text[])
    WITH ORDINALITY AS wanted (environment_id, directory_id, user_name_key, position)
  CROSS JOIN LATERAL (SELECT * FROM directory_users u
    WHERE u.environment_id = wanted.environment_id AND u.directory_id = wanted.directory_id
      AND u.user_name_key = wanted.user_name_key AND u.asserted_deleted_at IS NULL OFFSET 0) u
  JOIN directories d ON d.environment_id = u.environment_id AND d.id = u.directory_id`;
