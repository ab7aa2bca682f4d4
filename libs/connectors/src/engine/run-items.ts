import type { RunItem } from './run-store.js';
import type { SnapshotReport } from './snapshot-door.js';
import type { SyncRun } from './sync-run.js';

/** What a run did comes after what its preview said it would do. */
export const APPLIED = 100_000;

/** Their ids are the same when the plan is made again, and lie at the run's own time. */
export function itemsOf(run: SyncRun, report: SnapshotReport, from = 0): RunItem[] {
  const time = run.id.slice('run_'.length, 'run_'.length + 10);
  return report.samples.map((detail, index) => ({
    id: `run_item_${time}${String(from + index).padStart(16, '0')}`,
    kind: 'change',
    detail,
  }));
}
