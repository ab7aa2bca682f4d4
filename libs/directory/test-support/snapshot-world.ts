import { Database, newId, systemClock, type Clock, type Queryable } from '#kernel';
import type { SnapshotCoverage, SnapshotRecord, SnapshotUser } from '#model';
import type { TestDatabase } from '#testing';
import { createRunGuard } from '../src/snapshot/run-guard.js';
import type { RunFacts, SnapshotReport, SnapshotRun } from '../src/snapshot/snapshot.js';
import { Snapshots } from '../src/snapshot/snapshots.js';
import { guardedDirectory, type GuardedDirectory } from './guarded-directory.js';

const ALL: readonly SnapshotCoverage[] = ['users', 'groups', 'memberships'];

/** One polled directory in a real database. */
export interface SnapshotWorld extends GuardedDirectory {
  readonly snapshots: Snapshots;
  /** Stages the records and applies them; a complete full run unless `facts` or `mode` say otherwise. */
  run(
    records: readonly SnapshotRecord[],
    options?: Partial<RunFacts> & { readonly mode?: SnapshotRun['mode'] },
  ): Promise<SnapshotReport>;
  newRun(mode?: SnapshotRun['mode']): SnapshotRun;
  /** Names of the people in effect who are active, in order. */
  active(): Promise<string[]>;
  /** `group: member, member`, in order. */
  teams(): Promise<string[]>;
}

export async function snapshotWorld(
  db: TestDatabase,
  options: { readonly clock?: Clock; readonly database?: Database } = {},
): Promise<SnapshotWorld> {
  const directory = await guardedDirectory(db, options);
  const { ref, store, holds } = directory;
  const database = options.database ?? db.database;
  const clock = options.clock ?? systemClock;
  const guard = createRunGuard({ database, holds, clock });
  const snapshots = new Snapshots({ database, store, guard });
  const newRun = (mode: SnapshotRun['mode'] = 'full'): SnapshotRun => ({ ...ref, runId: newId('run'), mode });
  const column = async (text: string): Promise<string[]> => {
    const values = [ref.environmentId, ref.directoryId];
    return (await db.database.query<{ line: string }>({ text, values })).map((row) => row.line);
  };
  return {
    ...directory,
    snapshots,
    newRun,
    run: async (records, { mode, ...facts } = {}) => {
      const run = newRun(mode);
      await snapshots.stage(run, records, allowed);
      return snapshots.apply(run, { complete: mode === 'incremental' ? [] : ALL, ...facts }, allowed);
    },
    active: () =>
      column(`SELECT user_name AS line FROM directory_users WHERE environment_id = $1 AND directory_id = $2
        AND deleted_at IS NULL AND active ORDER BY user_name`),
    teams: () =>
      column(`SELECT g.name || ': ' || coalesce(string_agg(u.user_name, ', ' ORDER BY u.user_name), '') AS line
        FROM directory_groups g
        LEFT JOIN memberships m USING (environment_id, directory_id)
        LEFT JOIN directory_users u ON u.environment_id = $1 AND u.directory_id = $2 AND u.id = m.user_id
        WHERE g.environment_id = $1 AND g.directory_id = $2 AND g.deleted_at IS NULL
          AND (m.group_id = g.id OR m.group_id IS NULL) GROUP BY g.id, g.name
        UNION ALL
        SELECT g.name || ': ' FROM directory_groups g WHERE g.environment_id = $1 AND g.directory_id = $2
          AND g.deleted_at IS NULL AND NOT EXISTS (SELECT FROM memberships m WHERE m.environment_id = $1
            AND m.directory_id = $2 AND m.group_id = g.id)
          AND EXISTS (SELECT FROM memberships m WHERE m.environment_id = $1 AND m.directory_id = $2)
        ORDER BY 1`),
  };
}

/** The lease stands. */
export const allowed = (_tx: Queryable): Promise<void> => Promise.resolve();

export function person(id: string, fields: Partial<SnapshotUser> = {}): SnapshotRecord {
  const email = `${id}@example.com`;
  return {
    kind: 'user',
    user: {
      sourceId: id,
      userName: id,
      email,
      emails: [{ primary: true, value: email }],
      firstName: null,
      lastName: null,
      name: id,
      jobTitle: null,
      active: true,
      stateReason: null,
      raw: { id, active: fields.active ?? true, title: fields.jobTitle ?? null },
      customAttributes: {},
      ...fields,
    },
  };
}

export function people(count: number, from = 0): SnapshotRecord[] {
  return Array.from({ length: count }, (_, i) => person(`p${String(from + i).padStart(3, '0')}`));
}

export function team(id: string, ...members: string[]): SnapshotRecord[] {
  return [
    { kind: 'group', group: { sourceId: id, name: id, raw: { id } } },
    {
      kind: 'members',
      groupId: id,
      members: members.map((member) => ({
        id: member.replace('@', ''),
        kind: member.startsWith('@') ? 'group' : 'user',
      })),
    },
  ];
}
