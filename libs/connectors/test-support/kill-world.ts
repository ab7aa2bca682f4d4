import { aSourceUser, createTestDatabase, ScriptedSource, type Script, type TestDatabase } from '#testing';
import { Database, type JsonObject } from '#kernel';
import { FoldedLog } from '../../directory/test-support/fold-log.js';
import { RunControl } from '../src/engine/interrupted.js';
import type { Claim } from '../src/engine/lease-store.js';
import { executeRun } from '../src/engine/run-executor.js';
import { RunStore } from '../src/engine/run-store.js';
import { MortalProcess, type Death, type SentStatement } from './mortal-process.js';
import { realDoor } from './real-door.js';
import { SyncWorld, until } from './sync-world.js';

/** A run to be killed: what the source held before, read as often as it says, and what the run itself reads. */
export interface KillScenario {
  /** Whole listings that were read and applied before, one run each. */
  readonly before: readonly Script['streams'][];
  readonly mode: 'full' | 'incremental';
  readonly streams: Script['streams'];
  readonly changes?: NonNullable<Script['changes']>;
}

/** What a run leaves behind, without the ids and times that differ from run to run. */
export interface Aftermath {
  /** Lists of lines, by what they are about. */
  readonly state: Readonly<Record<string, readonly string[]>>;
  readonly events: readonly string[];
  readonly problems: readonly string[];
}

const STAGING = [
  'snapshot_listed',
  'snapshot_records',
  'snapshot_member_lists',
  'snapshot_member_digests',
  'snapshot_member_additions',
  'snapshot_member_changes',
  'snapshot_replaced',
  'snapshot_invalid',
  'snapshot_decisions',
  'source_member_changes',
];
const MOST_STARTS = 6;

/** A directory as it is before the run, in a database that is copied for every death. */
export class KillWorld {
  readonly #base: TestDatabase;
  readonly #scenario: KillScenario;
  readonly #directory: string;

  private constructor(base: TestDatabase, scenario: KillScenario, directory: string) {
    this.#base = base;
    this.#scenario = scenario;
    this.#directory = directory;
  }

  static async create(scenario: KillScenario): Promise<KillWorld> {
    const base = await createTestDatabase();
    const source = new ScriptedSource({ streams: {} });
    const world = await new SyncWorld(base.database, [source.connector()]).create();
    const directory = await world.directory();
    const door = realDoor({ pool: base.pool, writePool: base.pool });
    for (const streams of scenario.before) {
      source.script.streams = streams;
      await world.makeDue(directory, 'full');
      const { outcome, error } = await world.runOnce({ door });
      if (outcome !== 'succeeded') throw new Error(`a run before is ${outcome}: ${error?.message}`);
    }
    await world.makeDue(directory, scenario.mode);
    if (scenario.mode === 'incremental')
      await world.sql(`UPDATE sync_schedules SET next_full_at = now() + interval '1 day'`);
    // A database that is copied has nobody connected to it.
    await base.dataSource.destroy();
    return new KillWorld(base, scenario, directory);
  }

  drop(): Promise<void> {
    return this.#base.drop();
  }

