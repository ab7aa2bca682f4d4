import type { SnapshotDoor } from '#connectors';
import type { SnapshotReport, Snapshots } from '#directory';

/** The engine's way into the directory. */
export function snapshotDoor(snapshots: Snapshots): SnapshotDoor {
  return {
    stage: (run, records, fence) => snapshots.stage(run, records, fence),
    stagedIds: (run, kind, page) => snapshots.stagedIds(run, kind, page),
    unchanged: async (run, records, facts) => {
      const report = await snapshots.unchanged(run, records, facts);
      return report && toReport(report);
    },
    holdListing: (run) => {
      const listing = snapshots.holdListing(run);
      return {
        add: (records) => listing.add(records),
        stage: (fence) => listing.stage(fence),
        ids: (kind) => listing.ids(kind),
        unchanged: async (facts) => {
          const report = await snapshots.unchangedListing(listing, facts);
          return report && toReport(report);
        },
      };
    },
    plan: async (run, facts) => toReport(await snapshots.plan(run, facts)),
    apply: async (run, facts, fence) => toReport(await snapshots.apply(run, facts, fence)),
    discard: (run) => snapshots.discard(run),
    applyDueTransitions: (limit) => snapshots.applyDueTransitions(limit),
  };
}

function toReport({ items, ...report }: SnapshotReport): Awaited<ReturnType<SnapshotDoor['plan']>> {
  const samples = items.map(({ sourceId, ...item }) => ({ ...item, source_id: sourceId }));
  return { ...report, samples };
}
