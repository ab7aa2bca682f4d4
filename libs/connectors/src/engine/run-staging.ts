import type { SnapshotKind, SnapshotRecord } from '#model';
import type { Fence, SnapshotDoor, SnapshotRun } from './snapshot-door.js';

interface StagingParts {
  readonly door: SnapshotDoor;
  readonly snapshot: SnapshotRun;
  readonly fence: Fence;
  /** Nothing can have been staged for the run by somebody else. */
  readonly isFresh: boolean;
}

type IdPage = Parameters<SnapshotDoor['stagedIds']>[2];

/** A run that is no larger and reads no longer may be kept in memory; after a kill it is read again from its beginning. */
const MOST_HELD = 250;
const LONGEST_MS = 3_000;

/**
 * What a run has shown. The beginning is held in memory, and staged only when the run turns out to be large, slow or
 * not what was believed before: most runs of small directories find nothing new, and then nothing is written about them.
 * A checkpoint may be stored only for what is staged.
 */
export class RunStaging {
  readonly #parts: StagingParts;
  readonly #startedAt = performance.now();
  #held: SnapshotRecord[] | undefined = [];
  #weight = 0;
  #hasStaged: boolean;
  #settled: Promise<void> = Promise.resolve();

  constructor(parts: StagingParts) {
    this.#parts = parts;
    this.#hasStaged = !parts.isFresh;
    if (!parts.isFresh) this.#held = undefined;
  }

  /** Everything that the run has shown, as long as nothing of it was staged. */
  get held(): readonly SnapshotRecord[] | undefined {
    return this.#held;
  }

  /** Whether something of the run may lie in the staging tables. */
  get hasStaged(): boolean {
    return this.#hasStaged;
  }

  /** @returns false when the records have to be staged. */
  hold(records: readonly SnapshotRecord[]): boolean {
    if (this.#held === undefined) return false;
    const weight = records.reduce((sum, record) => sum + weightOf(record), this.#weight);
    const isSlow = performance.now() - this.#startedAt > LONGEST_MS;
    if (weight > MOST_HELD || isSlow || records.some((record) => record.kind === 'invalid')) return false;
    this.#weight = weight;
    this.#held.push(...records);
    return true;
  }

  /** Stages what is held and then `records`, all or nothing; from now on nothing is held. */
  stage(records: readonly SnapshotRecord[]): Promise<void> {
    const all = [...(this.#held ?? []), ...records];
    const isFirst = this.#held !== undefined;
    this.#held = undefined;
    if (all.length === 0) return Promise.resolve();
    this.#hasStaged = true;
    const { door, snapshot, fence } = this.#parts;
    const staged = door.stage(snapshot, all, fence);
    if (isFirst) this.#settled = staged;
    return staged;
  }

  /** Stages what is held: the run is compared and applied. */
  async settle(): Promise<void> {
    await this.stage([]);
    // What it decides lies beside what it has staged.
    this.#hasStaged = true;
  }

  /** Ids that the run has shown, in the order of their bytes. */
  async ids(kind: SnapshotKind, page: IdPage): Promise<readonly string[]> {
    const { door, snapshot } = this.#parts;
    if (this.#held !== undefined) return idsIn(told(this.#held, snapshot.mode), kind, page);
    // What was held is on its way to the tables; whether it arrives is told to who reads.
    await this.#settled.catch(() => undefined);
    return door.stagedIds(snapshot, kind, page);
  }
}

function weightOf(record: SnapshotRecord): number {
  return record.kind === 'members' ? record.members.length + 1 : 1;
}

/** As in the staging tables: who was listed is there, whatever else is said; in a feed of changes the last word counts. */
function told(records: readonly SnapshotRecord[], mode: SnapshotRun['mode']): readonly SnapshotRecord[] {
  return mode === 'full' ? records.filter(({ kind }) => kind !== 'removed') : records;
}

function idsIn(
  records: readonly SnapshotRecord[],
  kind: SnapshotKind,
  { after, limit }: IdPage,
): readonly string[] {
  const ids = new Set<string>();
  for (const record of records) {
    if (record.kind === 'user' && kind === 'user') ids.add(record.user.sourceId);
    if (record.kind === 'group' && kind === 'group') ids.add(record.group.sourceId);
    if (record.kind === 'removed' && record.of === kind) ids.delete(record.id);
  }
  return [...ids]
    .filter((id) => after === null || byBytes(id, after) > 0)
    .sort(byBytes)
    .slice(0, limit);
}

function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
