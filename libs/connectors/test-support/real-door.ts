import { createRunGuard, DirectoryStore, Holds, Snapshots, type SnapshotReport } from '#directory';
import { Database, systemClock } from '#kernel';
import type { Pool } from 'pg';
import type { SnapshotDoor, SnapshotReport as ShownReport } from '../src/engine/snapshot-door.js';

/** The directory's own door, on the pools of one process. */
export function realDoor({
  pool,
  writePool,
}: {
  readonly pool: Pool;
  readonly writePool: Pool;
}): SnapshotDoor {
  const database = new Database(pool);
  const clock = systemClock;
  const holds = new Holds({ database, clock });
  const store = new DirectoryStore({ database: new Database(writePool), clock });
  const guard = createRunGuard({ database, holds, clock });
  const snapshots = new Snapshots({ database, store, guard });
  return {
    stage: (run, records, fence) => snapshots.stage(run, records, fence),
    stagedIds: (run, kind, page) => snapshots.stagedIds(run, kind, page),
    unchanged: async (run, records, facts) => {
      const report = await snapshots.unchanged(run, records, facts);
      return report && shown(report);
    },
    holdListing: (run) => {
      const listing = snapshots.holdListing(run);
      return {
        add: (records) => listing.add(records),
        stage: (fence) => listing.stage(fence),
        ids: (kind) => listing.ids(kind),
        unchanged: async (facts) => {
          const report = await snapshots.unchangedListing(listing, facts);
          return report && shown(report);
        },
      };
    },
    plan: async (run, facts) => shown(await snapshots.plan(run, facts)),
    apply: async (run, facts, fence) => shown(await snapshots.apply(run, facts, fence)),
    discard: (run) => snapshots.discard(run),
    applyDueTransitions: (limit) => snapshots.applyDueTransitions(limit),
  };
}

function shown({ items, ...report }: SnapshotReport): ShownReport {
  return { ...report, samples: items.map((item) => ({ ...item })) };
}