  /** Runs it in a process that dies as told, lets others bring it to its end, and says what that comes to. */
  async run(death?: Death): Promise<Aftermath & { readonly statements: readonly SentStatement[] }> {
    const copy = await createTestDatabase({ copyOf: this.#base.url });
    const process = new MortalProcess(copy.url, death);
    try {
      const source = this.#source();
      const world = new SyncWorld(copy.database, [source.connector()]);
      const [claim] = await world.claim();
      if (claim === undefined) throw new Error('nothing is due');
      const database = new Database(process.pool);
      const parts = world.parts({ database, store: new RunStore(database), door: realDoor(process) });
      const ended = await Promise.race([executeRun(parts, claim, new RunControl()), process.died]);
      await process.end();
      const statements = [...process.statements];
      if (ended === 'killed') await this.#goOn(world, source, copy);
      return { ...(await this.#aftermath(copy)), statements };
    } finally {
      await copy.drop();
    }
  }

  #source(): ScriptedSource {
    const { streams, changes } = this.#scenario;
    return new ScriptedSource({ streams, ...(changes && { changes }) });
  }

  /** Another worker takes over when the lease has run out; once the run is over, the next one finds nothing new. */
  async #goOn(world: SyncWorld, source: ScriptedSource, copy: TestDatabase): Promise<void> {
    const door = realDoor({ pool: copy.pool, writePool: copy.pool });
    for (let start = 0; start < MOST_STARTS; start += 1) {
      const { active_run_id: active, staged_run_id: staged } = await world.schedule(this.#directory);
      const isOver = (await world.lastRun(this.#directory))['finished_at'] !== null && active === null;
      if (isOver && staged === null && (await this.#hasBegun(world))) return;
      if (isOver && (await this.#hasBegun(world))) delete source.script.changes;
      await world.expireLease(this.#directory);
      await world.makeDue(this.#directory);
      await executeRun(world.parts({ door }), await claimed(world), new RunControl());
    }
    throw new Error('the run does not come to its end');
  }

  async #hasBegun(world: SyncWorld): Promise<boolean> {
    const runs = await world.sql('SELECT id FROM sync_runs WHERE directory_id = $1', [this.#directory]);
    return runs.length > this.#scenario.before.length;
  }

  async #aftermath({ database }: TestDatabase): Promise<Aftermath> {
    const read = <R extends object>(text: string): Promise<R[]> =>
      database.query<R & Record<string, unknown>>({ text, values: [this.#directory] });
    const log = await read<{ sequence: number; body: string }>(
      'SELECT sequence, body FROM events WHERE stream_id = $1 ORDER BY sequence',
    );
    const bodies = log.map(({ body }) => JSON.parse(body) as JsonObject);
    const folded = new FoldedLog(bodies);
    const [state] = await read<{
      state: Aftermath['state'];
      effective: unknown;
      runs: string[];
      counter: number;
    }>(STATE);
    const staged = await Promise.all(
      STAGING.map(async (table) => {
        const rows = await read(`SELECT * FROM ${table} WHERE directory_id = $1`);
        return rows.length === 0 ? [] : [`${table} has ${rows.length} rows left`];
      }),
    );
    const gaps = log.filter(({ sequence }, index) => sequence !== index + 1).map(({ sequence }) => sequence);
    return {
      state: state?.state ?? {},
      events: bodies.map(lineOf).sort(),
      problems: [
        ...folded.contradictions,
        ...staged.flat(),
        ...gaps.map((sequence) => `sequence ${sequence} is out of place`),
        ...(state?.counter === log.length ? [] : [`the counter of the log is ${state?.counter}`]),
        ...differences(folded, state?.effective),
        ...(state?.runs ?? [])
          .filter((status) => status !== 'succeeded')
          .map((status) => `a run is ${status}`),
      ],
    };
  }
}

/** Until the server has noticed that the process is gone, its last transaction keeps the directory from being taken. */
async function claimed(world: SyncWorld): Promise<Claim> {
  let claim: Claim | undefined;
  await until(async () => {
    [claim] = await world.claim();
    return claim !== undefined;
  });
  return claim as Claim;
}

/** What a consumer has who has followed the log, beside what is in effect. */
function differences(folded: FoldedLog, effective: unknown): string[] {
  const { users, groups, links } = folded.state as {
    readonly users: readonly Readonly<Record<'id' | 'username' | 'state', string>>[];
    readonly groups: readonly string[];
    readonly links: readonly string[];
  };
  const told = {
    users: users.map(({ id, username, state }) => `${id} ${username} ${state}`),
    groups,
    links,
  };
  const [one, other] = [JSON.stringify(told), JSON.stringify(effective)];
  return one === other ? [] : [`the log tells ${one}, in effect is ${other}`];
}

interface Named {
  readonly username?: string;
  readonly name?: string;
}

interface LoggedEvent {
  readonly event: string;
  readonly data: Named & {
    readonly group?: Named;
    readonly user?: Named;
    readonly previous_attributes?: object;
  };
}

function lineOf(body: JsonObject): string {
  const { event, data } = body as unknown as LoggedEvent;
  const whom = [data.group, data.user, data].map((thing) => thing?.username ?? thing?.name ?? '').join(' ');
  return `${event} ${whom} ${JSON.stringify(data.previous_attributes ?? null)}`;
}

export function people(...names: readonly string[]): ReturnType<typeof aSourceUser>[] {
  return names.map((name) => aSourceUser(name));
}

const DIRECTORY = (alias: string): string => `${alias}.directory_id = $1`;
const LIST = (what: string, from: string): string =>
  `(SELECT coalesce(json_agg(x.line ORDER BY x.line), '[]') FROM (SELECT ${what} AS line FROM ${from}) x)`;
const NAMED = (table: string, id: string): string =>
  `(SELECT n.external_id FROM ${table} n WHERE ${DIRECTORY('n')} AND n.id = ${id})`;

const STATE = `SELECT json_build_object(
  'users', ${LIST(
    `concat_ws(' ', u.external_id, u.user_name, u.email, u.job_title, 'active', u.active, u.asserted_active,
      'gone', u.deleted_at IS NOT NULL, u.asserted_deleted_at IS NOT NULL)`,
    `directory_users u WHERE ${DIRECTORY('u')}`,
  )},
  'groups', ${LIST(
    `concat_ws(' ', g.external_id, g.name, 'gone', g.deleted_at IS NOT NULL, g.asserted_deleted_at IS NOT NULL)`,
    `directory_groups g WHERE ${DIRECTORY('g')}`,
  )},
  'memberships', ${LIST(
    `concat_ws(' ', ${NAMED('directory_groups', 'm.group_id')}, ${NAMED('directory_users', 'm.user_id')}, m.asserted)`,
    `memberships m WHERE ${DIRECTORY('m')}`,
  )},
  'records', ${LIST(
    `concat_ws(' ', r.kind, r.source_id, r.digest, r.missing_runs, r.missing_since IS NOT NULL, r.is_dirty)`,
    `source_records r WHERE ${DIRECTORY('r')}`,
  )},
  'edges', ${LIST(
    `concat_ws(' ', e.group_id, e.member_kind, e.member_id)`,
    `source_members e WHERE ${DIRECTORY('e')}`,
  )},
  'missing edges', ${LIST(
    `concat_ws(' ', x.group_id, x.member_kind, x.member_id, x.missing_runs)`,
    `source_missing_members x WHERE ${DIRECTORY('x')}`,
  )},
  'totals', (SELECT t.totals FROM source_totals t WHERE ${DIRECTORY('t')}),
  'cursors', ${LIST(`c.stream_id || ' ' || c.cursor`, `source_cursors c WHERE ${DIRECTORY('c')}`)},
  'holds', ${LIST(`concat_ws(' ', h.state, h.reasons, h.counts)`, `holds h WHERE ${DIRECTORY('h')}`)},
  'held', ${LIST(
    `concat_ws(' ', i.kind, i.action, i.state, ${NAMED('directory_users', 'i.user_id')},
      ${NAMED('directory_groups', 'i.group_id')})`,
    `hold_items i WHERE ${DIRECTORY('i')}`,
  )},
  'removals', ${LIST(
    `concat_ws(' ', v.kind, v.action, ${NAMED('directory_users', 'v.user_id')},
      ${NAMED('directory_groups', 'v.group_id')}, v.restored)`,
    `removals v WHERE ${DIRECTORY('v')}`,
  )}) AS state,
  json_build_object(
    'users', ${LIST(
      `concat_ws(' ', u.id, u.user_name, CASE WHEN u.active THEN 'active' ELSE 'inactive' END)`,
      `directory_users u WHERE ${DIRECTORY('u')} AND u.deleted_at IS NULL`,
    )},
    'groups', ${LIST('g.id', `directory_groups g WHERE ${DIRECTORY('g')} AND g.deleted_at IS NULL`)},
    'links', ${LIST(`m.group_id || ' ' || m.user_id`, `memberships m WHERE ${DIRECTORY('m')}`)}) AS effective,
  (SELECT array_agg(s.status ORDER BY s.id) FROM sync_runs s WHERE ${DIRECTORY('s')}) AS runs,
  (SELECT s.sequence::int FROM streams s WHERE s.stream_id = $1) AS counter`;
